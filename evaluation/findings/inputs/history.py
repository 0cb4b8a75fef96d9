"""This platform's past (历史数据): opened lots as price tables and as rows of the networks.

The loader reads what the openings wrote and nothing else: a lot counts once it is opened with at
least two known prices. Prices are totals over quantity and term in yuan, so that a lease per mu
and year and one in total can stand in one market. Who won is the award's, and before an award the
best price, which is noted as unsettled and read again later.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from evaluation.models import Award
from tender.bids.models import SealedBid
from tender.core.shanghai import SHANGHAI
from tender.opening.models import Opening, OpeningStatus, VerdictRow
from tender.procedure.facts import pricing_of
from tender.procedure.law.kinds import Direction, Kind
from tender.procedure.models import Lot, Tender

MOST_PAST = 4000
_KINDS = list(Kind)


@dataclass(frozen=True)
class PastLot:
    """One opened lot: `bids` are (organisation, bid id, total in yuan); `seq` is its opening's."""

    lot: Lot
    tender: Tender
    seq: int
    at: datetime
    bids: tuple[tuple[str, str, float], ...]
    winner: str | None  # the awarded bid's id

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.tender.number} / {self.lot.number}"


def opened_lots(
    session: Session,
    *,
    after: int = -1,
    upto: int | None = None,
    names: Collection[str] = (),
    tenders: Sequence[Any] = (),
    most: int | None = None,
) -> list[PastLot]:
    """Lots opened after a ledger number (and those of the tenders named), newest first."""
    numbers = {name.rsplit(" / ", 1)[0] for name in names}
    query = (
        select(Opening, Lot, Tender)
        .join(Lot, Lot.id == Opening.lot_id)
        .join(Tender, Tender.id == Opening.tender_id)
        .where(Opening.status == OpeningStatus.PERFORMED, *tenders)
        .where(or_(Opening.performed_seq > after, Tender.number.in_(numbers)))
        .order_by(Opening.performed_seq.desc())
    )
    if upto is not None:
        query = query.where(Opening.performed_seq <= upto)
    rows = list(session.execute(query.limit(most) if most else query))
    prices = _prices(session, [opening.opening_id for opening, _, _ in rows])
    awarded = session.execute(select(Award.lot_id, Award.bid_id))
    awards = {row.lot_id: row.bid_id for row in awarded}
    found = []
    for opening, lot, tender in rows:
        pricing = pricing_of(lot)
        bids = tuple(
            (owner, bid, pricing.total(fen) / 100) for owner, bid, fen in prices[opening.opening_id]
        )
        at = opening.performed_at or opening.closed_at
        found.append(PastLot(lot, tender, opening.performed_seq or 0, at, bids, awards.get(lot.id)))
    return [past for past in found if len(past.bids) > 1]


def _prices(session: Session, openings: Sequence[str]) -> dict[str, list[tuple[str, str, int]]]:
    """Known prices by opening; asked in portions, because a database takes so many names."""
    found: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for start in range(0, len(openings), 500):
        query = (
            select(
                VerdictRow.opening_id, SealedBid.organisation_id, SealedBid.id, VerdictRow.price_fen
            )
            .join(SealedBid, SealedBid.id == VerdictRow.bid_id)
            .where(VerdictRow.opening_id.in_(openings[start : start + 500]))
            .order_by(SealedBid.ledger_seq)
        )
        for opening, owner, bid, fen in session.execute(query):
            if fen:
                found[opening].append((owner, bid, fen))
    return found


def seq_of(session: Session, lot: Lot) -> int:
    """The ledger number of a lot's opening."""
    return session.scalar(select(Opening.performed_seq).where(Opening.lot_id == lot.id)) or 0


def price_table(past: PastLot) -> dict[str, Any]:
    """A lot as the price screens take it, plain values."""
    limit = past.lot.limit_fen
    return {
        "tender": past.name,
        "prices": [price for _, _, price in past.bids],
        "bidders": [owner for owner, _, _ in past.bids],
        "estimate": pricing_of(past.lot).total(limit) / 100 if limit else None,
        "day": float(past.at.astimezone(SHANGHAI).date().toordinal()),
    }


def market_before(session: Session, lot: Lot, tender: Tender) -> list[dict[str, Any]]:
    """Tables of lots of the same kind and direction that were opened before this one."""
    same = (Tender.kind == tender.kind, Tender.direction == tender.direction)
    before = opened_lots(
        session, upto=seq_of(session, lot) - 1, tenders=same, most=MOST_PAST
    )  # fmt: skip
    return [price_table(past) for past in before if past.tender.id != tender.id]


def network_rows(lots: Iterable[PastLot]) -> list[dict[str, Any]]:
    """Lots as the networks take them: area (township), kind, size, year, day, bids."""
    return [_network_row(past) for past in lots]


def _network_row(past: PastLot) -> dict[str, Any]:
    day = past.at.astimezone(SHANGHAI).date()
    highest = past.tender.direction is Direction.DISPOSAL
    best = (max if highest else min)(past.bids, key=lambda bid: bid[2])[1]
    winner = past.winner or best
    middle = sorted(price for _, _, price in past.bids)[len(past.bids) // 2]
    place = past.tender.scope.strip("/").split("/")
    return {
        "id": past.name,
        "area": place[1] if len(place) > 1 else place[0],
        "kind": _KINDS.index(past.tender.kind),
        "size": max(0, min(15, int(math.log10(max(middle, 1.0))))),
        "year": day.year,
        "day": day.toordinal(),
        "settled": past.winner is not None,
        "bids": [[owner, price, int(bid == winner)] for owner, bid, price in past.bids],
    }
