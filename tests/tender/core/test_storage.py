"""A full, read-only or failing disk is told in words, and loses nothing that was acknowledged."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Blueprint
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from sqlalchemy import event, func, select, text

from tender.core import web
from tender.core.clock import SystemClock
from tender.core.db import Database
from tender.core.errors import DomainError
from tender.core.outbox import OutboxRow, enqueue
from tender.core.platform import Platform
from tests.house import ROOT
from tests.tender import factories as make

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
BIG = {"text": "x" * 40_000}


def rows(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def refused(database: Database, payload: dict[str, Any] = BIG) -> str:
    """The code with which a write is refused."""
    with pytest.raises(DomainError) as refusal, database.write() as session:
        enqueue(session, "a.kind", payload, now=NOW)
    assert refusal.value.status == 503
    assert "没有保存" in refusal.value.text()
    return refusal.value.code


def bounded(url: str, place: Path) -> Database:
    """A SQLite database that may hardly grow any more: SQLite itself then says that it is full."""
    database = Database(url, place / "write.lock")
    with database.read() as session:
        pages = session.scalar(text("PRAGMA page_count"))

    def bound(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    database.close()
    event.listen(database.engine, "connect", bound)
    return database


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    copy = tmp_path / "tender.sqlite"
    copy.write_bytes(migrated_sqlite.read_bytes())
    return f"sqlite:///{copy}"


@pytest.fixture
def full(sqlite_url: str, tmp_path: Path) -> Iterator[Database]:
    made = bounded(sqlite_url, tmp_path)
    yield made
    made.close()


def test_a_full_database_says_so_and_goes_on_when_there_is_room(full: Database) -> None:
    assert refused(full) == "storage.full"
    assert rows(full) == 0
    with full.write() as session:
        enqueue(session, "a.kind", {}, now=NOW)
    assert rows(full) == 1


def test_files_that_may_not_grow_lose_nothing_that_was_saved(
    sqlite_url: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tender.core.cramped", sqlite_url, str(tmp_path)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told.pop("saved") >= 3
    assert told == {
        "database": "storage.broken", "again": "storage.broken", "file": "storage.full",
        "key": "storage.full", "small": "", "after": "",
    }  # fmt: skip
    saved = json.loads(done.stdout)["saved"]
    with closing(sqlite3.connect(tmp_path / "tender.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (saved + 1,)
    assert (tmp_path / "key").read_bytes() == b"old"
    assert list(tmp_path.rglob(".new-*")) == []
    assert len([path for path in (tmp_path / "store").rglob("*") if path.is_file()]) == 1


def test_a_database_that_can_only_be_read_is_read_and_says_so(
    migrated_url: str, tmp_path: Path
) -> None:
    url = migrated_url
    if url.startswith("sqlite"):
        url = f"sqlite:///file:{tmp_path / 'tender.sqlite'}?mode=ro&uri=true"
        with closing(sqlite3.connect(tmp_path / "tender.sqlite")) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    else:
        name = url.partition("@/")[2].partition("?")[0]
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    database = Database(url, tmp_path / "write.lock")
    assert rows(database) == 0
    assert refused(database) == "storage.read_only"
    database.close()


@pytest.mark.parametrize(
    ("state", "code"), [("53100", "storage.full"), ("58030", "storage.broken")]
)
def test_what_postgresql_says_of_its_disk_is_understood(
    postgres_url: str, tmp_path: Path, state: str, code: str
) -> None:
    database = Database(postgres_url, tmp_path / "write.lock")
    said = f"DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(DomainError) as refusal, database.write() as session:
        session.execute(text(said))
    assert refusal.value.code == code
    database.close()


def test_any_other_error_stays_what_it_is(full: Database) -> None:
    with pytest.raises(Exception, match="no such table"), full.write() as session:
        session.execute(text("SELECT * FROM nowhere"))


blueprint = Blueprint("trial", __name__, url_prefix="/api")


@blueprint.post("/flushed")
@web.public
def flushed() -> ResponseReturnValue:
    """Write before the view ends."""
    enqueue(web.db(), "a.kind", BIG, now=NOW)
    web.db().flush()
    return {"ok": True}


@blueprint.post("/committed")
@web.public
def committed() -> ResponseReturnValue:
    """Leave the writing to the commit."""
    enqueue(web.db(), "a.kind", BIG, now=NOW)
    return {"ok": True}


@blueprint.post("/stored")
@web.public
def stored() -> ResponseReturnValue:
    """Meet a full disk outside the database."""
    raise OSError(28, "No space left on device")


@pytest.fixture
def client(full: Database, sqlite_url: str, tmp_path: Path) -> FlaskClient:
    settings = replace(make.settings(tmp_path), database_url=sqlite_url)
    app = web.create_app(
        Platform(settings, full, SystemClock()),
        identify=lambda session, token, now: None,
        blueprints=[blueprint],
        context={},
    )
    app.config.update(WTF_CSRF_ENABLED=False)
    return app.test_client()


@pytest.mark.parametrize("path", ["flushed", "committed", "stored"])
def test_a_request_on_a_full_disk_is_told_what_to_do(
    client: FlaskClient, full: Database, path: str
) -> None:
    answer = client.post(f"/api/{path}")
    assert answer.status_code == 503
    assert answer.get_json()["error"]["code"] == "storage.full"
    assert "磁盘已满" in answer.get_json()["error"]["message"]
    assert rows(full) == 0
    assert client.post("/api/nowhere").status_code == 404
