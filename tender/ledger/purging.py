"""The purge (到期清除): what has ended is deleted or blanked in one transaction, and told by count.

At most daily by the tick, at once by `./manage purge --now`; without `--now` everything is done and
rolled back, so that what is printed is exactly what would go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.core import leases
from tender.core.actor import SYSTEM
from tender.core.ids import new_id
from tender.core.leases import Lease
from tender.core.platform import Platform
from tender.core.purging import order_erasing
from tender.core.retention import Purge
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.ledger.models import LedgerEntry, PrivateData

log = structlog.get_logger(__name__)
Step = Callable[[Purge], None]
Busy = Callable[[Session, datetime], bool]
LEASE = "purge"
DAILY = 24 * 3600.0 - 60.0  # seconds; a minute less, so that it does not wander through the day


def _never(_session: Session, _now: datetime) -> bool:
    return False


def purge_private(purge: Purge) -> None:
    """Delete private data whose retention has ended; the ledger still verifies.

    What concerns a tender that has not ended, or is held, stays.
    """
    kept = purge.held | purge.protected
    query = (
        select(PrivateData, LedgerEntry.subject)
        .join(LedgerEntry, LedgerEntry.seq == PrivateData.seq)
        .where(PrivateData.keep_until <= purge.now)
    )
    for row, subject in purge.session.execute(query).all():
        if subject not in kept:
            purge.session.delete(row)
            purge.note(f"ledger_{row.kind.value}")


def forget_subject(purge: Purge, subject: str) -> None:
    """Delete the private data of every entry about a subject whose own data goes now.

    A kind that goes early (a refuted suspicion, a registration that came to nothing) would else
    lie in the ledger's private data for as long as an archive.
    """
    query = (
        select(PrivateData)
        .join(LedgerEntry, LedgerEntry.seq == PrivateData.seq)
        .where(LedgerEntry.subject == subject)
    )
    for row in purge.session.scalars(query).all():
        purge.session.delete(row)
        purge.note(f"ledger_{row.kind.value}")


def purge_ended(
    session: Session, settings: Settings, steps: Iterable[Step], *, actor: str, now: datetime
) -> Mapping[str, int]:
    """Let every room delete what has ended, and tell the ledger how much of what; gives counts.

    Needs the write lock. The ledger's entry holds counts only; kinds whose number could tell how
    many bid are left out. Files go after the commit, by the outbox.
    """
    purge = Purge(session, settings, now)
    for step in steps:
        step(purge)
        session.flush()
    order_erasing(purge)
    if purge.told():
        ledger.append(
            session, "data.purged", subject="ledger", actor=actor, now=now,
            fields={"counts": purge.told()},
        )  # fmt: skip
    return dict(sorted(purge.counts.items()))


def would_purge(platform: Platform, steps: Iterable[Step]) -> Mapping[str, int]:
    """What a purge would delete now; everything is rolled back."""
    with platform.database.write() as session:
        counts = purge_ended(
            session, platform.settings, steps, actor=SYSTEM, now=platform.clock.now()
        )
        session.rollback()
    return counts


def forget_last_purge(session: Session) -> None:
    """Have the next `purge_daily` run whatever the last one's time: a backup was restored."""
    lease = session.get(Lease, LEASE)
    if lease is not None:
        session.delete(lease)


def purge_daily(platform: Platform, steps: Iterable[Step], *, busy: Busy = _never) -> int:
    """Purge if nobody has done it today; gives how many rows went.

    It holds the write lock, which bids wait for: while `busy` says so it is put off, at most by a
    day.
    """
    now = platform.clock.now()
    with platform.database.read() as session:
        lease = session.get(Lease, LEASE)
        if lease is not None and lease.until > now:
            return 0
        late = lease is not None and lease.until <= now - timedelta(days=1)
        if not late and busy(session, now):
            return 0
    with platform.database.write() as session:
        now = platform.clock.now()
        if not leases.acquire(session, LEASE, new_id(), now=now, seconds=DAILY):
            return 0
        counts = purge_ended(session, platform.settings, steps, actor=SYSTEM, now=now)
    if counts:
        log.info("data.purged", **counts)
    return sum(counts.values())
