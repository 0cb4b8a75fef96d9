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
    columns: dict[str, list[float | None]] = {}
    for name in SCREENS:
        values = [getattr(screens, name) for screens in [*own, *others]]
        turned = name == "estimate" and direction is Direction.DISPOSAL
        sign = -SUSPICIOUS[name] if turned else SUSPICIOUS[name]
        columns[name] = _conditional(values, places, len(tables), sign)
    return [
        Screened(table, screens, {name: columns[name][row] for name in SCREENS})
        for row, (table, screens) in enumerate(zip(tables, own, strict=True))
    ]


def _place(table: BidTable) -> tuple[float, float]:
    """Return where a tender stands among others: log bids and log size, in bandwidths."""
    if not table.prices:
        return (0.0, 0.0)  # It has no screen that could be placed.
    size = float(np.log(np.median(table.prices)))
    return (float(np.log(len(table.prices))) / _LIKE_BIDS, size / _LIKE_SIZE)


def _conditional(
    values: Sequence[float | None], places: Floats, wanted: int, sign: int
) -> list[float | None]:
    """Return the kernel-weighted percentile of the first `wanted` values among all of them."""
    numbers = np.array([np.nan if value is None else sign * value for value in values])
    known = np.flatnonzero(~np.isnan(numbers))
    if len(known) > _REFERENCES:
        known = np.random.default_rng(0).choice(known, _REFERENCES, replace=False)
    answers: list[float | None] = []
    for row in range(wanted):
        if np.isnan(numbers[row]):
            answers.append(None)
            continue
        weight = np.exp(-0.5 * ((places[known] - places[row]) ** 2).sum(axis=1))
        weight[known == row] = 0.0
        below = weight[numbers[known] < numbers[row]].sum()
        equal = weight[numbers[known] == numbers[row]].sum()
        answers.append(float((below + 0.5 * equal + 0.5) / (weight.sum() + 1.0)))
    return answers


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
        share = np.empty(count)
        pool = np.arange(count)
        if count > _REFERENCES:
            pool = np.random.default_rng(0).choice(count, _REFERENCES, replace=False)
        for row in range(count):
            weight = np.exp(-0.5 * ((bids[pool] - bids[row]) / _LIKE_BIDS) ** 2)
            below = weight[values[pool] < values[row]].sum()
            equal = weight[values[pool] == values[row]].sum()
            share[row] = (below + 0.5 * equal) / weight.sum()
    held = 0.02 + 0.96 * share
    return np.asarray(logit(held), dtype=np.float64)
