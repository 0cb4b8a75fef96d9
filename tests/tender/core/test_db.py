"""The database on SQLite and PostgreSQL: durable, one writer at a time, one moment for a reader."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select, text

from tender.core.db import Database
from tender.core.outbox import OutboxRow, enqueue
from tender.core.processes import wait_until
from tests.house import ROOT

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)


@pytest.fixture
def database(migrated_url: str, tmp_path: Path) -> Iterator[Database]:
    made = Database(migrated_url, tmp_path / "write.lock")
    yield made
    made.close()


def rows(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def add(database: Database) -> None:
    with database.write() as session:
        enqueue(session, "a.kind", {}, now=NOW)


def test_every_connection_to_sqlite_is_durable_and_checks_references(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{migrated_sqlite}", tmp_path / "lock")
    open_at_once = [database.engine.connect() for _ in range(8)]
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    for connection in open_at_once:
        state = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
        assert state == ["wal", 2, 1, 30_000]  # 2 is FULL
    assert len({id(each.connection.dbapi_connection) for each in open_at_once}) == 8
    for connection in open_at_once:
        connection.close()
    with database.write() as session:
        state = [session.connection().exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
        assert state == ["wal", 2, 1, 30_000]
    database.close()


def test_a_sqlite_that_cannot_be_durable_is_refused(tmp_path: Path) -> None:
    # A network file system gives no shared memory, so no write-ahead log; this locking is the same.
    place = f"file:{tmp_path / 'far.sqlite'}?vfs=unix-dotfile&uri=true"
    database = Database(f"sqlite:///{place}", tmp_path / "lock")
    with pytest.raises(RuntimeError, match="not durable"):
        database.engine.connect()
    database.close()


def test_postgresql_commits_are_durable_even_where_the_server_says_otherwise(
    postgres_url: str, tmp_path: Path
) -> None:
    name = postgres_url.partition("@/")[2].partition("?")[0]
    found = []
    for server in ("off", "remote_apply"):
        with psycopg.connect(postgres_url, autocommit=True) as owner:
            owner.execute(f"ALTER DATABASE {name} SET synchronous_commit = {server}".encode())
        database = Database(postgres_url, tmp_path / "lock")
        with database.write() as session:
            found.append(session.scalar(text("SHOW synchronous_commit")))
        database.close()
    assert found == ["on", "remote_apply"]


def test_a_failed_block_leaves_nothing_and_frees_the_lock(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            enqueue(session, "a.kind", {}, now=NOW)
            session.flush()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail()
    assert rows(database) == 0
    add(database)
    assert rows(database) == 1


def test_a_write_inside_a_write_is_refused_at_once_and_harms_nothing(database: Database) -> None:
    def nested() -> None:
        with database.write() as session:
            enqueue(session, "outer", {}, now=NOW)
            with database.write():
                pytest.fail("it was let in")

    began = time.monotonic()
    with pytest.raises(RuntimeError, match="a write inside a write"):
        nested()
    assert time.monotonic() - began < 2
    assert rows(database) == 0
    add(database)
    assert rows(database) == 1


def test_a_page_sees_one_moment_however_often_it_asks(database: Database) -> None:
    add(database)
    count = select(func.count()).select_from(OutboxRow)
    with database.read() as session:
        before = session.scalar(count)
        writer = threading.Thread(target=add, args=(database,))
        writer.start()
        writer.join(10)
        assert not writer.is_alive()  # whoever reads holds up nobody who writes
        assert (before, session.scalar(count)) == (1, 1)
    assert rows(database) == 2


def test_threads_write_one_after_another(database: Database) -> None:
    inside: list[int] = []
    most: list[int] = []

    def write() -> None:
        for _ in range(5):
            with database.write() as session:
                inside.append(1)
                most.append(len(inside))
                enqueue(session, "a.kind", {}, now=NOW)
                session.flush()
                inside.pop()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert set(most) == {1}
    assert rows(database) == 30


@contextmanager
def holder(database: Database, lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the write lock."""
    url = database.engine.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.tender.core.holder", url, str(lock)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_killed_holder_frees_the_lock_and_its_work_is_gone(
    database: Database, tmp_path: Path
) -> None:
    with holder(database, tmp_path / "write.lock") as other:
        waiting = threading.Thread(target=add, args=(database,), daemon=True)
        waiting.start()
        waiting.join(0.4)
        assert waiting.is_alive()  # it waits as long as the other lives
        assert rows(database) == 0  # and readers do not wait
        other.kill()
        waiting.join(10)
        assert not waiting.is_alive()
    assert wait_until(lambda: rows(database) == 1, 5)
    with database.read() as session:
        assert session.scalars(select(OutboxRow.kind)).all() == ["a.kind"]
