"""Children are stopped exactly as they were started, and nothing else is."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tender.core.processes import (
    Child,
    ChildFailed,
    PortTaken,
    Program,
    Supervisor,
    free_port,
    listening,
    port_free,
    require_port,
    wait_until,
)

SLEEPER = "import time, sys; print('up', flush=True); time.sleep(600)"
PARENT = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(p.pid, flush=True); time.sleep(600)"
)
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(600)"
)


def program(name: str, code: str, **rest) -> Program:
    return Program(name=name, command=[sys.executable, "-c", code], **rest)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def said(child: Child) -> str:
    assert child.log is not None
    log = child.log
    assert wait_until(lambda: bool(log.read_text().strip()), 10)
    return log.read_text().strip()


def test_leaving_stops_every_child_and_grandchild(tmp_path):
    with Supervisor(tmp_path) as supervisor:
        children = [supervisor.start(program("one", SLEEPER)).pid]
        parent = supervisor.start(program("two", PARENT))
        children += [parent.pid, int(said(parent))]
        assert not any(gone(pid) for pid in children)
    assert wait_until(lambda: all(gone(pid) for pid in children), 5)


def test_a_child_that_ignores_the_polite_signal_is_ended_by_force(tmp_path):
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start(program("deaf", STUBBORN, patience=0.2))
        said(child)
    assert gone(child.pid)


def test_another_program_of_the_same_kind_is_left_alone(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.DEVNULL) as other:
        with Supervisor(tmp_path) as supervisor:
            supervisor.start(program("mine", SLEEPER))
        assert other.poll() is None
        other.kill()


def test_a_child_that_dies_is_told_with_its_last_words(tmp_path):
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(program("short", "print('no room left'); raise SystemExit(1)"))
        with pytest.raises(ChildFailed, match="no room left"):
            supervisor.watch(lambda: False)


def test_a_child_that_never_serves_is_told_and_stopped(tmp_path):
    never = program("never", SLEEPER, ready=lambda: False, ready_within=0.3)
    with Supervisor(tmp_path) as supervisor, pytest.raises(ChildFailed, match="never"):
        supervisor.start(never)


def test_a_killed_child_is_started_again_as_often_as_it_may(tmp_path):
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start(program("again", SLEEPER, restarts=1))
        first = child.pid
        os.kill(first, signal.SIGKILL)
        supervisor.watch(lambda: child.pid != first, every=0.01)
        assert child.alive()
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(ChildFailed):
            supervisor.watch(lambda: False, every=0.01)


SUPERVISING = textwrap.dedent(
    """
    import signal, sys
    from pathlib import Path
    from tender.core.processes import Program, Supervisor, until_signalled
    # Whoever runs the tests in the background, or under nohup, has them ignored from birth.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    with until_signalled() as ended, Supervisor(Path(sys.argv[1])) as supervisor:
        print(supervisor.start(Program(name="child", command=sleeper)).pid, flush=True)
        supervisor.watch(ended)
    print("stopped", flush=True)
    """
)


def is_sleeper(pid):
    words = Path(f"/proc/{pid}/cmdline").read_bytes()
    return b"sleep(600)" in words and b"setpriv" not in words and b"Supervisor" not in words


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_no_child_outlives_its_supervisor(tmp_path, number):
    command = [sys.executable, "-c", SUPERVISING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervising:
        assert supervising.stdout is not None
        child = int(supervising.stdout.readline())
        assert not gone(child)
        # Before it has become the sleeper, the kernel has not been told whose death ends it.
        assert wait_until(lambda: is_sleeper(child), 10)
        supervising.send_signal(number)
        rest = supervising.stdout.read()
    assert wait_until(lambda: gone(child), 10)
    if number is not signal.SIGKILL:
        assert rest == "stopped\n"
        assert supervising.returncode == 0


def test_a_port_in_use_is_told_before_anything_starts():
    port = free_port()
    require_port("127.0.0.1", port)
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as other:
        assert wait_until(lambda: listening("127.0.0.1", port), 10)
        assert not port_free("127.0.0.1", port)
        with pytest.raises(PortTaken, match=f"Port {port}.*--port"):
            require_port("127.0.0.1", port)
        other.kill()
