"""Legal holds (法定保留): what a supervisor or administrator keeps from the purge, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import LegalHold
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.core.retention import Purge
from tender.ledger import service as ledger


def holds(session: Session, actor: Actor) -> list[LegalHold]:
    """Every hold, those in force first."""
    require(actor, Permission.RETENTION_READ)
    rows = session.scalars(select(LegalHold).order_by(LegalHold.placed_at.desc()))
    return sorted(rows, key=lambda row: row.lifted_at is not None)


def place_hold(
    session: Session, actor: Actor, subject: str, name: str, reason: str, *, now: datetime
) -> LegalHold:
    """Keep a tender's, organisation's or person's data until the hold is lifted.

    The caller has looked the subject up and names it as people know it.
    """
    require(actor, Permission.HOLD_PLACE)
    if not reason.strip():
        raise invalid("hold.reason", N_("Say why it must be kept."), {"reason": N_("Required.")})
    known = select(LegalHold).where(LegalHold.subject == subject, LegalHold.lifted_at.is_(None))
    if session.scalar(known) is not None:
        raise conflict("hold.placed", N_("This is held already."))
    hold = LegalHold(
        subject=subject, name=name, reason=reason.strip(), placed_by=actor.person_id, placed_at=now
    )
    session.add(hold)
    session.flush()
    _tell(session, actor, "hold.placed", hold, hold.reason, now)
    return hold


def lift_hold(
    session: Session, actor: Actor, hold_id: str, reason: str, *, now: datetime
) -> LegalHold:
    """Let the purge have it again; the hold stays in the list."""
    require(actor, Permission.HOLD_PLACE)
    hold = session.get(LegalHold, hold_id)
    if hold is None:
        raise not_found("hold.unknown", N_("There is no such hold."))
    if hold.lifted_at is not None:
        raise conflict("hold.lifted", N_("This hold is lifted already."))
    if not reason.strip():
        raise invalid("hold.lift_reason", N_("Say why."), {"reason": N_("Required.")})
    hold.lifted_at, hold.lifted_by, hold.lift_reason = now, actor.person_id, reason.strip()
    _tell(session, actor, "hold.lifted", hold, hold.lift_reason, now)
    return hold


def _tell(
    session: Session, actor: Actor, event: str, hold: LegalHold, reason: str, now: datetime
) -> None:
    ledger.append(
        session, event, subject=hold.id, actor=actor.person_id, now=now,
        private={"subject": hold.subject, "reason": reason},
    )  # fmt: skip


def apply_holds(purge: Purge) -> None:
    """Tell the run what is held; a hold keeps its own reason as well."""
    for hold in purge.session.scalars(select(LegalHold).where(LegalHold.lifted_at.is_(None))):
        purge.held.add(hold.subject)
        purge.protected.add(hold.id)
