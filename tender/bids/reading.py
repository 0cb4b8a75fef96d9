"""A bidder's own bids; nobody else's are read here before the opening."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tender.bids.models import BidStatus, SealedBid
from tender.core.actor import Actor
from tender.core.errors import not_found
from tender.core.i18n import N_


def own_bid(session: Session, actor: Actor, bid_id: str) -> SealedBid:
    """One of the actor's own bids; DomainError `bid.unknown` for anybody else's."""
    bid = session.get(SealedBid, bid_id)
    if bid is None or bid.organisation_id != actor.organisation_id:
        raise not_found("bid.unknown", N_("There is no such bid."))
    return bid


def own_bids(session: Session, actor: Actor, opening_id: str | None = None) -> list[SealedBid]:
    """The actor's bids, newest first; of one opening if it is given."""
    query = select(SealedBid).where(SealedBid.organisation_id == actor.organisation_id)
    if opening_id is not None:
        query = query.where(SealedBid.opening_id == opening_id)
    return list(session.scalars(query.order_by(SealedBid.ledger_seq.desc()).limit(200)))


def standing_bid(session: Session, actor: Actor, opening_id: str) -> SealedBid | None:
    """The actor's bid that counts now, if any."""
    return next(
        (b for b in own_bids(session, actor, opening_id) if b.status is BidStatus.PENDING), None
    )


def next_sequence(session: Session, actor: Actor, opening_id: str) -> int:
    """The sequence that the actor's next bid must have."""
    last = session.scalar(
        select(func.max(SealedBid.sequence)).where(
            SealedBid.opening_id == opening_id,
            SealedBid.organisation_id == actor.organisation_id,
        )
    )
    return (last or 0) + 1
