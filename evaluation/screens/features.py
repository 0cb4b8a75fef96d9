"""What a model may see of a tender: scale-free numbers from prices and the estimate only.

No bidder, no date, no place: a score must speak of how this tender was priced, not of who bid or
when, or it would accuse a firm of its past. Ratios are taken as logarithms, because their tails
would otherwise rule every mean; the size of a contract enters as its rank among the tenders at
hand, so no currency and no county is built in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from evaluation.screens.prices import Floats, price_screens, winning_first
from evaluation.screens.table import BidTable, Direction

# What a person is told moved a score: features that say the same thing, under one name.
GROUPS: dict[str, tuple[str, ...]] = {
    "spread": ("cv", "spd", "cvlos", "mad"),
    "winner": ("diffp", "rd", "rdalt", "rdnor", "second_gap", "first_to_middle"),
    "shape": (
        "skew", "kurt", "ks", "uneven", "least_gap", "middle_gap", "last_gap", "last_to_middle",
    ),
    "estimate": (
        "est_first", "est_second", "est_middle", "est_last", "est_beyond", "est_apart",
        "est_spread",
    ),
    "bids": ("bids",),
    "size": ("size",),
    "digits": ("round_first", "round_rest"),
}  # fmt: skip
# Below these a gap is rounding: a ten-thousandth of a percent of the price.
_TINY = 1e-6


@dataclass(frozen=True)
class Features:
    """One row a tender, one column a feature; missing values are filled with the column's median.

    `names` says which column is which. `known` is False for tenders with fewer than three bids,
    whose rows hold nothing but medians.
    """

    names: tuple[str, ...]
    rows: Floats
    known: np.typing.NDArray[np.bool_]

    def column(self, name: str) -> Floats:
        """Return one feature of all tenders."""
        return self.rows[:, self.names.index(name)]


def features_of(tables: Sequence[BidTable], direction: Direction = Direction.PURCHASE) -> Features:
    """Compute the features of tenders that are to be compared with each other.

    Ranks and medians are taken over all tables given, so history and new tenders go in together.
    The estimate counts only where at least half of the tenders state one.
    """
    raw = [_describe(table, direction) for table in tables]
    stated = sum(table.estimate is not None for table in tables)
    names = [name for name in _names() if name[:3] != "est" or 2 * stated >= len(tables) > 0]
    rows = np.array([[row.get(name, math.nan) for name in names] for row in raw], dtype=np.float64)
    rows = rows.reshape(len(raw), len(names))
    known = np.array([len(table.prices) >= 3 for table in tables], dtype=np.bool_)
    rows[~known] = math.nan
    if known.any():
        size = names.index("size")
        rows[known, size] = rankdata(rows[known, size]) / known.sum()
    filled = np.flatnonzero(~np.isnan(rows).all(axis=0)) if known.any() else range(len(names))
    rows = rows[:, filled]
    kept = tuple(names[column] for column in filled)
    if known.any():
        middle = np.nanmedian(rows, axis=0)
        rows = np.where(np.isnan(rows), middle, rows)
    return Features(kept, rows, known)


def _names() -> list[str]:
    """Name every feature, in the order of the columns."""
    probe = BidTable("", (1.0, 1.1, 1.3, 1.4), estimate=1.2)
    return list(_describe(probe, Direction.PURCHASE))


def _log(value: float | None) -> float:
    """Return the logarithm of a ratio, held between a rounding error and its inverse."""
    if value is None:
        return math.nan
    return math.log(min(max(value, _TINY), 1 / _TINY))


def _describe(table: BidTable, direction: Direction) -> dict[str, float]:
    """Return the raw features of one tender; `size` still an amount, not a rank."""
    if len(table.prices) < 3:
        return {}
    b = winning_first(table.prices, direction)
    amounts = np.abs(b)
    gaps = np.diff(b)
    middle = float(np.median(amounts))
    screens = price_screens(table.prices, table.estimate, direction)
    gap = float(gaps.mean())
    described = {
        "bids": math.log(len(b)),
        "cv": _log(screens.cv),
        "spd": _log(screens.spd),
        "diffp": _log(screens.diffp),
        "rd": _log(screens.rd),
        "rdalt": _log(screens.rdalt),
        "rdnor": min(screens.rdnor or 0.0, float(len(b))),
        "skew": screens.skew if screens.skew is not None else math.nan,
        "kurt": screens.kurt if screens.kurt is not None else math.nan,
        "ks": screens.ks if screens.ks is not None else math.nan,
        "cvlos": _log(screens.cvlos),
        "second_gap": _log(float(gaps[1]) / middle),
        "least_gap": _log(float(gaps.min()) / middle * len(b) ** 2),
        "last_gap": _log(float(gaps[-1]) / middle),
        "middle_gap": _log(float(np.median(gaps)) / middle),
        "mad": _log(float(np.median(np.abs(amounts - middle))) / middle),
        "uneven": float(gaps.std()) / gap if gap > 0 else 0.0,
        "first_to_middle": _log(float(amounts[0]) / middle),
        "last_to_middle": _log(float(amounts[-1]) / middle),
        "size": middle,
        "round_first": _digits(float(amounts[0])),
        "round_rest": float(np.mean([_digits(float(amount)) for amount in amounts[1:]])),
    }
    if table.estimate:
        described |= _beside_estimate(amounts, table.estimate, direction)
    return described


def _beside_estimate(amounts: Floats, estimate: float, direction: Direction) -> dict[str, float]:
    """Return where the bids lie beside the pre-tender estimate, high for the buyer's loss.

    A purchase is dear above its estimate and a disposal below its reserve price.
    """
    dear = -1.0 if direction is Direction.DISPOSAL else 1.0
    return {
        "est_first": dear * _log(float(amounts[0]) / estimate),
        "est_second": dear * _log(float(amounts[1]) / estimate),
        "est_middle": dear * _log(float(np.median(amounts)) / estimate),
        "est_last": dear * _log(float(amounts[-1]) / estimate),
        "est_beyond": float((dear * amounts > dear * estimate).mean()),
        "est_apart": abs(_log(float(amounts[0]) / estimate)),
        "est_spread": _log(float(amounts.std(ddof=1)) / estimate),
    }


def _digits(price: float) -> float:
    """Count the significant digits of a price: a cover bid is often a round figure."""
    text = f"{price:.2f}".replace(".", "")
    return float(len(text.strip("0")))
