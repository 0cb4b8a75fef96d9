"""Withdrawing a bid before the deadline (撤回, TBL art. 29), and hiding how many there are."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import entries
from tender.accounts.permissions import Permission, require
from tender.bids.models import BidStatus, SealedBid
from tender.bids.submission import check_open, signing_certificate
from tender.core.actor import SYSTEM, Actor
from tender.core.clock import Clock
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.ledger.signing import signing_key
from tender.procedure.models import Lot, LotStatus

CHANCE = random.SystemRandom().random
STATEMENT = frozenset({"v", "opening", "bidder", "bid", "sequence", "signature"})


def withdraw_bid(
    session: Session,
    actor: Actor,
    bid_id: str,
    statement: dict[str, Any],
    *,
    clock: Clock,
    settings: Settings,
) -> dict[str, Any]:
    """Withdraw the standing bid; gives the receipt of the withdrawal.

    The bidder signs `withdraw/v1 {v, opening, bidder, bid, sequence}`, so that no operator can
    void a bid: without this statement a withdrawal cannot be defended.
    """
    bid = session.get(SealedBid, bid_id)
    require(actor, Permission.BID_WITHDRAW, on=bid)
    if bid is None:
        raise not_found("bid.unknown", N_("There is no such bid."))
    now = ledger.not_before_last(session, clock.now())
    check_open(session.get_one(Lot, bid.lot_id), now)
    if bid.status is not BidStatus.PENDING:
        raise conflict("bid.not_standing", N_("This bid does not stand any more. Reload the page."))
    wanted = {
        "v": "withdraw/v1",
        "opening": bid.opening_id,
        "bidder": bid.party_id,
        "bid": bid.id,
        "sequence": bid.sequence,
    }
    if set(statement) != STATEMENT or any(statement[name] != wanted[name] for name in wanted):
        raise invalid(
            "withdrawal.form", N_("The withdrawal does not name this bid. Reload the page.")
        )
    signing_certificate(session, actor.organisation_id, statement)
    entry = ledger.append(
        session,
        "bid.withdrawn",
        subject=bid.lot_id,
        actor=bid.party_id,
        now=now,
        fields={name: wanted[name] for name in ("opening", "bid", "bidder", "sequence")},
        private={"statement": statement},
        hidden_by=bid.opening_id,
    )
    bid.status = BidStatus.WITHDRAWN
    bid.withdrawn_at = now
    return entries.make_receipt(entry, signing_key(settings))


def add_fillers(
    session: Session,
    *,
    now: datetime,
    rate: Callable[[str], float],
    chance: Callable[[], float] = CHANCE,
) -> int:
    """Append blind filler lines for open lots, so that their number of bids stays hidden.

    `rate` gives the secret probability of a filler in this call for an opening. A filler looks
    like a bid's leaf and is revealed with them. Gives how many were added.
    """
    added = 0
    query = select(Lot).where(Lot.status == LotStatus.OPEN, Lot.opening_id.is_not(None))
    for lot in session.scalars(query):
        if lot.opening_id is not None and chance() < rate(lot.opening_id):
            ledger.append(
                session,
                "filler",
                subject=lot.id,
                actor=SYSTEM,
                now=now,
                fields={"opening": lot.opening_id},
                hidden_by=lot.opening_id,
            )
            added += 1
    return added
