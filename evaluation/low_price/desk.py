"""What a panel's member, or staff, see of the low price reviews of a tender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from evaluation.low_price.due import (
    Watched,
    minutes_to_explain,
    reviews_of,
    shares_of,
    watched_bids,
)
from evaluation.low_price.models import LowPriceVote, ReviewStatus
from evaluation.low_price.reviewing import DECIDE, OPEN, reviewing_member, seats, votes_of
from evaluation.models import PanelMember
from evaluation.panel.sheets import locked
from tender.core.actor import Actor
from tender.procedure.facts import pricing_of
from tender.procedure.models import Tender, TenderStatus


@dataclass(frozen=True)
class Row:
    """One bid on the page; `votes` are shown once the review is decided, `cast` is one's own."""

    watched: Watched
    basis: str
    proposed: int
    own_proposal: bool
    cast: LowPriceVote | None
    given: int
    may_vote: bool
    votes: list[tuple[int, LowPriceVote]]


@dataclass(frozen=True)
class PriceDesk:
    """The page of a member: every compliant bid by price, what is due, what is decided."""

    tender: Tender
    rows: list[Row]
    applies: bool
    to_check: bool
    acting: bool
    minutes: int
    seats: int


@dataclass(frozen=True)
class Overseen:
    """What staff see: how many wait; each review's state; its content once sheets are open."""

    due: int
    rows: list[Row]
    open: bool


def price_desk(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> PriceDesk:
    """The low prices as one member of the panel sees them."""
    member, tender = reviewing_member(session, actor, tender_id)
    shares = shares_of(tender, now=now)
    return PriceDesk(
        tender=tender,
        rows=[
            _row(session, tender, each, member, now)
            for each in watched_bids(session, tender, now=now)
        ],
        applies=shares is not None,
        to_check=shares is not None and shares.to_check,
        acting=tender.status is TenderStatus.OPENED and tender.paused_at is None,
        minutes=minutes_to_explain(tender, now=now) if shares is not None else 0,
        seats=seats(session, tender),
    )


def overseen(session: Session, tender: Tender, *, now: datetime) -> Overseen:
    """The low prices as staff and supervision see them; the caller has checked who asks."""
    found = watched_bids(session, tender, now=now)
    shut = locked(session, tender.id)
    rows = [_row(session, tender, each, None, now) for each in found if each.review is not None]
    due = sum(each.due for each in found) if tender.status is TenderStatus.OPENED else 0
    return Overseen(due=due, rows=rows, open=shut)


def waiting(session: Session, tender: Tender, *, now: datetime) -> bool:
    """Whether a price waits for its review, for whoever needs no more than that."""
    return any(each.due for each in watched_bids(session, tender, now=now)) or any(
        not review.decided for review in reviews_of(session, tender.id).values()
    )


def _row(
    session: Session, tender: Tender, each: Watched, member: PanelMember | None, now: datetime
) -> Row:
    bid, review = each.bid.bid_id, each.review
    proposals = votes_of(session, tender, bid, OPEN)
    given = votes_of(session, tender, bid, DECIDE)
    own = member.id if member is not None else ""
    cast = next((vote for vote in given if vote.member_id == own), None)
    answered = review is not None and (
        review.status is ReviewStatus.ANSWERED
        or (review.status is ReviewStatus.ASKED and now >= review.due_at)
    )
    decided = review is not None and review.decided
    positions = {vote.member_id: session.get_one(PanelMember, vote.member_id) for vote in given}
    return Row(
        watched=each,
        basis=pricing_of(each.lot).wording().text(),
        proposed=len(proposals),
        own_proposal=any(vote.member_id == own for vote in proposals),
        cast=cast,
        given=len(given),
        may_vote=answered and cast is None and not decided,
        votes=[(positions[vote.member_id].position, vote) for vote in given] if decided else [],
    )
