"""What each reader sees of a tender's objections and complaints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, allowed, require
from tender.core.actor import Actor, Role
from tender.core.errors import not_found
from tender.core.i18n import N_
from tender.objections.filing import objection_by_id
from tender.objections.models import (
    Complaint,
    ComplaintStatus,
    Objection,
    ObjectionStage,
    ObjectionStatus,
)
from tender.objections.standing import published_bidders
from tender.objections.terms import Term, complaint_until, open_terms
from tender.procedure.models import Tender, TenderStatus


@dataclass(frozen=True)
class Shown:
    """An objection as one reader sees it; `name` is empty where it must stay secret."""

    objection: Objection
    name: str
    text: bool
    own: bool
    answerable: bool
    complaint: Complaint | None
    complaint_until: datetime | None


@dataclass(frozen=True)
class Listing:
    """A tender's objections for one reader, and what he may do."""

    tender: Tender
    rows: list[Shown]
    terms: list[Term]
    may_decide: bool


def tender_by_number(session: Session, number: str) -> Tender:
    """A published tender by its number."""
    tender = session.scalar(select(Tender).where(Tender.number == number))
    if tender is None or tender.published_at is None:
        raise not_found("tender.unknown", N_("There is no such tender."))
    return tender


def listing(session: Session, actor: Actor | None, number: str, *, now: datetime) -> Listing:
    """The public answers; with a role also one's own objections and those to answer or decide."""
    tender = tender_by_number(session, number)
    query = select(Objection).where(Objection.tender_id == tender.id)
    rows = session.scalars(query.order_by(Objection.filed_at))
    decides = actor is not None and allowed(actor, Permission.COMPLAINT_DECIDE, tender)
    return Listing(
        tender=tender,
        rows=[_shown(session, actor, tender, each, now) for each in rows],
        terms=_terms(session, actor, tender, now),
        may_decide=decides,
    )


def readable(session: Session, actor: Actor, objection_id: str) -> Objection:
    """An objection that this person may read whole."""
    objection = objection_by_id(session, objection_id)
    if actor.role is Role.BIDDER:
        require(actor, Permission.OBJECTION_FILE, on=objection)
    elif not _in_office(actor, objection.scope):
        require(actor, Permission.COMPLAINT_DECIDE, on=objection)
    return objection


def _terms(session: Session, actor: Actor | None, tender: Tender, now: datetime) -> list[Term]:
    if actor is None or not allowed(actor, Permission.OBJECTION_FILE):
        return []
    found = open_terms(tender, now=now)
    party = session.get_one(Organisation, actor.organisation_id).party_id
    if party in published_bidders(session, tender.id):
        return found
    return [term for term in found if term.stage is ObjectionStage.DOCUMENTS]


def _shown(
    session: Session, actor: Actor | None, tender: Tender, objection: Objection, now: datetime
) -> Shown:
    own = actor is not None and actor.organisation_id == objection.organisation_id
    office = actor is not None and _in_office(actor, objection.scope)
    closed = tender.status is not TenderStatus.PUBLISHED
    complaint = session.scalar(select(Complaint).where(Complaint.objection_id == objection.id))
    waiting = objection.status is ObjectionStatus.FILED
    answers = office and allowed_to_answer(actor) and waiting
    until = complaint_until(tender, objection) if own and complaint is None else None
    early = objection.answered_at is None and now < objection.answer_due
    if objection.status is ObjectionStatus.WITHDRAWN or early or (until and now >= until):
        until = None
    named = own or (office and (closed or objection.stage is not ObjectionStage.DOCUMENTS))
    return Shown(
        objection=objection,
        name=session.get_one(Organisation, objection.organisation_id).name if named else "",
        text=own
        or office
        or objection.status in (ObjectionStatus.UPHELD, ObjectionStatus.REJECTED),
        own=own,
        answerable=answers,
        complaint=complaint if own or office or _decided(complaint) else None,
        complaint_until=until,
    )


def allowed_to_answer(actor: Actor | None) -> bool:
    """Whether this role answers objections."""
    return actor is not None and allowed(actor, Permission.OBJECTION_ANSWER)


def _decided(complaint: Complaint | None) -> bool:
    return complaint is not None and complaint.status is not ComplaintStatus.FILED


def _in_office(actor: Actor, scope: str) -> bool:
    answers = allowed(actor, Permission.OBJECTION_ANSWER) or allowed(
        actor, Permission.COMPLAINT_DECIDE
    )
    return answers and scope.startswith(actor.scope)
