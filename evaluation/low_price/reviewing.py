"""The panel's side of a low price review (异常低价审查): opened, answered, voted on, decided.

A computed trigger obliges: any member's press opens the review. The panel's own judgement opens
one only by the majority, like every disputed question (REG art. 53, O87 art. 61). After the
answer, or once its time is over, every member votes with a reason; the bid is invalid if more than
half of all members find that the price is not explained (O87 art. 60).

Whatever happens here is secret until the result: acts enter the ledger as `panel.acted`, which
says nothing but that a panel acted, with a salted digest; the result reveals them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.low_price.due import Watched, minutes_to_explain, watched_bids
from evaluation.low_price.models import LowPriceReview, LowPriceVote, ReviewStatus
from evaluation.low_price.states import REVIEW
from evaluation.models import PanelMember, Rejection
from evaluation.panel.desk import HERE
from evaluation.panel.grounds import LOW_PRICE
from evaluation.panel.notes import note
from evaluation.panel.panel import draw_of, empty_seats, members_of
from evaluation.panel.review import PANEL
from evaluation.panel.seating import member_for
from evaluation.panel.sheets import locked
from tender.accounts.directory import members_of as people_of
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, forbidden, invalid, not_found
from tender.core.i18n import N_
from tender.core.states import advance
from tender.core.wording import plain, say
from tender.procedure.facts import tender_by_id
from tender.procedure.models import Tender, TenderStatus

OPEN, DECIDE = "open", "decide"
LONGEST_MINUTES = 7 * 24 * 60


def reviewing_member(session: Session, actor: Actor, tender_id: str) -> tuple[PanelMember, Tender]:
    """The acting member, while low prices may be reviewed; blind bids only after all sheets."""
    member = member_for(session, actor, tender_id)
    if member.status not in HERE:
        raise forbidden("sheet.not_seated", N_("Confirm first that you take part."))
    tender = tender_by_id(session, tender_id)
    if tender.method_parameters.get("blind") and not locked(session, tender.id):
        raise conflict(
            "low_price.blind",
            N_("Prices are hidden until all technical sheets are submitted. Review them then."),
        )
    return member, tender


def _acting(session: Session, actor: Actor, tender_id: str) -> tuple[PanelMember, Tender]:
    member, tender = reviewing_member(session, actor, tender_id)
    if tender.status is not TenderStatus.OPENED or tender.paused_at is not None:
        raise conflict("low_price.closed", N_("This tender's prices are not being reviewed now."))
    return member, tender


def open_review(
    session: Session,
    actor: Actor,
    tender_id: str,
    bid_id: str,
    *,
    reason: str,
    minutes: int,
    now: datetime,
) -> LowPriceReview | None:
    """Open the review of a bid, or vote to open one by judgement; None while that is no majority.

    `minutes` is the time for the answer, at least the law's.
    """
    member, tender = _acting(session, actor, tender_id)
    found = _watched(session, tender, bid_id, now)
    if found.review is not None:
        raise conflict("low_price.twice", N_("This bid is being reviewed already."))
    least = minutes_to_explain(tender, now=now)
    problems = {}
    if not least <= minutes <= LONGEST_MINUTES:
        problems["minutes"] = N_("At least the time of the law, at most seven days.")
    if not found.triggers and not 2 <= len(reason.strip()) <= 2000:
        problems["reason"] = N_("2 to 2,000 characters.")
    if problems:
        raise invalid(
            "low_price.form", N_("A review needs its reason and enough time to answer."), problems
        )
    _vote(session, member, bid_id, OPEN, yes=True, reason=reason, now=now)
    if not found.triggers and not _majority(session, tender, bid_id, OPEN):
        note(session, tender, "low_price.proposed", now, bid=bid_id, by=member.id)
        return None
    return _open(session, tender, member, found, minutes, now)


def _open(
    session: Session,
    tender: Tender,
    member: PanelMember,
    found: Watched,
    minutes: int,
    now: datetime,
) -> LowPriceReview:
    reasons = [each.reason for each in votes_of(session, tender, found.bid.bid_id, OPEN)]
    due = now + timedelta(minutes=minutes)
    review = LowPriceReview(
        tender_id=tender.id, lot_id=found.lot.id, bid_id=found.bid.bid_id,
        organisation_id=found.bid.organisation_id, status=ReviewStatus.ASKED,
        triggers=[each.step.plain() for each in found.triggers],
        question="\n".join(filter(None, reasons)), opened_at=now, due_at=due, files=[], ledger=[],
    )  # fmt: skip
    session.add(review)
    session.flush()
    seq = note(
        session, tender, "low_price.opened", now, by=member.id, bid=review.bid_id,
        triggers=[each.trigger.value for each in found.triggers], due=due.isoformat(),
    )  # fmt: skip
    review.ledger = [seq]
    for person in people_of(session, review.organisation_id, Role.BIDDER):
        messages.tell(
            session, person.id,
            N_("The panel of %(tender)s asks you to explain your price in writing."), now=now,
            link=f"/low-price/{review.id}", subject=review.id, due_at=due, email=person.email,
            tender=tender.number,
        )  # fmt: skip
    return review


def vote(
    session: Session, actor: Actor, review_id: str, *, explained: bool, reason: str, now: datetime
) -> LowPriceReview:
    """Vote on the answer with a reason; the last member's vote decides."""
    review = session.get(LowPriceReview, review_id)
    if review is None:
        raise not_found("review.unknown", N_("There is no such review."))
    member, tender = _acting(session, actor, review.tender_id)
    if review.decided:
        raise conflict("low_price.decided", N_("This review is decided."))
    if review.status is ReviewStatus.ASKED and now < review.due_at:
        raise conflict(
            "low_price.too_early", N_("The bidder may still answer. Vote after the answer.")
        )
    if not 2 <= len(reason.strip()) <= 2000:
        raise invalid(
            "low_price.reason", N_("A vote needs its reason."),
            {"reason": N_("2 to 2,000 characters.")},
        )  # fmt: skip
    _vote(session, member, review.bid_id, DECIDE, yes=explained, reason=reason, now=now)
    seq = note(
        session, tender, "low_price.voted", now, by=member.id, bid=review.bid_id,
        explained=explained, reason=reason.strip(),
    )  # fmt: skip
    review.ledger = [*review.ledger, seq]
    _decide(session, tender, review, now)
    return review


