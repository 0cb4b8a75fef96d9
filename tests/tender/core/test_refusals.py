"""The refusal log: every refusal is durable before its answer, and a crowd shares commits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from tender.core.db import Database
from tender.core.errors import DomainError
from tender.core.refusals import Refusal, RefusalLog

NOW = datetime(2027, 3, 1, tzinfo=UTC)
SOON = 20.0
CROWD = 8


@pytest.fixture
def database(migrated_url: str, tmp_path: Path) -> Iterator[Database]:
    made = Database(migrated_url, tmp_path / "write.lock")
    yield made
    made.close()


def _row(person: int, **changes: Any) -> dict[str, Any]:
    return {
        "code": "bid.late", "message": "late", "endpoint": "bids_api.seal" * 20,
        "person_id": str(person), "address": None, "now": NOW, **changes,
    }  # fmt: skip


def _persons(database: Database) -> list[str | None]:
    with database.read() as session:
        return list(session.scalars(select(Refusal.person_id).order_by(Refusal.person_id)))


def _crowd(
    database: Database, rows: list[dict[str, Any]], commits: list[object]
) -> list[BaseException | None]:
    """Keep all, the first alone: the others come while it waits for the write lock."""
    log = RefusalLog(database)
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write():
            held.set()
            assert go_on.wait(SOON)

    with ThreadPoolExecutor(len(rows) + 1) as pool:
        try:
            holds = pool.submit(hold)
            assert held.wait(SOON)
            waits = [pool.submit(lambda row: log.keep(**row), row) for row in rows]
            end = time.monotonic() + SOON
            while len(log._waiting) < len(rows) - 1:
                assert time.monotonic() < end, "they did not come"
                time.sleep(0.002)
            assert not any(each.done() for each in waits)
            assert _persons(database) == []
            event.listen(database.engine, "commit", commits.append)
        finally:
            go_on.set()
        failures = [each.exception(SOON) for each in waits]
        holds.result(SOON)
        return failures


def test_a_crowd_of_refusals_shares_commits_and_every_one_is_kept(database: Database) -> None:
    commits: list[object] = []
    assert _crowd(database, [_row(n) for n in range(CROWD)], commits) == [None] * CROWD
    assert _persons(database) == [str(n) for n in range(CROWD)]
    assert len(commits) <= 3  # of the holder, of the first, and of all that came while it waited
    with database.read() as session:
        one = session.scalars(select(Refusal)).first()
    assert one is not None
    assert (one.time, one.code, one.message, len(one.endpoint)) == (NOW, "bid.late", "late", 120)


def test_what_the_database_will_not_hold_fails_alone(database: Database) -> None:
    rows = [_row(n, message=None if n == CROWD - 2 else "late") for n in range(CROWD)]
    failures = _crowd(database, rows, [])
    assert [type(each) for each in failures if each] == [IntegrityError]
    assert isinstance(failures[CROWD - 2], IntegrityError)
    assert len(_persons(database)) == CROWD - 1


def test_a_disk_that_takes_nothing_is_told_to_everybody_who_waits(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    path = tmp_path / "tender.sqlite"
    path.write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{path}", tmp_path / "write.lock")

    def close_up(connection: Any, *_rest: object) -> None:
        connection.execute("PRAGMA query_only=1")

    event.listen(database.engine, "checkout", close_up)
    failures = _crowd(database, [_row(n) for n in range(CROWD)], [])
    assert [type(each) for each in failures] == [DomainError] * CROWD
    assert _persons(database) == []
    database.close()
