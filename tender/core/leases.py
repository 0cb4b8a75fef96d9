"""Lease rows: one process at a time performs a thing, and a dead one's lease runs out."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from tender.core.db import Base, UtcDateTime


class Lease(Base):
    """Who may do a named thing until when."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[datetime] = mapped_column(UtcDateTime)


def acquire(session: Session, name: str, holder: str, *, now: datetime, seconds: float) -> bool:
    """Take or renew a lease; False while somebody else holds it. Needs the write lock."""
    lease = session.get(Lease, name)
    until = now + timedelta(seconds=seconds)
    if lease is None:
        session.add(Lease(name=name, holder=holder, until=until))
        return True
    if lease.holder != holder and lease.until > now:
        return False
    lease.holder, lease.until = holder, until
    return True


def release(session: Session, name: str, holder: str) -> None:
    """Give a lease back."""
    lease = session.get(Lease, name)
    if lease is not None and lease.holder == holder:
        session.delete(lease)
