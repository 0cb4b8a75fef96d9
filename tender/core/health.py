"""Whether this installation can do its work, for the operator's monitoring (运行状况).

`/health` is public, because monitoring has no account; so it tells words and what the public
ledger tells anyway. Free bytes, waiting mail or uploads would let a stranger count bids before
the deadline (招标投标法 art. 22) and are never told.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tender.core.outbox import OutboxRow
from tender.core.servers import answers
from tender.core.settings import Settings

FULL_DISK = 256 * 1024**2  # bytes free; below this nothing more is taken in
LOW_DISK = 2 * 1024**3
LATE_TICK = 30.0  # seconds; a tick runs every half second
LATE_WORK = timedelta(minutes=10)  # an outbox row that nobody took for so long


class State(StrEnum):
    """How a part fares: failing parts make the whole answer 503."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


@dataclass(frozen=True)
class Check:
    """One part's state and what may be said of it, as JSON-able values."""

    state: State
    facts: dict[str, Any] = field(default_factory=dict)

    def as_object(self) -> dict[str, Any]:
        """The check as a JSON object."""
        return {"state": self.state.value, **self.facts}


@dataclass
class Pulse:
    """When the tick of this process last ended well; it beats on the monotonic clock."""

    last: float = field(default_factory=time.monotonic)

    def beat(self) -> None:
        """A tick has ended well."""
        self.last = time.monotonic()

    def seconds(self) -> float:
        """Seconds since the last beat."""
        return time.monotonic() - self.last


def worst(checks: dict[str, Check]) -> State:
    """The state of the whole: that of its worst part."""
    order = list(State)
    return max((check.state for check in checks.values()), key=order.index)


def check_database(session: Session) -> Check:
    """Whether the database answers, and which kind it is."""
    session.execute(text("SELECT 1"))
    return Check(State.OK, {"kind": session.connection().dialect.name})


def check_tick(pulse: Pulse | None) -> Check:
    """Whether closing, opening and checkpoints are performed here."""
    if pulse is None:
        return Check(State.DEGRADED, {"seconds": None})
    seconds = pulse.seconds()
    state = State.OK if seconds < LATE_TICK else State.FAILING
    return Check(state, {"seconds": round(seconds, 1)})


def check_queue(settings: Settings) -> Check:
    """Whether the queue answers; without it the tick does all work, only later."""
    state = State.OK if answers(settings.redis_url) else State.DEGRADED
    return Check(state, {"answers": state is State.OK})


def check_disk(settings: Settings) -> Check:
    """Whether there is room for bids; a word only, because free bytes would count uploads."""
    free = shutil.disk_usage(settings.data).free
    if free < FULL_DISK:
        return Check(State.FAILING, {"room": "none"})
    if free < LOW_DISK:
        return Check(State.DEGRADED, {"room": "little"})
    return Check(State.OK, {"room": "enough"})


def check_outbox(session: Session, *, now: datetime) -> Check:
    """Whether work was given up or waits for nobody (documents, mail)."""
    waiting = select(func.count()).select_from(OutboxRow).where(OutboxRow.done_at.is_(None))
    failed = session.scalar(waiting.where(OutboxRow.failed_at.is_not(None))) or 0
    late = session.scalar(
        waiting.where(
            OutboxRow.failed_at.is_(None),
            OutboxRow.created_at < now - LATE_WORK,
            OutboxRow.not_before < now - LATE_WORK,
        )
    )
    state = State.DEGRADED if failed or late else State.OK
    return Check(state, {"given_up": bool(failed), "late": bool(late)})
