"""Questions on the documents (澄清), and answers that everybody reads."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.procedure.facts import public_facts, tender_by_id
from tender.procedure.models import Question, Tender
from tender.procedure.notices import plain_notice
from tender.procedure.publishing.postponing import require_running
from tender.publication.models import Notice, NoticeKind
from tender.publication.papers.parts import Block
from tender.publication.service import publish


def ask(session: Session, actor: Actor, tender_id: str, text: str, *, now: datetime) -> Question:
    """Ask a question on the documents; who asked is told to nobody before the deadline."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.QUESTION_ASK)
    require_running(tender, now)
    if tender.questions_until is not None and now >= tender.questions_until:
        raise conflict("question.late", N_("The time for questions has ended."))
    if not 4 <= len(text.strip()) <= 4000:
        raise invalid(
            "question.text", N_("Write your question in 4 to 4,000 characters."),
            {"text": N_("4 to 4,000 characters.")},
        )  # fmt: skip
    question = Question(
        tender_id=tender.id, asked_by=actor.organisation_id, text=text.strip(), asked_at=now
    )
    session.add(question)
    session.flush()
    return question


def answer(
    session: Session,
    actor: Actor,
    settings: Settings,
    question_id: str,
    text: str,
    *,
    now: datetime,
) -> Notice:
    """Answer a question to all, without the asker's name (TBL art. 22, 23)."""
    question = session.get(Question, question_id)
    tender = tender_by_id(session, question.tender_id if question else "")
    require(actor, Permission.CLARIFICATION_ANSWER, on=tender)
    if question is None or question.answered_at is not None:
        raise conflict("question.answered", N_("This question has been answered."))
    if not text.strip():
        raise invalid("answer.text", N_("Write an answer."), {"text": N_("Required.")})
    question.answer = text.strip()
    question.answered_at = now
    question.answered_by = actor.person_id
    with speaking("zh"):
        title = gettext(N_("%(title)s: clarification"), title=tender.title)
    rows = ((N_("Question"), question.text), (N_("Answer"), question.answer))
    content = plain_notice(
        tender, NoticeKind.CLARIFICATION, title, [Block(heading=title, rows=rows)],
        sections={"tender": {"enquiries": _enquiries(session, tender)}},
    )  # fmt: skip
    facts = public_facts(session, tender, now=now)
    return publish(session, settings, facts, content, actor_id=actor.person_id, now=now)


def _enquiries(session: Session, tender: Tender) -> list[dict[str, str]]:
    answered = select(Question).where(
        Question.tender_id == tender.id, Question.answered_at.is_not(None)
    )
    return [
        {"id": each.id, "description": each.text, "answer": each.answer or ""}
        for each in session.scalars(answered.order_by(Question.answered_at))
    ]
