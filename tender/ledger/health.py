"""How the ledger fares: signed in time, and seen by witnesses."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tender.core.health import Check, State
from tender.ledger.checkpoints import newest
from tender.ledger.models import LedgerCheckpoint, LedgerCosignature, LedgerEntry

UNSIGNED = timedelta(seconds=30)  # a checkpoint comes within a second while the tick runs
UNSEEN = timedelta(hours=1)  # agents come by every few seconds


def check_ledger(session: Session, *, now: datetime) -> Check:
    """Size and age of the newest checkpoint, and of the newest one that a custodian co-signed.

    Only what the public interface of the ledger tells as well.
    """
    last = newest(session)
    size = last.size if last is not None else 0
    waiting = session.scalar(select(func.min(LedgerEntry.time)).where(LedgerEntry.seq >= size))
    unsigned = waiting is not None and waiting < now - UNSIGNED
    seen = session.scalar(select(func.max(LedgerCosignature.size)))
    cosigned = session.get(LedgerCheckpoint, seen) if seen is not None else None
    # An installation that has had a witness misses it; a new one has none yet.
    missed = (
        session.scalar(
            select(func.min(LedgerCheckpoint.signed_at)).where(LedgerCheckpoint.size > seen)
        )
        if seen is not None
        else None
    )
    unseen = missed is not None and missed < now - UNSEEN
    facts = {
        "size": size,
        "signed_seconds_ago": _age(last, now),
        "cosigned_size": seen,
        "cosigned_seconds_ago": _age(cosigned, now),
    }
    if unsigned:
        return Check(State.FAILING, facts)
    return Check(State.DEGRADED if unseen else State.OK, facts)


def _age(checkpoint: LedgerCheckpoint | None, now: datetime) -> int | None:
    return None if checkpoint is None else max(0, int((now - checkpoint.signed_at).total_seconds()))
