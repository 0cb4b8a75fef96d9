"""Filing an objection (异议; 质疑 in procurement): the tender waits where the law says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tender.accounts.directory import organisation, people_with
from tender.accounts.models import Standing
from tender.accounts.permissions import Permission, require
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, forbidden, invalid, late, not_found
from tender.core.i18n import N_, speaking
from tender.core.ids import new_id
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.objections.models import Objection, ObjectionStage, ObjectionStatus
from tender.objections.standing import open_objections, pausing, published_bidders
from tender.objections.states import OBJECTION
from tender.objections.terms import Term, term_of
from tender.procedure.facts import public_facts, tender_by_id
from tender.procedure.models import Tender
from tender.procedure.publishing.pausing import pause_tender, resume_tender
from tender.publication.service import set_facts
from tender.supervision.milestones import meet, schedule

STAFF = (Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK)


@dataclass(frozen=True)
class Filing:
    """An objection as a bidder wrote it: matters with facts, request, evidence."""

    stage: ObjectionStage
    facts: str
    request: str
    evidence_id: str | None = None


def file_objection(
    session: Session, actor: Actor, tender_id: str, filing: Filing, *, now: datetime
) -> Objection:
    """File an objection within its legal time; an open one that pauses holds the award up.

    Before the deadline nobody learns who objects, because that would tell who bids (TBL 22).
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.OBJECTION_FILE)
    term = _check(session, actor, tender, filing, now)
    objection = Objection(
        id=new_id(), number=_next_number(session, tender), tender_id=tender.id, scope=tender.scope,
        stage=filing.stage, organisation_id=actor.organisation_id, filed_by=actor.person_id,
        facts=filing.facts.strip(), request=filing.request.strip(),
        evidence_id=filing.evidence_id, filed_at=now, pauses=term.pauses,
        answer_due=term.answer_due(now), status=ObjectionStatus.FILED,
    )  # fmt: skip
    session.add(objection)
    session.flush()
    ledger.append(
        session, "objection.filed", subject=tender.id, actor=objection.id, now=now,
        fields={
            "tender": tender.number, "number": objection.number, "stage": filing.stage.value,
            "pauses": term.pauses,
        },
        private={"facts": objection.facts, "request": objection.request},
    )  # fmt: skip
    if term.pauses:
        pause_tender(session, tender, now=now)
        session.flush()
        set_facts(session, public_facts(session, tender, now=now))
    _tell(session, tender, objection, term, now)
    return objection


def withdraw_objection(
    session: Session, actor: Actor, objection_id: str, *, now: datetime
) -> Objection:
    """Take one's own objection back; if nothing else pauses, the tender goes on."""
    objection = objection_by_id(session, objection_id)
    require(actor, Permission.OBJECTION_FILE, on=objection)
    close(session, objection, ObjectionStatus.WITHDRAWN, "", None, now)
    tender = tender_by_id(session, objection.tender_id)
    ledger.append(
        session, "objection.withdrawn", subject=tender.id, actor=objection.id, now=now,
        fields={"tender": tender.number, "number": objection.number},
    )  # fmt: skip
    resume_if_free(session, tender, now)
    set_facts(session, public_facts(session, tender, now=now))
    return objection


def objection_by_id(session: Session, objection_id: str) -> Objection:
    """The objection with this id; DomainError `objection.unknown` otherwise."""
    found = session.get(Objection, objection_id)
    if found is None:
        raise not_found("objection.unknown", N_("There is no such objection."))
    return found


def close(
    session: Session,
    objection: Objection,
    status: ObjectionStatus,
    answer: str,
    answered_by: str | None,
    now: datetime,
) -> None:
    """End an objection, its task and its duty."""
    advance(objection, status, OBJECTION)
    objection.answered_at = now
    objection.answer = answer or None
    objection.answered_by = answered_by
    session.flush()
    messages.settle(session, objection.id, now=now)
    meet(session, objection.tender_id, f"answer {objection.number}", now=now)


def resume_if_free(session: Session, tender: Tender, now: datetime) -> None:
    """Let the tender go on once nothing pauses it any more."""
    if not pausing(session, tender.id):
        resume_tender(session, tender, now=now)
        session.flush()


def _check(session: Session, actor: Actor, tender: Tender, filing: Filing, now: datetime) -> Term:
    own = organisation(session, actor.organisation_id)
    if own.status is not Standing.APPROVED:
        raise forbidden("objection.standing", N_("Your registration is not approved yet."))
    term = term_of(tender, filing.stage, now=now)
    if term is None:
        raise conflict("objection.stage", N_("An objection of this kind is not possible now."))
    if now >= term.until:
        raise late(
            "objection.late",
            N_("The time for this objection has ended. You can turn to the supervising body."),
        )
    bidders = published_bidders(session, tender.id)
    if filing.stage is not ObjectionStage.DOCUMENTS and own.party_id not in bidders:
        raise forbidden(
            "objection.not_a_bidder", N_("Only a bidder of this tender may object at this stage.")
        )
    mine = (each for each in open_objections(session, tender.id))
    if any(e.organisation_id == own.id and e.stage is filing.stage for e in mine):
        raise conflict("objection.open", N_("Your earlier objection is still to be answered."))
    problems = {}
    for name, text in (("facts", filing.facts), ("request", filing.request)):
        if not 2 <= len(text.strip()) <= 4000:
            problems[name] = N_("2 to 4,000 characters.")
    if problems:
        raise invalid("objection.form", N_("Please correct what is marked below."), problems)
    return term


def _next_number(session: Session, tender: Tender) -> str:
    count = session.scalar(
        select(func.count()).select_from(Objection).where(Objection.tender_id == tender.id)
    )
    return f"{tender.number}-Y{(count or 0) + 1:02d}"


def _tell(
    session: Session, tender: Tender, objection: Objection, term: Term, now: datetime
) -> None:
    with speaking("en"):
        article = "; ".join(str(each) for each in term.rule.articles)
    schedule(
        session, subject=tender.id, reference=tender.number, scope=tender.scope,
        code=f"answer {objection.number}"[:60], title=N_("Answer to an objection"),
        article=article[:120], due_at=objection.answer_due,
    )  # fmt: skip
    told: set[str] = set()
    for role in STAFF:
        for person in people_with(session, role, tender.scope):
            if person.id not in told:
                told.add(person.id)
                messages.tell(
                    session, person.id, N_("Answer the objection %(number)s."), now=now,
                    link=f"/tenders/{tender.number}/objections#{objection.id}",
                    subject=objection.id, due_at=objection.answer_due, email=person.email,
                    number=objection.number,
                )  # fmt: skip
