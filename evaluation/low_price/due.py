"""Which bids of a tender must be, are or were reviewed for a low price, from what is known now.

The shares are those in force on the day of the notice. Compliant bids are those that were not
rejected for another ground, lie within the limit and, once all sheets are submitted, were not
failed by the majority. A bid that a review made invalid had complied, so it still counts where
others' prices are compared: one decision does not change what the next is measured by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.low_price.models import LowPriceReview
from evaluation.low_price.rules import Review, Thresholds, check_raised, reviews, thresholds
from evaluation.models import Rejection
from evaluation.panel.grounds import LOW_PRICE
from evaluation.panel.review import failed_by_majority, rejections_of
from evaluation.panel.sheets import locked, locked_sheets
from tender.core.errors import conflict
from tender.core.i18n import N_
from tender.opening.results import OpenedBid, opened_bids
from tender.procedure.facts import lots_of
from tender.procedure.law.law import law
from tender.procedure.local_law.binding import overrides_of
from tender.procedure.models import Lot, LotStatus, Tender
from tender.procedure.pricing import check_price
from tender.procedure.timeline.calendar import day_of

RAISED = "low_price_percent"  # of the method's parameters: the documents' own, higher share


@dataclass(frozen=True)
class Watched:
    """One compliant bid with the triggers that its price pulls and its review, if there is one."""

    lot: Lot
    bid: OpenedBid
    triggers: tuple[Review, ...]
    review: LowPriceReview | None

    @property
    def due(self) -> bool:
        """Whether the law asks for a review that is not decided yet, or one is under way."""
        if self.review is not None:
            return not self.review.decided
        return bool(self.triggers)


def shares_of(tender: Tender, *, now: datetime) -> Thresholds | None:
    """The shares that bind a tender; None where no rule of the kind was in force."""
    on, overrides = day_of(tender.published_at or tender.created_at), overrides_of(tender, now=now)
    stated = tender.method_parameters.get(RAISED)
    raised = Fraction(str(stated)) / 100 if stated is not None else None
    found = thresholds(law(), tender.kind.value, on, overrides=overrides)
    if found is None or raised is None:
        return found
    if check_raised(law(), tender.kind.value, raised, on, overrides) is not None:
        return found
    return thresholds(law(), tender.kind.value, on, raised=raised, overrides=overrides)


def minutes_to_explain(tender: Tender, *, now: datetime) -> int:
    """The least time that a bidder gets to explain, in minutes."""
    rule = law().lookup(
        tender.kind.value, "low_price_explanation",
        on=day_of(tender.published_at or tender.created_at),
        overrides=overrides_of(tender, now=now),
    )  # fmt: skip
    return rule.required.whole


def reviews_of(session: Session, tender_id: str) -> dict[str, LowPriceReview]:
    """A tender's reviews by bid."""
    query = select(LowPriceReview).where(LowPriceReview.tender_id == tender_id)
    return {row.bid_id: row for row in session.scalars(query.order_by(LowPriceReview.opened_at))}


def watched_bids(session: Session, tender: Tender, *, now: datetime) -> list[Watched]:
    """Every compliant bid of the opened lots by price, with triggers and reviews."""
    shares = shares_of(tender, now=now)
    if shares is None:
        return []
    out = {
        bid: row
        for bid, row in rejections_of(session, tender.id).items()
        if row.ground != LOW_PRICE
    }
    failed = set(out) | _failed(session, tender)
    known = reviews_of(session, tender.id)
    found: list[Watched] = []
    for lot in lots_of(session, tender.id):
        if lot.status is LotStatus.OPENED:
            bids = [bid for bid in opened_bids(session, lot.id) if bid.bid_id not in failed]
            found += _watched(tender, lot, bids, shares, known)
    return found


def _watched(
    tender: Tender,
    lot: Lot,
    bids: list[OpenedBid],
    shares: Thresholds,
    known: Mapping[str, LowPriceReview],
) -> list[Watched]:
    prices = {
        bid.bid_id: bid.price_fen
        for bid in bids
        if bid.price_fen is not None
        and check_price(tender.direction, bid.price_fen, lot.limit_fen) is None
    }
    pulled = reviews(prices, shares, ceiling_fen=lot.limit_fen)
    ordered = sorted((bid for bid in bids if bid.bid_id in prices), key=lambda b: prices[b.bid_id])
    return [
        Watched(
            lot,
            bid,
            tuple(each for each in pulled if each.bid == bid.bid_id),
            known.get(bid.bid_id),
        )
        for bid in ordered
    ]


def _failed(session: Session, tender: Tender) -> set[str]:
    if not locked(session, tender.id):
        return set()
    return set(failed_by_majority(session, tender, locked_sheets(session, tender.id)))


def require_reviewed(session: Session, tender: Tender, *, now: datetime) -> None:
    """Refuse to rank while a low price still waits for its review (O87 art. 60)."""
    rejected: Mapping[str, Rejection] = rejections_of(session, tender.id)
    waiting = [
        each.bid.name
        for each in watched_bids(session, tender, now=now)
        if each.due and each.bid.bid_id not in rejected
    ]
    if waiting:
        raise conflict(
            "low_price.open",
            N_(
                "The panel must first review the low price of %(names)s. Ask its members to open "
                "or to decide the review; without a panel, draw one."
            ),
            names=", ".join(waiting),
        )
