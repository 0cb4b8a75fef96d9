"""Ranking with tie rules that are stated beforehand, down to a lot that anybody can redraw."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Key(StrEnum):
    """One criterion of the order; those of a method are compared one after the other.

    `PRIORITY` puts those whom the law prefers on equal terms first (members of the collective,
    LCL art. 51; a sitting tenant where the documents say so). `LOT` draws.
    """

    TOTAL_HIGH = "total_high"
    PRICE_LOW = "price_low"
    PRICE_HIGH = "price_high"
    TECHNICAL_HIGH = "technical_high"
    PRIORITY = "priority"
    LOT = "lot"


@dataclass(frozen=True)
class Entry:
    """A valid bid as it is ranked.

    `price` is the price that is compared, in fen (total over the term, reductions made), and
    `unit_price` the price per basis, which tells apart what rounding the total made equal.
    `total` and `technical` are 0 where nothing is scored.
    """

    bid: str
    price: int
    total: Decimal = Decimal(0)
    technical: Decimal = Decimal(0)
    priority: bool = False
    unit_price: int = 0


Place = Decimal | int | bytes | tuple[int, int]


@dataclass(frozen=True)
class Ranked:
    """A bid's rank, from 1.

    `decided_by` is the key that put it behind the one before it, None for the first and for a
    tie; `tied` says that no key of the order tells it from a neighbour, and then both share the
    rank until a lot is drawn.
    """

    bid: str
    rank: int
    decided_by: Key | None
    tied: bool = False


def rank(
    entries: Sequence[Entry], keys: Sequence[Key], *, lot_seed: bytes | None = None
) -> tuple[Ranked, ...]:
    """Order bids by the keys in turn; the result does not depend on the order given.

    `lot_seed` is needed for `Key.LOT` to decide anything: public bytes that nobody could steer,
    fixed before the prices were known or drawn from all contributions. Without it a tie stays a
    tie. ValueError for a bid that stands there twice.
    """
    if len({entry.bid for entry in entries}) != len(entries):
        raise ValueError("a bid is ranked once")
    rows = sorted(
        (tuple(_place(key, entry, lot_seed) for key in keys), entry.bid) for entry in entries
    )
    found: list[Ranked] = []
    for position, (places, bid) in enumerate(rows):
        before = rows[position - 1][0] if position else None
        after = rows[position + 1][0] if position + 1 < len(rows) else None
        same = places == before
        decided = None if before is None or same else _first_difference(keys, before, places)
        found.append(
            Ranked(
                bid=bid,
                rank=found[-1].rank if same else position + 1,
                decided_by=decided,
                tied=same or places == after,
            )
        )
    return tuple(found)


def lot(seed: bytes, bid: str) -> bytes:
    """A bid's lot: HMAC-SHA256(seed, bid id); the smallest comes first."""
    return hmac.digest(seed, bid.encode(), hashlib.sha256)


def _place(key: Key, entry: Entry, seed: bytes | None) -> Place:
    match key:
        case Key.TOTAL_HIGH:
            return -entry.total
        case Key.PRICE_LOW:
            return entry.price, entry.unit_price
        case Key.PRICE_HIGH:
            return -entry.price, -entry.unit_price
        case Key.TECHNICAL_HIGH:
            return -entry.technical
        case Key.PRIORITY:
            return 0 if entry.priority else 1
        case Key.LOT:
            return lot(seed, entry.bid) if seed is not None else b""


def _first_difference(
    keys: Sequence[Key],
    before: tuple[Place, ...],
    own: tuple[Place, ...],
) -> Key:
    for key, one, other in zip(keys, before, own, strict=True):
        if one != other:
            return key
    raise ValueError("equal places have no difference")
