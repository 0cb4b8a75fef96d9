"""What a bidder learns of its own bids: after the candidates notice its scores, never another's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.award.award import awards_of
from evaluation.low_price.due import reviews_of
from evaluation.low_price.models import LowPriceReview
from evaluation.models import Award
from evaluation.panel.review import rejections_of
from evaluation.result.papers import rejected_bid
from evaluation.result.result import evaluations_of
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import not_found
from tender.core.i18n import N_
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.facts import lots_of, tender_by_id
from tender.procedure.models import Lot, Tender, TenderStatus
from tender.publication.models import IssuedDocument

PUBLIC = (TenderStatus.CANDIDATES, TenderStatus.AWARDED, TenderStatus.CONTRACTED)


@dataclass(frozen=True)
class OwnBid:
    """One own bid: ranked, rejected with the reason, or still being judged."""

    lot: Lot
    bid: OpenedBid
    row: dict[str, Any] | None
    steps: list[dict[str, Any]]
    rejected: str
    article: str
    award: Award | None
    review: LowPriceReview | None


@dataclass(frozen=True)
class OwnResult:
    """A bidder's results in one tender, with its letters."""

    tender: Tender
    public: bool
    bids: list[OwnBid]
    letters: list[IssuedDocument]


def own_result(session: Session, actor: Actor, tender_id: str) -> OwnResult:
    """The acting bidder's own results; not found for whoever has no opened bid here."""
    require(actor, Permission.OBJECTION_FILE)
    tender = tender_by_id(session, tender_id)
    shown = tender.status in PUBLIC
    own = [
        _own(session, tender, lot, bid, shown)
        for lot in lots_of(session, tender.id)
        for bid in judged_bids(session, lot.id)
        if bid.organisation_id == actor.organisation_id
    ]
    if not own:
        raise not_found("result.none", N_("You have no opened bid in this tender."))
    letters = select(IssuedDocument).where(
        IssuedDocument.tender_id == tender.id,
        IssuedDocument.recipient_id == actor.organisation_id,
    )
    rows = list(session.scalars(letters.order_by(IssuedDocument.created_at)))
    return OwnResult(tender=tender, public=shown, bids=own, letters=rows)


def _own(session: Session, tender: Tender, lot: Lot, bid: OpenedBid, shown: bool) -> OwnBid:
    result = evaluations_of(session, tender.id).get(lot.id) if shown else None
    rejection = rejections_of(session, tender.id).get(bid.bid_id) if shown else None
    row = next((r for r in result.ranking if r["bid"] == bid.bid_id), None) if result else None
    steps: list[dict[str, Any]]
    steps = next((s["steps"] for s in result.steps if s["bid"] == bid.bid_id), []) if result else []
    out = rejected_bid(tender, bid, rejection) if rejection or not bid.opened else None
    return OwnBid(
        lot=lot,
        bid=bid,
        row=row,
        steps=steps,
        rejected=out.reason if out else "",
        article=out.article if out else "",
        award=awards_of(session, tender.id).get(lot.id),
        review=reviews_of(session, tender.id).get(bid.bid_id),
    )
