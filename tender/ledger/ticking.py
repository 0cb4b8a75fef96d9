"""Keeping checkpoints at most a second behind the entries."""

from __future__ import annotations

from sqlalchemy import func, select

from tender.core.platform import Platform
from tender.ledger import checkpoints
from tender.ledger.models import LedgerCheckpoint, LedgerEntry


def sign_if_grown(platform: Platform) -> bool:
    """Sign a checkpoint if there are entries beyond the newest one."""
    with platform.database.read() as session:
        size = session.scalar(select(func.max(LedgerCheckpoint.size))) or 0
        last = session.scalar(select(func.max(LedgerEntry.seq)))
    if last is None or last < size:
        return False
    with platform.database.write() as session:
        return checkpoints.sign_checkpoint(session, platform.settings, now=platform.clock.now())
