"""Pauses: the procedure stands still while an objection or a complaint is open."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tender.core.actor import SYSTEM
from tender.ledger import service as ledger
from tender.procedure.facts import lots_of
from tender.procedure.models import LotStatus, Tender
from tender.procedure.timeline.calendar import day_of, ends
from tender.procedure.timeline.timeline import INSTANT
from tender.supervision.milestones import hold, release


def pause_tender(session: Session, tender: Tender, *, now: datetime) -> None:
    """Stop the procedure's clock while an objection or complaint is open."""
    if tender.paused_at is None:
        tender.paused_at = now
        hold(session, tender.id, now=now)
        _log_pause(session, tender, "opening.suspended", now)


def resume_tender(session: Session, tender: Tender, *, now: datetime) -> None:
    """Let the procedure go on; dates that had begun run on by the time of the pause.

    A period of days ends at 24:00 of its last day, also one that was lengthened.
    """
    if tender.paused_at is None:
        return
    pause = now - tender.paused_at
    if tender.standstill_until is not None and tender.standstill_until > tender.paused_at:
        tender.standstill_until = ends(day_of(tender.standstill_until + pause - INSTANT))
    tender.paused_at = None
    release(session, tender.id, now=now)
    _log_pause(session, tender, "opening.resumed", now)


def _log_pause(session: Session, tender: Tender, event: str, now: datetime) -> None:
    open_lots = [lot for lot in lots_of(session, tender.id) if lot.status is LotStatus.OPEN]
    for lot in open_lots:
        ledger.append(
            session, event, subject=tender.id, actor=SYSTEM, now=now,
            fields={"opening": lot.opening_id},
        )  # fmt: skip
    if not open_lots:
        name = "tender.paused" if event == "opening.suspended" else "tender.resumed"
        ledger.append(
            session,
            name,
            subject=tender.id,
            actor=SYSTEM,
            now=now,
            fields={"tender": tender.number},
        )