def votes_of(session: Session, tender: Tender, bid_id: str, stage: str) -> list[LowPriceVote]:
    """The votes of the members that sit now; a replaced member's are void (O87 art. 49)."""
    sitting = [member.id for member in members_of(session, tender.id)]
    query = select(LowPriceVote).where(
        LowPriceVote.bid_id == bid_id, LowPriceVote.stage == stage,
        LowPriceVote.member_id.in_(sitting),
    )  # fmt: skip
    return list(session.scalars(query.order_by(LowPriceVote.voted_at, LowPriceVote.member_id)))


def seats(session: Session, tender: Tender) -> int:
    """How many members the panel has, empty seats among them."""
    made, members = draw_of(session, tender.id), members_of(session, tender.id)
    return len(members) + (empty_seats(made, members) if made is not None else 0)


def _vote(
    session: Session,
    member: PanelMember,
    bid_id: str,
    stage: str,
    *,
    yes: bool,
    reason: str,
    now: datetime,
) -> None:
    if session.get(LowPriceVote, (bid_id, member.id, stage)) is not None:
        raise conflict("low_price.voted", N_("You have voted on this already."))
    session.add(
        LowPriceVote(
            bid_id=bid_id, member_id=member.id, stage=stage, yes=yes, reason=reason.strip(),
            voted_at=now,
        )
    )  # fmt: skip
    session.flush()


def _majority(session: Session, tender: Tender, bid_id: str, stage: str) -> bool:
    yes = sum(each.yes for each in votes_of(session, tender, bid_id, stage))
    return 2 * yes > seats(session, tender)


def _decide(session: Session, tender: Tender, review: LowPriceReview, now: datetime) -> None:
    given, needed = (
        votes_of(session, tender, review.bid_id, DECIDE), seats(session, tender),
    )  # fmt: skip
    if len(given) < needed:
        return
    against = [each for each in given if not each.yes]
    refused = 2 * len(against) > needed
    advance(review, ReviewStatus.REFUSED if refused else ReviewStatus.ACCEPTED, REVIEW)
    review.decided_at = now
    messages.settle(session, review.id, now=now)
    if refused:
        wording = say(
            N_("%(against)s of %(all)s members: %(reasons)s"),
            against=len(against), all=needed, reasons="; ".join(each.reason for each in against),
        )  # fmt: skip
        session.add(
            Rejection(
                bid_id=review.bid_id, tender_id=tender.id, ground=LOW_PRICE,
                reason=wording.text(), wording=plain(wording), decided_by=PANEL, decided_at=now,
            )
        )  # fmt: skip
    session.flush()
    seq = note(
        session, tender, "low_price.decided", now, bid=review.bid_id,
        decision=review.status.value, against=len(against), seats=needed,
    )  # fmt: skip
    review.ledger = [*review.ledger, seq]


def _watched(session: Session, tender: Tender, bid_id: str, now: datetime) -> Watched:
    for each in watched_bids(session, tender, now=now):
        if each.bid.bid_id == bid_id:
            return each
    raise not_found("low_price.bid", N_("This bid's price is not reviewed in this tender."))
