"""Seeded honest markets with planted rings, as tables of bids and tenders.

Firms belong to one market (an area and a kind of work) and bid there most often, a few of them very
often; one bid in twelve comes from another market. Prices are the tender's cost with an honest
spread. The planted rings are the answer key of the benches: co-bidding, rotation, cover, allocation
by area, and a repeated ratio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FIRMS, YEARS, SIZES = 60, 10, 3

# Whole numbers or prices, a row a bid or a tender.
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Markets:
    """`bids`: tender, bidder, price, won. `tenders`: tender, area, kind, size, year, day.

    `rings` names the firms of each planted ring by what it does.
    """

    bids: pa.Table
    tenders: pa.Table
    rings: dict[str, tuple[int, ...]]


def generate(tenders: int, seed: int = 1, *, rings: bool = True, spread: float = 0.06) -> Markets:
    """Draw about ten bids a tender over `tenders` / 667 markets; the same seed draws the same."""
    random = np.random.default_rng(seed)
    markets = max(3, tenders // 667)
    market = random.integers(0, markets, tenders)
    day = np.sort(random.integers(0, YEARS * 365, tenders))
    size = random.integers(0, SIZES, tenders)
    count = np.clip(random.poisson(11, tenders), 3, 20)
    tender = np.repeat(np.arange(tenders), count)
    total = len(tender)
    # The square makes the first firms of a market bid several times as often as the last.
    local = (random.random(total) ** 1.6 * FIRMS).astype(np.int64)
    home = np.where(
        random.random(total) < 1 / 12, random.integers(0, markets, total), market[tender]
    )
    bidder = home * FIRMS + local
    price = np.exp(
        random.normal(11, 0.6, tenders)[tender]
        + 2 * size[tender]
        + spread * random.normal(size=total)
    ).round(2)
    keep = np.sort(np.unique(tender * (markets * FIRMS) + bidder, return_index=True)[1])
    tender, bidder, price = tender[keep], bidder[keep], price[keep]
    planted: dict[str, tuple[int, ...]] = {}
    if rings:
        extra = _plant(random, market, planted)
        idle = planted["cover"][1]
        tender, bidder, price = _joined(tender, bidder, price, extra, idle)
    return Markets(
        _bids(tender, bidder, price, tenders),
        pa.table(
            {
                "tender": np.arange(tenders),
                "area": market // 3,
                "kind": market % 3,
                "size": size,
                "year": 2016 + day // 365,
                "day": day,
            }
        ),
        planted,
    )


def _bids(tender: Array, bidder: Array, price: Array, tenders: int) -> pa.Table:
    """Mark the lowest bid of each tender as the winner."""
    order = np.lexsort((price, tender))
    tender, bidder, price = tender[order], bidder[order], price[order]
    won = np.zeros(len(tender), dtype=np.int8)
    won[np.unique(tender, return_index=True)[1]] = 1
    return pa.table({"tender": tender, "bidder": bidder, "price": price, "won": won})


def _joined(
    tender: Array,
    bidder: Array,
    price: Array,
    extra: list[tuple[int, int, float]],
    idle: int,
) -> tuple[Array, Array, Array]:
    """Add the rings' bids in place of their members' own; the `idle` firm never bids honestly."""
    taken = np.array([row[0] for row in extra], dtype=np.int64)
    members = np.array([row[1] for row in extra], dtype=np.int64)
    wide = int(max(bidder.max(), members.max())) + 1
    fresh = ~np.isin(tender * wide + bidder, taken * wide + members) & (bidder != idle)
    level = np.zeros(int(tender.max()) + 1)
    np.maximum.at(level, tender, price)
    base = level[taken] * 0.8
    offers = (base * np.array([row[2] for row in extra])).round(2)
    return (
        np.concatenate([tender[fresh], taken]),
        np.concatenate([bidder[fresh], members]),
        np.concatenate([price[fresh], offers]),
    )


def _plant(
    random: np.random.Generator,
    market: Array,
    planted: dict[str, tuple[int, ...]],
) -> list[tuple[int, int, float]]:
    """Write the rings' bids: (tender, bidder, price over a base below every honest bid)."""
    rows: list[tuple[int, int, float]] = []

    def firms(home: int, *places: int) -> tuple[int, ...]:
        return tuple(home * FIRMS + FIRMS - 1 - place for place in places)

    here = np.flatnonzero(market == 0)
    planted["cobidding"] = firms(0, 0, 1)
    for job in random.choice(here, min(60, len(here) // 3), replace=False):
        rows += [(int(job), firm, 1.2 + 0.05 * random.random()) for firm in planted["cobidding"]]
    planted["rotation"] = firms(0, 2, 3, 4, 5)
    for turn, job in enumerate(
        np.sort(random.choice(here, min(48, len(here) // 4), replace=False))
    ):
        for place, firm in enumerate(planted["rotation"]):
            rows.append(
                (int(job), firm, 0.9 if turn % 4 == place else 0.95 + 0.02 * random.random())
            )
    here = np.flatnonzero(market == 1)
    planted["cover"] = firms(1, 0, 1)
    for job in random.choice(here, min(50, len(here) // 3), replace=False):
        rows += [(int(job), planted["cover"][0], 0.9), (int(job), planted["cover"][1], 0.97)]
    planted["ratio"] = firms(1, 2, 3)
    for job in random.choice(here, min(40, len(here) // 3), replace=False):
        level = 1.05 + 0.2 * random.random()
        rows += [
            (int(job), planted["ratio"][0], level),
            (int(job), planted["ratio"][1], level * 1.035),
        ]
    planted["allocation"] = firms(2, 0, 1)
    for area, winner in ((2, 0), (1, 1)):
        here = np.flatnonzero(market == area)
        for job in random.choice(here, min(15, len(here) // 3), replace=False):
            rows.append((int(job), planted["allocation"][winner], 0.9))
            rows.append((int(job), planted["allocation"][1 - winner], 0.96))
    return rows
