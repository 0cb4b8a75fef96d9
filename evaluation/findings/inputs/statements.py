"""What the screens take from the bids' statements (投标声明), and which of them cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.panel.partners import bidder_named, consortium_pairs
from keys.bid_statement import NAME, BidStatement
from tender.core.settings import Settings
from tender.opening.results import OpenedBid
from tender.opening.stated import stated_in


def statements_of(settings: Settings, bids: Sequence[OpenedBid]) -> dict[str, BidStatement]:
    """The bids' statements by bid id, as far as they can be read."""
    read = ((bid.bid_id, stated_in(settings.store, bid).statement) for bid in bids)
    return {bid_id: statement for bid_id, statement in read if statement is not None}


def unread_statements(settings: Settings, bids: Sequence[OpenedBid]) -> list[tuple[str, str, str]]:
    """Statements that cannot be read: whose, the file's name, why."""
    read = ((bid.organisation_id, stated_in(settings.store, bid).problem) for bid in bids)
    return [(owner, NAME, problem) for owner, problem in read if problem]


def partner_pairs(settings: Settings, bids: Sequence[OpenedBid]) -> frozenset[frozenset[str]]:
    """Bidders of whom one states the other as its consortium's member or its subcontractor.

    Their names stand in each other's files for that reason.
    """
    pairs = set()
    held = statements_of(settings, bids)
    for bid in bids:
        own = held.get(bid.bid_id)
        for partner in (*own.consortium, *own.subcontracts) if own else ():
            found = bidder_named(partner, [each for each in bids if each.bid_id != bid.bid_id])
            if found is not None:
                pairs.add(frozenset({bid.organisation_id, found.organisation_id}))
    return frozenset(pairs) | consortium_pairs(bids, held)
