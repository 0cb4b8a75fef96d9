"""Complaints (投诉) to the supervising body, after the objection: filed, suspending, decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tender.accounts.directory import members_of, people_with
from tender.accounts.permissions import Permission, require
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, invalid, late, not_found
from tender.core.i18n import N_, gettext, speaking
from tender.core.ids import new_id
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.objections.answering import back_to_evaluation
from tender.objections.filing import objection_by_id, resume_if_free
from tender.objections.models import Complaint, ComplaintStatus, ObjectionStatus
from tender.objections.states import COMPLAINT
from tender.objections.terms import complaint_articles, complaint_dates, complaint_until
from tender.procedure.facts import public_facts, tender_by_id
from tender.procedure.models import Tender
from tender.procedure.notices import plain_notice
from tender.procedure.publishing.pausing import pause_tender
from tender.publication.models import NoticeKind
from tender.publication.papers.parts import Block
from tender.publication.service import publish, set_facts
from tender.supervision.milestones import Terms, meet, schedule
from tender.supervision.models import Holder

DECISIONS = {
    ComplaintStatus.UPHELD: N_("The complaint is upheld."),
    ComplaintStatus.REJECTED: N_("The complaint is rejected."),
    ComplaintStatus.NOT_ACCEPTED: N_("The complaint is not accepted."),
}


def complaint_by_id(session: Session, complaint_id: str) -> Complaint:
    """The complaint with this id; DomainError `complaint.unknown` otherwise."""
    found = session.get(Complaint, complaint_id)
    if found is None:
        raise not_found("complaint.unknown", N_("There is no such complaint."))
    return found


def file_complaint(
    session: Session, actor: Actor, objection_id: str, facts: str, request: str, *, now: datetime
) -> Complaint:
    """Complain about how one's own objection was answered, within the legal time."""
    objection = objection_by_id(session, objection_id)
    require(actor, Permission.OBJECTION_FILE, on=objection)
    tender = tender_by_id(session, objection.tender_id)
    if objection.status is ObjectionStatus.WITHDRAWN:
        raise conflict("complaint.withdrawn", N_("This objection was withdrawn."))
    if objection.answered_at is None and now < objection.answer_due:
        raise conflict("complaint.early", N_("Wait for the answer to your objection first."))
    until = complaint_until(tender, objection)
    if until is not None and now >= until:
        raise late("complaint.late", N_("The time for a complaint has ended."))
    if session.scalar(select(Complaint.id).where(Complaint.objection_id == objection.id)):
        raise conflict("complaint.twice", N_("You have complained about this already."))
    problems = {
        name: N_("2 to 4,000 characters.")
        for name, text in (("facts", facts), ("request", request))
        if not 2 <= len(text.strip()) <= 4000
    }
    if problems:
        raise invalid("complaint.form", N_("Please correct what is marked below."), problems)
    review, decision = complaint_dates(tender, now)
    count = select(func.count()).select_from(Complaint).where(Complaint.tender_id == tender.id)
    complaint = Complaint(
        id=new_id(), number=f"{tender.number}-T{(session.scalar(count) or 0) + 1:02d}",
        tender_id=tender.id, objection_id=objection.id, scope=tender.scope,
        organisation_id=actor.organisation_id, filed_by=actor.person_id, facts=facts.strip(),
        request=request.strip(), filed_at=now, review_due=review, decision_due=decision,
        status=ComplaintStatus.FILED,
    )  # fmt: skip
    session.add(complaint)
    session.flush()
    ledger.append(
        session, "complaint.filed", subject=tender.id, actor=complaint.id, now=now,
        fields={"tender": tender.number, "number": complaint.number},
        private={"facts": complaint.facts, "request": complaint.request},
    )  # fmt: skip
    _tell(session, tender, complaint, now)
    return complaint


