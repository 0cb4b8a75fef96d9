"""Objections on the spot (开标异议, REG art. 44): filed and answered at the opening, recorded."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tender.accounts.permissions import Permission, require
from tender.bids.models import BidStatus, SealedBid
from tender.core.actor import Actor
from tender.core.errors import conflict, forbidden, invalid, not_found
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.opening.models import Opening, OpeningObjection
from tender.opening.releases import opening_of
from tender.procedure.models import Tender

SPOT = timedelta(hours=2)  # after the opening was performed, further objections take another way
COUNTED = (BidStatus.PENDING, BidStatus.OPENED, BidStatus.NOT_OPENED)


def object_on_the_spot(
    session: Session, actor: Actor, opening_id: str, text: str, *, now: datetime
) -> OpeningObjection:
    """File an objection at the opening; only a bidder whose bid counted may."""
    require(actor, Permission.OPENING_OBJECT)
    opening = opening_of(session, opening_id)
    _check_bidder(session, actor, opening_id)
    if opening.performed_at is not None and now > opening.performed_at + SPOT:
        raise conflict(
            "opening.spot_over",
            N_("The opening is over. You can still file an objection on the tender's page."),
        )
    if not 4 <= len(text.strip()) <= 2000:
        raise invalid(
            "objection.text",
            N_("Write your objection in 4 to 2,000 characters."),
            {"text": N_("4 to 2,000 characters.")},
        )
    objection = OpeningObjection(
        opening_id=opening_id,
        organisation_id=actor.organisation_id,
        organisation_name=actor.organisation_name,
        text=text.strip(),
        filed_at=now,
    )
    session.add(objection)
    session.flush()
    ledger.append(
        session,
        "opening_objection.filed",
        subject=opening.tender_id,
        actor=actor.person_id,
        now=now,
        private={"objection": objection.id, "text": objection.text},
    )
    return objection


def _check_bidder(session: Session, actor: Actor, opening_id: str) -> None:
    mine = (
        session.query(SealedBid.id)
        .filter(
            SealedBid.opening_id == opening_id,
            SealedBid.organisation_id == actor.organisation_id,
            SealedBid.status.in_(COUNTED),
        )
        .first()
    )
    if mine is None:
        raise forbidden(
            "opening.not_a_bidder", N_("Only a bidder of this lot may object at its opening.")
        )


def answer_on_the_spot(
    session: Session, actor: Actor, objection_id: str, text: str, *, now: datetime
) -> OpeningObjection:
    """Answer an objection on the spot; question and answer stand in the opening record."""
    objection = session.get(OpeningObjection, objection_id)
    if objection is None:
        raise not_found("objection.unknown", N_("There is no such objection."))
    opening = session.get_one(Opening, objection.opening_id)
    require(actor, Permission.OPENING_ANSWER, on=session.get_one(Tender, opening.tender_id))
    if objection.answered_at is not None:
        raise conflict("objection.answered", N_("This objection has been answered."))
    if not text.strip():
        raise invalid("answer.text", N_("Write an answer."), {"text": N_("Required.")})
    objection.answer = text.strip()
    objection.answered_at = now
    objection.answered_by = actor.person_id
    ledger.append(
        session,
        "opening_objection.answered",
        subject=opening.tender_id,
        actor=actor.person_id,
        now=now,
        private={"objection": objection.id, "answer": objection.answer},
    )
    return objection
