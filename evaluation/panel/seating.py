"""A drawn expert's answer: the seat taken, or given up with a reason and filled from the order."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import MemberStatus, PanelMember
from evaluation.panel.panel import ANSWER_WITHIN, compute, drawn_of, seat, write_order
from evaluation.states import MEMBER
from tender.accounts.permissions import Permission, require
from tender.core import messages
from tender.core.actor import Actor
from tender.core.errors import invalid, not_found
from tender.core.i18n import N_
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.procedure.facts import tender_by_id
from tender.procedure.models import Tender


def member_for(session: Session, actor: Actor, tender_id: str) -> PanelMember:
    """The acting expert's own seat; not found for anybody else, so that seats stay secret."""
    member = session.scalar(
        select(PanelMember).where(
            PanelMember.tender_id == tender_id, PanelMember.person_id == actor.person_id
        )
    )
    if member is None:
        raise not_found("panel.not_a_member", N_("You are not asked to evaluate this tender."))
    require(actor, Permission.SHEET_SCORE, on=member)
    return member


def confirm(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> PanelMember:
    """Take the seat: the expert states that nothing bars him (回避承诺)."""
    member = member_for(session, actor, tender_id)
    advance(member, MemberStatus.SEATED, MEMBER)
    member.seated_at = now
    messages.settle(session, tender_id, now=now, person_id=actor.person_id)
    tender = tender_by_id(session, tender_id)
    _log_member(session, tender, member, "panel.member_seated", now)
    messages.tell(
        session, member.person_id, N_("Score the bids of %(tender)s."), now=now,
        link=f"/panel/{tender.id}", subject=tender.id, due_at=now + 3 * ANSWER_WITHIN,
        tender=tender.number,
    )  # fmt: skip
    return member


def decline(
    session: Session, actor: Actor, tender_id: str, reason: str, *, recused: bool, now: datetime
) -> None:
    """Give the seat up, with the reason; the next in the order of the draw is asked.

    A replaced member's opinions are void (O87 art. 49): the marks are not counted.
    """
    member = member_for(session, actor, tender_id)
    if not 2 <= len(reason.strip()) <= 1000:
        raise invalid(
            "panel.reason", N_("Say why you cannot take part."), {"reason": N_("Required.")}
        )
    advance(member, MemberStatus.RECUSED if recused else MemberStatus.DECLINED, MEMBER)
    member.reason = reason.strip()
    session.flush()
    messages.settle(session, tender_id, now=now, person_id=actor.person_id)
    tender = tender_by_id(session, tender_id)
    made = drawn_of(session, tender)
    _log_member(session, tender, member, "panel.member_left", now)
    drawn = compute(session, made, tender, on=made.drawn_at or now)
    write_order(made, drawn)
    seat(session, tender, made, drawn, now)


def _log_member(
    session: Session, tender: Tender, member: PanelMember, event: str, now: datetime
) -> None:
    """An act of a member: under the seat's random id, because the person is secret."""
    ledger.append(
        session, event, subject=tender.id, actor=member.id, now=now,
        fields={"tender": tender.number, "seat": member.position},
    )  # fmt: skip
