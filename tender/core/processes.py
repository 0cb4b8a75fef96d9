"""Child processes: started, watched, and stopped exactly as they were started.

Whoever starts a server must stop it, and nothing else: every child leads a process group of its
own, so that Ctrl-C reaches the supervisor alone, the children stop in the reverse order of their
start, and grandchildren are found by their group. When the supervisor is killed outright, the
kernel tells the children (PR_SET_PDEATHSIG), so nothing is left running.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from tender.core.children import Closing
from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_

PR_SET_PDEATHSIG = 1


class PortTaken(DomainError):
    """Another program listens where this one should."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            Kind.UNAVAILABLE,
            "process.port_taken",
            N_(
                "Port %(port)s on %(host)s is in use by another program. "
                "Stop that program, or choose another port with --port."
            ),
            host=host,
            port=port,
        )


class ChildFailed(DomainError):
    """A child ended by itself, or did not become ready in time."""

    def __init__(self, name: str, log: str) -> None:
        super().__init__(
            Kind.UNAVAILABLE,
            "process.child_failed",
            N_("%(name)s did not start or ended by itself. Its last lines: %(log)s"),
            name=name,
            log=log,
        )


@dataclass(frozen=True)
class Program:
    """One child to run: its command line, where its words go, and when it counts as ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)  # on top of this process's own
    ready: Callable[[], bool] | None = None
    ready_within: float = 30.0  # seconds
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0  # seconds between the stop signal and SIGKILL
    restarts: int = 0  # how often it may be started again when it dies by itself


def die_with_parent() -> None:
    """Ask the kernel to end this process when the thread that started it dies.

    For a process that was not started by a `Supervisor`, such as a web worker: its parent may be
    killed outright and would leave it listening. Linux only; elsewhere it does nothing.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def port_free(host: str, port: int) -> bool:
    """Whether a TCP server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_port(host: str, port: int) -> None:
    """Raise `PortTaken` before anything is started that would find the port in use."""
    if not port_free(host, port):
        raise PortTaken(host, port)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


def listening(host: str, port: int) -> bool:
    """Whether a TCP server answers there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def wait_until(true: Callable[[], bool], within: float) -> bool:
    """Ask again and again until it is so, or `within` seconds have passed."""
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _bound_to_parent(command: Sequence[str]) -> list[str]:
    """The command line under `setpriv --pdeathsig`, where util-linux has it."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [setpriv, "--pdeathsig", "TERM", "--", *command] if setpriv else list(command)


class Child:
    """One running program, its process group and its log."""

    def __init__(self, program: Program, log: Path | None) -> None:
        self.program = program
        self.log = log
        self.restarted = 0
        self.process = self._start()

    @property
    def pid(self) -> int:
        """The process id, for a test that kills it."""
        return self.process.pid

    def _start(self) -> subprocess.Popen[bytes]:
        if self.log is None:
            return self._spawn(None)
        self.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.log.open("ab") as out:
            return self._spawn(out)

    def _spawn(self, out: IO[bytes] | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            _bound_to_parent(self.program.command),
            env={**os.environ, **self.program.environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if out else None,
            start_new_session=True,
        )

    def alive(self) -> bool:
        """Whether the program itself still runs.

        It is not reaped here: as long as its entry stays, its process group's number cannot
        become somebody else's.
        """
        if self.process.returncode is not None:
            return False
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, flags) is None

    def restart(self) -> bool:
        """Start it again after it died by itself; False when it may not."""
        if self.restarted >= self.program.restarts:
            return False
        self.end_group()
        self.restarted += 1
        self.process = self._start()
        return True

    def last_words(self) -> str:
        """The end of its log, if it has one of its own."""
        if self.log is None:
            return "-"
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-12:])

    def wait_ready(self) -> None:
        """Wait until it serves; raise `ChildFailed` with its last words otherwise."""
        ready = self.program.ready
        if ready is None:
            return
        served = wait_until(lambda: not self.alive() or ready(), self.program.ready_within)
        if not served or not self.alive():
            self.stop()
            raise ChildFailed(self.program.name, self.last_words())

    def end_group(self) -> None:
        """Kill whatever is left of it and of everything that it started, then reap it."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """End it: first politely, then by force, and its whole group with it."""
        if self.alive():
            os.kill(self.process.pid, self.program.stop_signal)
            wait_until(lambda: not self.alive(), self.program.patience)
        self.end_group()


class Supervisor(Closing):
    """Starts programs in order and stops them in reverse, whatever happens in between.

    Each child writes to a file of its own in `logs`, or, without `logs`, where this process does.
    """

    def __init__(self, logs: Path | None) -> None:
        self.logs = logs
        self.children: dict[str, Child] = {}

    def start(self, program: Program) -> Child:
        """Start one program and wait until it is ready.

        Call it from the main thread: the kernel ties a child to the thread that started it.
        """
        child = Child(program, self.logs / f"{program.name}.log" if self.logs else None)
        self.children[program.name] = child
        child.wait_ready()
        return child

    def stop(self, name: str) -> None:
        """Stop one child."""
        self.children.pop(name).stop()

    def kill(self, name: str) -> None:
        """Kill one child outright, as a power cut would (tests and demo scripts)."""
        self.children.pop(name).end_group()

    def close(self) -> None:
        """Stop every child, the youngest first."""
        for name in reversed(list(self.children)):
            self.stop(name)

    def watch(self, until: Callable[[], bool], every: float = 0.2) -> None:
        """Look after the children until told to end; raise `ChildFailed` when one is lost."""
        while not until():
            for child in self.children.values():
                if not child.alive() and not child.restart():
                    raise ChildFailed(child.program.name, child.last_words())
            time.sleep(every)


@contextmanager
def until_signalled() -> Iterator[Callable[[], bool]]:
    """A question that turns true at Ctrl-C, SIGTERM or a closed terminal.

    Use it as `with until_signalled() as ended: supervisor.watch(ended)`, outermost, so that a
    second Ctrl-C during the clean-up cannot leave a child behind. A signal that is ignored
    (SIGHUP under nohup) stays ignored.
    """
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signals = [number for number in asked if signal.getsignal(number) is not signal.SIG_IGN]
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in signals}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
