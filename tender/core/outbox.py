"""The outbox: work outside the transaction, written in the same transaction as its cause.

The table is the truth; RQ only makes it faster (a dead scheduler left jobs minutes late, a dead
worker's job was still "started" after twelve). A row is done once: whoever takes it holds a lease
with a fencing number, and `finish` fails for a holder whose lease was taken over.

What may be used once (a sealed recovery link) stands in the payload under `ONCE`, and is gone as
soon as the row is done or given up.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tender.core.db import Base, UtcDateTime
from tender.core.ids import new_id

LEASE = timedelta(minutes=3)
MAX_ATTEMPTS = 12
ONCE = "once"


class OutboxRow(Base):
    """One piece of work to be done after its cause was committed."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        Index("ix_outbox_due", "done_at", "not_before"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    fence: Mapped[int] = mapped_column(Integer, default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)


def enqueue(session: Session, kind: str, payload: dict[str, Any], *, now: datetime) -> OutboxRow:
    """Write down work to be done once this transaction is committed."""
    row = OutboxRow(id=new_id(), kind=kind, payload=payload, created_at=now, not_before=now)
    session.add(row)
    session.info.setdefault("enqueued", []).append(row.id)
    return row


def due(
    session: Session, *, now: datetime, limit: int = 20, kinds: Collection[str] | None = None
) -> list[str]:
    """Ids of rows that may be taken now, oldest first; of some kinds only if they are named."""
    free = (OutboxRow.leased_until.is_(None)) | (OutboxRow.leased_until < now)
    query = (
        select(OutboxRow.id)
        .where(OutboxRow.done_at.is_(None), OutboxRow.failed_at.is_(None), free)
        .where(OutboxRow.not_before <= now)
        .order_by(OutboxRow.created_at)
        .limit(limit)
    )
    if kinds is not None:
        query = query.where(OutboxRow.kind.in_(kinds))
    return list(session.scalars(query))


def take(session: Session, row_id: str, *, now: datetime) -> OutboxRow | None:
    """Lease a row; None if it is done or somebody else's. The caller holds the write lock."""
    row = session.get(OutboxRow, row_id)
    if row is None or row.done_at or row.failed_at or (row.leased_until and row.leased_until > now):
        return None
    row.leased_until = now + LEASE
    row.fence += 1
    row.attempts += 1
    return row


def finish(session: Session, row_id: str, fence: int, *, now: datetime) -> bool:
    """Mark a leased row done; False if the lease has passed to somebody else meanwhile."""
    row = session.get(OutboxRow, row_id)
    if row is None or row.fence != fence or row.done_at is not None:
        return False
    row.done_at, row.leased_until, row.error = now, None, None
    _forget_once(row)
    return True


def _forget_once(row: OutboxRow) -> None:
    row.payload = {name: value for name, value in row.payload.items() if name != ONCE}


def postpone(session: Session, row_id: str, fence: int, error: str, *, now: datetime) -> None:
    """Note a failure and try again later, with growing pauses; after 12 attempts give up aloud."""
    row = session.get(OutboxRow, row_id)
    if row is None or row.fence != fence or row.done_at:
        return
    row.leased_until = None
    row.error = error[:2000]
    row.not_before = now + timedelta(seconds=min(3600, 2**row.attempts))
    if row.attempts >= MAX_ATTEMPTS:
        row.failed_at = now
        _forget_once(row)
