"""How unusual a tender's prices are (异常程度), without labels.

A new county knows no cartel, so each screen is read as a percentile among similar tenders: a CV of
4 % is remarkable among twenty road works of the year and ordinary among three purchases of fuel.
The signs put together are the three that the literature found first: bids too close together,
a winner apart from losers that are close to each other, and a winner close to the estimate. Their
weights are round figures set beforehand (spread 1, the others one half), fitted to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit
from scipy.stats import rankdata

from evaluation.screens.features import Features
from evaluation.screens.prices import SCREENS, Floats, PriceScreens, price_screens
from evaluation.screens.table import BidTable, Direction

# Which end of a screen covers for a winner: +1 a high value is the suspicious one, -1 a low one.
# The estimate turns round in a disposal, where a winner barely above it is the suspicious one.
SUSPICIOUS = {
    "cv": -1, "spd": -1, "diffp": 1, "rd": 1, "rdalt": 1, "rdnor": 1,
    "skew": -1, "kurt": 1, "ks": 1, "cvlos": -1, "estimate": 1,
}  # fmt: skip
# Tenders count as similar by the number of bids (a factor of about 1.35) and size (about 3).
_LIKE_BIDS, _LIKE_SIZE = 0.3, 1.1
_REFERENCES = 4000
# Tenders whose neighbours are weighed in one step: 2 MB of weights, which a cache holds.
_TOGETHER = 64


@dataclass(frozen=True)
class Screened:
    """A tender with its screens and their percentiles (1 = the most suspicious end)."""

    table: BidTable
    screens: PriceScreens
    percentiles: dict[str, float | None]


def screened(
    tables: Sequence[BidTable],
    past: Sequence[BidTable] = (),
    direction: Direction = Direction.PURCHASE,
) -> list[Screened]:
    """Compute the screens of each tender and place them among similar tenders.

    The population is `past` together with `tables` themselves; a tender of few neighbours has a
    percentile near one half, because its own value counts as half a tender.
    """
    own = [price_screens(table.prices, table.estimate, direction) for table in tables]
    others = [price_screens(table.prices, table.estimate, direction) for table in past]
    places = np.array([_place(table) for table in [*tables, *past]]).reshape(-1, 2)
    signs = [_suspicious(name, direction) for name in SCREENS]
    values = np.array(
        [
            [np.nan if (value := getattr(screens, name)) is None else value for name in SCREENS]
            for screens in [*own, *others]
        ],
        dtype=np.float64,
    ).reshape(-1, len(SCREENS))
    shares = _conditional(values * np.array(signs), places, len(tables))
    return [
        Screened(
            table,
            screens,
            {
                name: None if np.isnan(share) else float(share)
                for name, share in zip(SCREENS, shares[row], strict=True)
            },
        )
        for row, (table, screens) in enumerate(zip(tables, own, strict=True))
    ]


def _suspicious(name: str, direction: Direction) -> int:
    """Return the suspicious end of a screen; in disposals a winner is near the estimate's other."""
    turned = name == "estimate" and direction is Direction.DISPOSAL
    return -SUSPICIOUS[name] if turned else SUSPICIOUS[name]


def _place(table: BidTable) -> tuple[float, float]:
    """Return where a tender stands among others: log bids and log size, in bandwidths."""
    if not table.prices:
        return (0.0, 0.0)  # It has no screen that could be placed.
    size = float(np.log(np.median(table.prices)))
    return (float(np.log(len(table.prices))) / _LIKE_BIDS, size / _LIKE_SIZE)


def _conditional(values: Floats, places: Floats, wanted: int) -> Floats:
    """Return the kernel-weighted percentiles of the first `wanted` rows among all of them.

    One column a screen, high values suspicious, NaN where a tender has none. Screens that the same
    tenders have are placed together, because weighing the neighbours is the work.
    """
    shares = np.full((wanted, values.shape[1]), np.nan)
    masks, kinds = np.unique(~np.isnan(values), axis=1, return_inverse=True)
    for kind, mask in enumerate(masks.T):
        columns = np.flatnonzero(kinds == kind)
        pool = np.flatnonzero(mask)
        rows = pool[pool < wanted]
        if len(pool) > _REFERENCES:
            pool = np.random.default_rng(0).choice(pool, _REFERENCES, replace=False)
        for start in range(0, len(rows), _TOGETHER):
            some = rows[start : start + _TOGETHER]
            apart = places[some, None, :] - places[None, pool, :]
            weights = np.exp(-0.5 * (apart**2).sum(axis=2))
            weights[some[:, None] == pool[None, :]] = 0.0
            whole = weights.sum(axis=1) + 1.0
            for column in columns:
                own, others = values[some, column][:, None], values[pool, column][None, :]
                below = (weights * ((others < own) + 0.5 * (others == own))).sum(axis=1)
                shares[some, column] = (below + 0.5) / whole
    return shares


def label_free_terms(features: Features) -> dict[str, Floats]:
    """Return the addends of the label-free anomaly in log odds, by group of features.

    Their sum is 0 in the middle and high where the prices are suspicious.
    """
    bids = features.column("bids")
    spread = sum(
        _sign(-features.column(name), bids) + _sign(-features.column(name), None)
        for name in ("cv", "cvlos")
    )
    terms: dict[str, Floats] = {
        "spread": 0.25 * np.asarray(spread),
        "winner": 0.5 * _sign(features.column("rd"), bids),
    }
    if "est_first" in features.names:
        terms["estimate"] = 0.5 * _sign(features.column("est_first"), None)
    return terms


def _sign(values: Floats, bids: Floats | None) -> Floats:
    """Return the log odds of each value's percentile, among all or among tenders of like bids."""
    count = len(values)
    if bids is None or count < 2:
        share = (rankdata(values) - 0.5) / count
    else:
        pool = np.arange(count)
        if count > _REFERENCES:
            pool = np.random.default_rng(0).choice(count, _REFERENCES, replace=False)
        pool = pool[np.argsort(values[pool], kind="stable")]
        share = np.empty(count)
        for alike in np.unique(bids):
            rows = np.flatnonzero(bids == alike)
            weights = np.exp(-0.5 * ((bids[pool] - alike) / _LIKE_BIDS) ** 2)
            upto = np.concatenate([[0.0], np.cumsum(weights)])
            below = upto[np.searchsorted(values[pool], values[rows], side="left")]
            equal = upto[np.searchsorted(values[pool], values[rows], side="right")] - below
            share[rows] = (below + 0.5 * equal) / upto[-1]
    held = 0.02 + 0.96 * share
    return np.asarray(logit(held), dtype=np.float64)
