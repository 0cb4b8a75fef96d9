"""Answering an objection: upheld or not, published to all without the objector's name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tender.accounts.directory import members_of
from tender.accounts.permissions import Permission, require
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import invalid
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.objections.filing import close, objection_by_id, resume_if_free
from tender.objections.models import Objection, ObjectionStage, ObjectionStatus
from tender.objections.terms import STAGE_NAMES
from tender.procedure.duties import RESULT_DUTIES
from tender.procedure.facts import public_facts, tender_by_id
from tender.procedure.models import Tender, TenderStatus
from tender.procedure.notices import plain_notice
from tender.procedure.states import TENDER
from tender.publication.models import NoticeKind
from tender.publication.papers.parts import Block
from tender.publication.service import publish
from tender.supervision.milestones import fall

UPHELD = N_("The objection is upheld.")
REJECTED = N_("The objection is not upheld.")


def answer_objection(
    session: Session,
    actor: Actor,
    settings: Settings,
    objection_id: str,
    answer: str,
    *,
    upheld: bool,
    now: datetime,
) -> Objection:
    """Answer an objection; the tender goes on, or back to the evaluation if its result falls.

    The answer is published with what was objected, the objector not named.
    """
    objection = objection_by_id(session, objection_id)
    require(actor, Permission.OBJECTION_ANSWER, on=_Within(objection.scope))
    if not 2 <= len(answer.strip()) <= 4000:
        raise invalid(
            "objection.answer", N_("Write your answer in 2 to 4,000 characters."),
            {"answer": N_("2 to 4,000 characters.")},
        )  # fmt: skip
    status = ObjectionStatus.UPHELD if upheld else ObjectionStatus.REJECTED
    close(session, objection, status, answer.strip(), actor.person_id, now)
    tender = tender_by_id(session, objection.tender_id)
    ledger.append(
        session, "objection.answered", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number, "number": objection.number, "upheld": upheld},
        private={"answer": objection.answer},
    )  # fmt: skip
    resume_if_free(session, tender, now)
    if upheld and objection.stage is ObjectionStage.CANDIDATES:
        back_to_evaluation(session, tender, now=now)
    _publish(session, actor, settings, tender, objection, now)
    for person in members_of(session, objection.organisation_id, Role.BIDDER):
        messages.tell(
            session, person.id, N_("Your objection %(number)s is answered."), now=now,
            link=f"/tenders/{tender.number}/objections#{objection.id}", subject=objection.id,
            email=person.email, number=objection.number,
        )  # fmt: skip
    return objection


def back_to_evaluation(session: Session, tender: Tender, *, now: datetime) -> None:
    """The published result has fallen: the bids are evaluated again, a new notice follows."""
    if tender.status is TenderStatus.CANDIDATES:
        advance(tender, TenderStatus.EVALUATED, TENDER)
        tender.standstill_from = tender.standstill_until = None
        fall(session, tender.id, RESULT_DUTIES, now=now)
        session.flush()


class _Within:
    """The objection's place alone: staff answer by scope, whoever filed it."""

    def __init__(self, scope: str) -> None:
        self.scope = scope


def _publish(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender: Tender,
    objection: Objection,
    now: datetime,
) -> None:
    with speaking("zh"):
        title = gettext(
            N_("%(title)s: answer to objection %(number)s"),
            title=tender.title, number=objection.number,
        )  # fmt: skip
        result = UPHELD if objection.status is ObjectionStatus.UPHELD else REJECTED
        rows = (
            (gettext(N_("Objection")), gettext(STAGE_NAMES[objection.stage])),
            (gettext(N_("Matters and facts")), objection.facts),
            (gettext(N_("Request")), objection.request),
            (gettext(N_("Result")), gettext(result)),
            (gettext(N_("Answer")), objection.answer or ""),
        )
    content = plain_notice(tender, NoticeKind.OBJECTION, title, [Block(heading=title, rows=rows)])
    facts = public_facts(session, tender, now=now)
    publish(session, settings, facts, content, actor_id=actor.person_id, now=now)
