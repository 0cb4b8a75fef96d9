"""Outbox and leases: work is done once, whoever dies, with or without a queue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tender.core import jobs, leases, outbox
from tender.core.children import ChildGone
from tender.core.clock import FixedClock
from tender.core.db import Database
from tender.core.outbox import OutboxRow
from tender.core.platform import Platform
from tests.house import ROOT
from tests.tender import factories as make


@pytest.fixture
def platform(migrated_url: str, tmp_path: Path) -> Iterator[Platform]:
    settings = replace(make.settings(tmp_path), database_url=migrated_url)
    database = Database(migrated_url, tmp_path / "run" / "write.lock")
    yield Platform(settings, database, FixedClock(make.START))
    database.close()


def add(platform: Platform, count: int = 1) -> list[str]:
    with platform.database.write() as session:
        now = platform.clock.now()
        return [outbox.enqueue(session, "note", {"n": n}, now=now).id for n in range(count)]


def row(platform: Platform, row_id: str) -> OutboxRow:
    with platform.database.read() as session:
        return session.get_one(OutboxRow, row_id)


def advance(platform: Platform, **delta: float) -> None:
    assert isinstance(platform.clock, FixedClock)
    platform.clock.advance(**delta)


def hand(platform: Platform, log: Path, seconds: float = 0.0) -> subprocess.Popen[str]:
    """A process that performs what is due, `seconds` each, and notes each effect in `log`."""
    command = [sys.executable, "-m", "tests.tender.core.hand", str(platform.settings.data)]
    return subprocess.Popen(
        [*command, platform.settings.database_url, str(log), str(seconds)],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_two_processes_do_every_row_exactly_once(platform: Platform, tmp_path: Path) -> None:
    ids = add(platform, 30)
    log = tmp_path / "log"
    hands = [hand(platform, log) for _ in range(2)]
    done = [int(each.communicate(timeout=60)[0]) for each in hands]
    assert sum(done) == 30
    assert Counter(log.read_text().split()) == dict.fromkeys(ids, 1)
    assert all(row(platform, each).done_at for each in ids)


def test_a_killed_hands_row_is_done_by_another_after_its_lease(
    platform: Platform, tmp_path: Path
) -> None:
    (row_id,) = add(platform)
    log = tmp_path / "log"
    with hand(platform, log, seconds=600) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "began\n"
        first.send_signal(signal.SIGKILL)
    leased = row(platform, row_id)
    assert (leased.done_at, leased.fence, leased.attempts) == (None, 1, 1)
    effects: list[dict[str, Any]] = []
    handlers = {"note": lambda _platform, payload: effects.append(payload)}
    assert jobs.perform_due(platform, handlers) == 0  # its holder might still live
    assert jobs.perform(platform, handlers, row_id) is False
    advance(platform, minutes=3, seconds=1)
    assert jobs.perform_due(platform, handlers) == 1
    assert effects == [{"n": 0}]
    with platform.database.write() as session:
        assert outbox.finish(session, row_id, 1, now=platform.clock.now()) is False
        outbox.postpone(session, row_id, 1, "late", now=platform.clock.now())
    finished = row(platform, row_id)
    assert (finished.done_at, finished.fence, finished.error) == (platform.clock.now(), 2, None)


def test_a_paused_hand_that_comes_back_finishes_nothing(platform: Platform) -> None:
    (row_id,) = add(platform)
    with platform.database.write() as session:
        first = outbox.take(session, row_id, now=platform.clock.now())
        assert first is not None
        fence = first.fence
    advance(platform, minutes=4)
    with platform.database.write() as session:
        second = outbox.take(session, row_id, now=platform.clock.now())
        assert second is not None
        assert outbox.finish(session, row_id, fence, now=platform.clock.now()) is False
        assert outbox.finish(session, row_id, second.fence, now=platform.clock.now()) is True
        assert outbox.take(session, row_id, now=platform.clock.now()) is None


def test_failing_work_is_tried_with_growing_pauses_and_given_up_with_its_reason(
    platform: Platform,
) -> None:
    (row_id,) = add(platform)

    def fail(_platform: Platform, _payload: dict[str, Any]) -> None:
        raise ChildGone("the printer is on fire")

    pauses = []
    for _ in range(outbox.MAX_ATTEMPTS):
        assert jobs.perform_due(platform, {"note": fail}) == 0
        assert jobs.perform_due(platform, {"note": fail}) == 0  # not before its time
        pause = row(platform, row_id).not_before - platform.clock.now()
        pauses.append(pause.total_seconds())
        advance(platform, seconds=pause.total_seconds())
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (2, 3600)
    kept = row(platform, row_id)
    assert kept.failed_at is not None
    assert kept.error == "ChildGone: the printer is on fire"
    assert kept.attempts == outbox.MAX_ATTEMPTS
    assert jobs.perform_due(platform, {"note": fail}) == 0


def test_one_bad_row_does_not_stop_the_others(platform: Platform) -> None:
    ids = add(platform, 3)
    seen = []

    def one_fails(_platform: Platform, payload: dict[str, Any]) -> None:
        seen.append(payload["n"])
        if payload["n"] == 1:
            raise ValueError("no")

    assert jobs.perform_due(platform, {"note": one_fails}) == 2
    assert sorted(seen) == [0, 1, 2]
    assert [bool(row(platform, each).done_at) for each in ids] == [True, False, True]


def test_work_of_a_transaction_that_failed_was_never_ordered(platform: Platform) -> None:
    def fail() -> None:
        with platform.database.write() as session:
            outbox.enqueue(session, "note", {}, now=platform.clock.now())
            session.flush()
            raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        fail()
    with platform.database.read() as session:
        assert outbox.due(session, now=platform.clock.now()) == []


def test_without_any_queue_the_tick_does_it_after_the_workers_grace(platform: Platform) -> None:
    nowhere = replace(platform.settings, redis_url="unix:///nowhere/valkey.sock")
    ids = add(platform)
    jobs.hurry(nowhere, ids)  # a dead queue is no error
    done: list[int] = []
    handlers = {"note": lambda _platform, payload: done.append(payload["n"])}
    assert jobs.perform_due(platform, handlers, grace=4.0) == 0
    advance(platform, seconds=4)
    assert jobs.perform_due(platform, handlers, grace=4.0) == 1
    assert done == [0]


def test_a_lease_is_one_holders_until_it_ends_or_is_given_back(platform: Platform) -> None:
    def acquire(holder: str) -> bool:
        with platform.database.write() as session:
            return leases.acquire(
                session, "opening:1", holder, now=platform.clock.now(), seconds=120
            )

    assert acquire("one") is True
    assert acquire("two") is False
    advance(platform, seconds=100)
    assert acquire("one") is True  # renewed
    advance(platform, seconds=100)
    assert acquire("two") is False
    with platform.database.write() as session:
        leases.release(session, "opening:1", "two")  # not its own
    assert acquire("two") is False
    advance(platform, seconds=20)
    assert acquire("two") is True  # a dead holder's lease runs out
    with platform.database.write() as session:
        leases.release(session, "opening:1", "one")
    assert acquire("one") is False
    with platform.database.write() as session:
        leases.release(session, "opening:1", "two")
    assert acquire("one") is True
    assert timedelta(seconds=120) < outbox.LEASE
