"""What monitoring is told: each part fails for its own reason, and no number that counts bids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

import wsgi
from keys import notes
from tender.core import health, outbox
from tender.core.health import Pulse
from tender.ledger import checkpoints
from tests.tender import factories as make
from tests.tender.ledger.lines import NOW, add, sign


@pytest.fixture
def world(tmp_path: Path) -> Iterator[make.World]:
    made = make.world(tmp_path)
    sign(made.platform)
    yield made
    made.platform.database.close()


@pytest.fixture
def app(world: make.World) -> Flask:
    made = wsgi.create_app(world.platform)
    made.extensions["pulse"] = Pulse()
    return made


def asked(app: Flask) -> tuple[int, dict[str, Any]]:
    answer = app.test_client().get("/health")
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.get_json()


def test_all_is_well_but_the_queue_that_nothing_hangs_on(app: Flask) -> None:
    status, told = asked(app)
    assert (status, told["state"]) == (200, "degraded")
    states = {name: part["state"] for name, part in told["checks"].items()}
    assert states.pop("queue") == "degraded"
    assert set(states.values()) == {"ok"}
    assert set(states) == {"database", "outbox", "ledger", "tick", "disk"}
    assert told["checks"]["database"]["kind"] == "sqlite"


def test_a_tick_that_stands_still_fails(app: Flask) -> None:
    app.extensions["pulse"].last -= health.LATE_TICK + 1
    status, told = asked(app)
    assert (status, told["checks"]["tick"]["state"]) == (503, "failing")
    app.extensions["pulse"].beat()
    assert asked(app)[0] == 200


def test_a_process_without_a_tick_says_so(app: Flask) -> None:
    del app.extensions["pulse"]
    assert asked(app)[1]["checks"]["tick"] == {"state": "degraded", "seconds": None}


def test_lines_that_nobody_signs_fail(app: Flask, world: make.World) -> None:
    size = asked(app)[1]["checks"]["ledger"]["size"]
    add(world.platform)
    assert asked(app)[0] == 200
    world.clock.moment = NOW + timedelta(seconds=31)
    status, told = asked(app)
    assert (status, told["checks"]["ledger"]["state"]) == (503, "failing")
    assert told["checks"]["ledger"]["size"] == size  # what is not signed is not counted in public
    sign(world.platform)
    status, told = asked(app)
    assert (status, told["checks"]["ledger"]["size"]) == (200, size + 1)


def test_witnesses_that_stay_away_are_missed_after_an_hour(app: Flask, world: make.World) -> None:
    with world.platform.database.write() as session:
        newest = checkpoints.newest(session)
        assert newest is not None
        text, keeper = notes.parse_note(newest.note).text, world.keepers[0]
        line = notes.cosign(text, keeper.identity, NOW)
        checkpoints.add_cosignature(session, text=text, line=line, identity=keeper.public, now=NOW)
    add(world.platform)
    sign(world.platform)
    told = asked(app)[1]["checks"]["ledger"]
    assert (told["state"], told["cosigned_size"]) == ("ok", newest.size)
    world.clock.moment = NOW + timedelta(minutes=61)
    told = asked(app)[1]["checks"]["ledger"]
    assert (told["state"], told["cosigned_seconds_ago"]) == ("degraded", 3660)


def test_work_that_was_given_up_or_waits_is_told(app: Flask, world: make.World) -> None:
    with world.platform.database.write() as session:
        outbox.enqueue(session, "a.kind", {}, now=NOW)
    assert asked(app)[1]["checks"]["outbox"]["late"] is False
    world.clock.moment = NOW + timedelta(minutes=11)
    assert asked(app)[1]["checks"]["outbox"] == {
        "state": "degraded", "given_up": False, "late": True,
    }  # fmt: skip
    with world.platform.database.write() as session:
        session.execute(update(outbox.OutboxRow).values(failed_at=NOW))
    assert asked(app)[1]["checks"]["outbox"] == {
        "state": "degraded", "given_up": True, "late": False,
    }  # fmt: skip


def test_a_database_that_is_gone_fails_and_the_page_still_answers(
    app: Flask, world: make.World
) -> None:
    world.platform.database.close()
    Path(world.platform.settings.data / "tender.sqlite").write_bytes(b"not a database" * 99)
    for rest in ("-wal", "-shm"):
        Path(world.platform.settings.data / f"tender.sqlite{rest}").unlink(missing_ok=True)
    status, told = asked(app)
    assert status == 503
    assert told["checks"]["database"] == {"state": "failing"}
    assert "ledger" not in told["checks"]


def test_room_is_told_in_words_because_free_bytes_would_count_uploads(app: Flask) -> None:
    assert set(asked(app)[1]["checks"]["disk"]) == {"state", "room"}