def suspend_tender(
    session: Session, actor: Actor, complaint_id: str, *, now: datetime
) -> Complaint:
    """Stop the tender while a complaint is decided (GPL 57, REG 62)."""
    complaint = _open(session, actor, complaint_id)
    tender = tender_by_id(session, complaint.tender_id)
    if complaint.suspended_at is not None:
        raise conflict("complaint.suspended", N_("This tender is suspended already."))
    complaint.suspended_at = now
    ledger.append(
        session, "complaint.suspended", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number, "number": complaint.number},
    )  # fmt: skip
    pause_tender(session, tender, now=now)
    session.flush()
    set_facts(session, public_facts(session, tender, now=now))
    return complaint


def decide_complaint(
    session: Session,
    actor: Actor,
    settings: Settings,
    complaint_id: str,
    status: ComplaintStatus,
    decision: str,
    *,
    now: datetime,
) -> Complaint:
    """Decide a complaint, with reasons, and publish the decision."""
    complaint = _open(session, actor, complaint_id)
    if status not in DECISIONS:
        raise invalid(
            "complaint.result", N_("Choose a decision."), {"result": N_("Choose a decision.")}
        )
    if not 2 <= len(decision.strip()) <= 4000:
        raise invalid(
            "complaint.decision", N_("Give the reasons in 2 to 4,000 characters."),
            {"decision": N_("2 to 4,000 characters.")},
        )  # fmt: skip
    advance(complaint, status, COMPLAINT)
    complaint.decision, complaint.decided_at = decision.strip(), now
    complaint.decided_by = actor.person_id
    session.flush()
    tender = tender_by_id(session, complaint.tender_id)
    ledger.append(
        session, "complaint.decided", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number, "number": complaint.number, "result": status.value},
        private={"decision": complaint.decision},
    )  # fmt: skip
    messages.settle(session, complaint.id, now=now)
    meet(session, tender.id, f"decide {complaint.number}"[:60], now=now)
    resume_if_free(session, tender, now)
    if status is ComplaintStatus.UPHELD:
        back_to_evaluation(session, tender, now=now)
    _publish(session, actor, settings, tender, complaint, now)
    return complaint


def _open(session: Session, actor: Actor, complaint_id: str) -> Complaint:
    complaint = complaint_by_id(session, complaint_id)
    require(actor, Permission.COMPLAINT_DECIDE, on=complaint)
    if complaint.status is not ComplaintStatus.FILED:
        raise conflict("complaint.decided", N_("This complaint is decided."))
    return complaint


def _tell(session: Session, tender: Tender, complaint: Complaint, now: datetime) -> None:
    schedule(
        session, subject=tender.id, reference=tender.number, scope=tender.scope,
        code=f"decide {complaint.number}"[:60], title=N_("Decision on a complaint"),
        article=complaint_articles(tender)[:120], due_at=complaint.decision_due,
        terms=Terms(holder=Holder.SUPERVISION),
    )  # fmt: skip
    for person in people_with(session, Role.SUPERVISOR, tender.scope):
        messages.tell(
            session, person.id, N_("Decide the complaint %(number)s."), now=now,
            link=f"/tenders/{tender.number}/objections#{complaint.id}", subject=complaint.id,
            due_at=complaint.decision_due, email=person.email, number=complaint.number,
        )  # fmt: skip


def _publish(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender: Tender,
    complaint: Complaint,
    now: datetime,
) -> None:
    with speaking("zh"):
        title = gettext(
            N_("%(title)s: decision on complaint %(number)s"),
            title=tender.title, number=complaint.number,
        )  # fmt: skip
        rows = (
            (gettext(N_("Matters and facts")), complaint.facts),
            (gettext(N_("Request")), complaint.request),
            (gettext(N_("Result")), gettext(DECISIONS[complaint.status])),
            (gettext(N_("Reasons")), complaint.decision or ""),
        )
    content = plain_notice(tender, NoticeKind.OBJECTION, title, [Block(heading=title, rows=rows)])
    facts = public_facts(session, tender, now=now)
    publish(session, settings, facts, content, actor_id=actor.person_id, now=now)
    for person in members_of(session, complaint.organisation_id, Role.BIDDER):
        messages.tell(
            session, person.id, N_("Your complaint %(number)s is decided."), now=now,
            link=f"/tenders/{tender.number}/objections#{complaint.id}", subject=complaint.id,
            email=person.email, number=complaint.number,
        )  # fmt: skip
