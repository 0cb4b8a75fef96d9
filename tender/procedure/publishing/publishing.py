"""Publishing and what may follow: clarification, postponement, cancellation, pauses.

A published act is never edited; each change is a new act with a notice of its own.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import encoding
from tender.accounts.permissions import Permission, require
from tender.core.actor import SYSTEM, Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.procedure.custody import custody
from tender.procedure.drafting.drafting import problems_of
from tender.procedure.duties import set_duties
from tender.procedure.facts import lots_of, public_facts, tender_by_id
from tender.procedure.models import LotStatus, Question, Tender, TenderStatus
from tender.procedure.notices import paper_steps, plain_notice, tender_notice
from tender.procedure.publishing.retendering import announce
from tender.procedure.states import LOT, TENDER
from tender.procedure.timeline.calendar import day_of, ends
from tender.procedure.timeline.timeline import INSTANT
from tender.publication.models import Notice, NoticeKind
from tender.publication.parts import Block
from tender.publication.service import publish
from tender.supervision.milestones import end, hold, release


def publish_tender(
    session: Session, actor: Actor, settings: Settings, tender_id: str, *, now: datetime
) -> Notice:
    """Publish the tender notice: from now on bids are taken.

    Every opening record must be accepted by every custodian, and every date must still be lawful
    today. Notice, release, ledger entry and the PDF's order are one transaction.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_PUBLISH, on=tender)
    lots = lots_of(session, tender.id)
    if tender.status is TenderStatus.APPROVED and not custody.accepted(session, lots):
        raise conflict(
            "tender.not_accepted",
            N_("Not every key custodian has accepted yet. Wait a moment, or call those named."),
        )
    problems = problems_of(session, tender, now=now)
    if problems:
        raise invalid("tender.unlawful", "%(problem)s", problem=problems[0].text())
    advance(tender, TenderStatus.PUBLISHED, TENDER)
    tender.published_at = now
    tender.documents_from = now
    tender.changed_at = now
    for lot in lots:
        advance(lot, LotStatus.OPEN, LOT)
    session.flush()
    url = f"{settings.public_url}/tenders/{tender.number}"
    content = tender_notice(session, tender, now=now, url=url)
    notice = publish(
        session, settings, public_facts(session, tender, now=now), content,
        actor_id=actor.person_id, now=now,
    )  # fmt: skip
    set_duties(session, tender, now=now)
    announce(session, actor, settings, tender, now=now)
    return notice


def move_deadline(
    session: Session, actor: Actor, tender: Tender, deadline: datetime, *, now: datetime
) -> None:
    """Write a later deadline, and tell the custodians' agents through the ledger.

    The caller has checked that bids are taken and that the moment is later, and publishes it.
    """
    if tender.bond_until == tender.deadline:
        tender.bond_until = deadline.replace(microsecond=0)
    tender.deadline = deadline.replace(microsecond=0)
    tender.changed_at = now
    set_duties(session, tender, now=now)
    for lot in lots_of(session, tender.id):
        if lot.status is LotStatus.OPEN:
            ledger.append(
                session, "opening.postponed", subject=tender.id, actor=actor.person_id, now=now,
                fields={"opening": lot.opening_id, "deadline": encoding.timestamp(tender.deadline)},
            )  # fmt: skip


def postpone(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    deadline: datetime,
    reason: str,
    *,
    now: datetime,
) -> Notice:
    """Move the deadline, and with it the opening, to a later time.

    Nothing is postponed once the deadline has passed, and nothing is ever brought forward.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_AMEND, on=tender)
    require_running(tender, now)
    if tender.deadline is None or deadline <= tender.deadline:
        raise invalid(
            "postpone.earlier",
            N_("A deadline can only be moved to a later time."),
            {"deadline": N_("Choose a time after the present deadline.")},
        )
    if not reason.strip():
        raise invalid("postpone.reason", N_("Say why."), {"reason": N_("Required.")})
    before = tender.deadline
    move_deadline(session, actor, tender, deadline, now=now)
    rows = (
        (N_("Deadline until now"), encoding.timestamp(before)),
        (N_("New deadline and opening"), encoding.timestamp(deadline.replace(microsecond=0))),
        (N_("Reason"), reason.strip()),
    )
    with speaking("zh"):
        title = gettext(N_("%(title)s: the deadline is postponed"), title=tender.title)
        content = plain_notice(
            tender, NoticeKind.POSTPONEMENT, title, [Block(heading=title, rows=rows)],
            steps=paper_steps(tender, now),
        )  # fmt: skip
    facts = public_facts(session, tender, now=now)
    return publish(session, settings, facts, content, actor_id=actor.person_id, now=now)


def cancel(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    reason: str,
    *,
    now: datetime,
) -> Notice | None:
    """Terminate a tender (终止): its bids stay sealed for ever."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_CANCEL, on=tender)
    if not reason.strip():
        raise invalid("cancel.reason", N_("Say why."), {"reason": N_("Required.")})
    public = tender.published_at is not None
    advance(tender, TenderStatus.CANCELLED, TENDER)
    tender.changed_at = now
    end(session, tender.id, now=now)
    for lot in lots_of(session, tender.id):
        if lot.status in (LotStatus.PREPARED, LotStatus.OPEN):
            custody.void_record(session, lot, now=now)
        if lot.status not in (LotStatus.AWARDED, LotStatus.FAILED):
            advance(lot, LotStatus.CANCELLED, LOT)
    ledger.append(
        session, "tender.cancelled", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number},
    )  # fmt: skip
    if not public:
        return None
    with speaking("zh"):
        title = gettext(N_("%(title)s: the tender is terminated"), title=tender.title)
    block = Block(heading=title, rows=((N_("Reason"), reason.strip()),))
    content = plain_notice(
        tender, NoticeKind.CANCELLATION, title, [block], tag="tenderCancellation",
        sections={"tender": {"status": "cancelled"}},
    )  # fmt: skip
    facts = public_facts(session, tender, now=now)
    return publish(session, settings, facts, content, actor_id=actor.person_id, now=now)


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


def require_running(tender: Tender, now: datetime) -> None:
    """Refuse what is possible only while bids are taken."""
    if tender.status is not TenderStatus.PUBLISHED or (tender.deadline and now >= tender.deadline):
        raise conflict("tender.not_running", N_("The deadline has passed or bids are not taken."))
