"""What the demo's bidders offer: invented once, and as irregular as an honest market.

Prices in steps, or equally far from the limit in every lot, are what the collusion screens look
for; the demo's honest bidders must not look like a ring. Nothing is drawn at run time: the same
bidder always asks the same for the same lot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MILLION = 1_000_000
OVER_RESERVE = (15_000, 320_000)  # parts per million above the reserve of a disposal
UNDER_CEILING = (12_000, 135_000)  # parts per million below the ceiling of a purchase


@dataclass(frozen=True)
class Offer:
    """One planned bid: which lot and which bidder by their places, and the price in fen."""

    lot: int
    bidder: int
    fen: int


def above(limit_fen: int, millionths: int) -> int:
    """A price some parts per million above a limit, below it where negative; in whole fen."""
    return limit_fen + limit_fen * millionths // MILLION


def honest_fen(lot: str, limit_fen: int, bidder: str, *, purchase: bool = False) -> int:
    """What a bidder reckons for itself: the mean of two draws that only these names decide."""
    drawn = hashlib.sha256(f"{lot}\n{bidder}".encode()).digest()
    parts = (int.from_bytes(drawn[:4]) + int.from_bytes(drawn[4:8])) // 2
    least, most = UNDER_CEILING if purchase else OVER_RESERVE
    share = least + parts * (most - least) // (1 << 32)
    return above(limit_fen, -share if purchase else share)


def offers(
    lots: Sequence[tuple[str, int]],
    bidders: Sequence[str],
    *,
    purchase: bool = False,
) -> Iterator[Offer]:
    """Bids of all for lots of (name, limit in fen); from some lots the last ones stay away."""
    for lot, (name, limit_fen) in enumerate(lots):
        for bidder, who in enumerate(bidders[: max(1, len(bidders) - lot % 3)]):
            yield Offer(lot, bidder, honest_fen(name, limit_fen, who, purchase=purchase))


def takers(count: int, first: int, pool: int) -> list[int]:
    """Which bidders of a pool take part in a lot: so many in turn from the first one on."""
    return [(first + place) % pool for place in range(count)]
