"""The database: one engine, read sessions, and write sessions under one write lock.

The rules are in docs/locking.md. On SQLite two writer processes on the busy handler wait up to a
second at p99, under a file lock 15 to 41 ms; PostgreSQL takes an advisory lock. The ledger makes
every write serial anyway, so one lock for all costs nothing and makes every service simple.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Enum, MetaData, create_engine, event, text
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from tender.core.storage import telling_storage_errors

WRITE_LOCK = 0x7E4DE2  # the advisory lock's number on PostgreSQL


class Base(DeclarativeBase):
    """Common metadata; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime may not be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give aware UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_column(members: type[StrEnum]) -> Enum:
    """A StrEnum stored by value, with a CHECK constraint."""
    return Enum(
        members,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=members.__name__.lower(),
        values_callable=lambda kind: [member.value for member in kind],
    )


BUSY = 30_000  # milliseconds
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"busy_timeout={BUSY}",
    # What is deleted is overwritten: a stolen file must not give back what the purge took.
    "secure_delete=ON",
    # Pages (16 MB): at SQLite's own 1,000 every third group of SEALs pays for moving the log into
    # the database, and a third more is written. A commit is durable in the log either way.
    "wal_autocheckpoint=4000",
)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    state = [
        cursor.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    cursor.close()
    if state != ["wal", 2, 1]:
        raise RuntimeError(f"SQLite is not durable: journal_mode, synchronous, keys = {state}")


def _configure_postgresql(connection: Any, _record: Any) -> None:
    """A commit that answers before it is durable would give receipts that a power cut takes back.

    Stronger settings than `on` (remote_apply) stay.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
    connection.commit()


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writer") else "BEGIN")


class Database:
    """One database with its write lock; make one per process."""

    def __init__(self, url: str, lock_path: Path) -> None:
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            self.engine = create_engine(url, pool_size=40, max_overflow=40, hide_parameters=True)
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
            self._reader: Engine = self.engine
        else:
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
            self.engine = create_engine(
                url, pool_size=20, max_overflow=20, pool_pre_ping=True, hide_parameters=True
            )
            event.listen(self.engine, "connect", _configure_postgresql)
            # READ COMMITTED would let two statements of one page see two moments.
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._writer: Engine = self.engine.execution_options(writer=True)
        self._thread_lock = threading.Lock()
        self._mine = threading.local()
        self._lock_path = lock_path
        lock_path.parent.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one snapshot and writes nothing."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session under the write lock; commits at the end of the block, or rolls all back.

        The clock must be read inside the block by whoever judges a deadline: waiting for the lock
        takes time. A write inside a write of the same thread is a mistake and raises at once: it
        would wait for itself. A full or read-only disk raises DomainError (503).
        """
        with (
            self._once(),
            telling_storage_errors(),
            self._exclusive(),
            Session(self._writer, expire_on_commit=False) as session,
        ):
            session.begin()
            if not self.sqlite:
                session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": WRITE_LOCK})
            yield session
            session.commit()

    @contextmanager
    def _once(self) -> Iterator[None]:
        if getattr(self._mine, "writing", False):
            raise RuntimeError("a write inside a write: pass the session on, or finish it first")
        self._mine.writing = True
        try:
            yield
        finally:
            self._mine.writing = False

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if not self.sqlite:
            yield
            return
        with self._thread_lock:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)

    def forget(self) -> None:
        """Let go of what was deleted in SQLite's write-ahead log too; PostgreSQL vacuums by itself.

        While others read, only part of it goes; the rest goes with a later checkpoint.
        """
        if self.sqlite:
            with self._exclusive(), closing(self.engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute("PRAGMA busy_timeout=500")  # Bidders wait for the lock meanwhile.
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.execute(f"PRAGMA busy_timeout={BUSY}")

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
