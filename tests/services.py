"""Real servers for the tests: PostgreSQL, Redis or Valkey, Chromium; nothing is imitated.

Each is started on a Unix socket in a directory of its own and dies with the test process, so two
runs never meet and no port is taken.
"""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from tender.core.processes import Program, Supervisor
from tender.core.servers import answers, machine_binary, queue_program

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--password-store=basic",
)


class Missing(Exception):
    """A server that the tests need is not on this machine; `./manage test` installs it."""


@contextmanager
def short_directory() -> Iterator[Path]:
    """A directory whose path is short enough for sockets, readable by its owner alone."""
    path = Path(tempfile.mkdtemp(prefix="t-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def postgres_binaries() -> Path:
    """The directory of the newest PostgreSQL on this machine."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise Missing("PostgreSQL: apt-get install postgresql")
    return Path(on_path).parent


def as_postgres(command: list[str]) -> list[str]:
    """The command line as user `postgres` when this is root: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return command
    owner = pwd.getpwnam("postgres")
    identity = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return ["setpriv", *identity, "--", *command]


class Postgres:
    """A running cluster; `database()` gives a fresh database in it."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    def execute(self, statement: str) -> None:
        """One statement outside any transaction."""
        at = f"host={self.socket} user=tender dbname=postgres"
        with psycopg.connect(at, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The URL of a fresh database, dropped afterwards."""
        name = f"t_{uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield f"postgresql://tender@/{name}?host={self.socket}"
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def postgres_cluster() -> Iterator[Postgres]:
    """A PostgreSQL cluster of its own, without a TCP port.

    fsync is off: these tests kill processes, never the machine, and a killed process loses
    nothing that the kernel has. What survives a power cut is tested on SQLite files.
    """
    binaries = postgres_binaries()
    with short_directory() as directory:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        data = directory / "data"
        with Supervisor(directory / "logs") as supervisor:
            # fmt: off
            initdb = [
                str(binaries / "initdb"), "-D", str(data), "-U", "tender", "--auth=trust",
                "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
            ]
            server = [
                str(binaries / "postgres"), "-D", str(data), "-k", str(directory), "-h", "",
                "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200",
                "-c", "shared_buffers=64MB",
            ]
            # fmt: on
            made = supervisor.start(Program(name="initdb", command=as_postgres(initdb)))
            if made.process.wait(60) != 0:
                raise Missing(made.last_words())
            cluster = Postgres(directory)

            def ready() -> bool:
                try:
                    cluster.execute("SELECT 1")
                except psycopg.OperationalError:
                    return False
                return True

            supervisor.start(Program(name="postgres", command=as_postgres(server), ready=ready))
            yield cluster


def redis_binary(run: Path) -> Path:
    """A genuine Redis, so that the embedded Valkey is not the only one that is tried."""
    return machine_binary(run)


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis of its own on a Unix socket."""
    with short_directory() as directory, Supervisor(directory) as supervisor:
        supervisor.start(queue_program(directory, redis_binary(directory)))
        url = f"unix://{directory / 'valkey.sock'}"
        if not answers(url):
            raise Missing("Redis does not answer")
        yield url


def chromium_path() -> str:
    """The machine's Chromium; none is ever downloaded."""
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return found
    raise Missing("Chromium: apt-get install chromium")


def chromium_flags() -> list[str]:
    """Flags that keep it quiet and offline; root needs it without its sandbox."""
    return [*CHROMIUM_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(CHROMIUM_FLAGS)
