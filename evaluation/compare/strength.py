"""How far a pair's shared text stands out (显著性): thresholds, strength and chance.

A sign is strong (B) above the 1e-4 quantile of unrelated pairs. Two things set that quantile. The
floor is what unrelated synthetic bids reach when the common ground is known. Where it is not all
known, all bidders share some of it, and the tender's own pairs say how much: the threshold is
extrapolated from the pairs that remain when the largest ring that can be meant, eight bidders, is
taken away. That level is capped, so a ring of everybody does not hide itself, and it only moves
the threshold; no passage is ever left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.corpus import Places
from evaluation.screens.finding import Strength

RING_LIMIT = 8
# Characters; `bench/collusion_text.py --calibrate` prints the quantiles behind them.
FLOOR_C, FLOOR_B = 150, 300
_QUANTILE = 1e-4
SMALLEST_P = 1e-12  # No tail is known further out.
_REACH_C, _REACH_B = 3.0, 4.0  # Multiples of (top - median) of the unrelated pairs.
_CAP = 0.2  # A pair that shares a fifth of the shorter bid is always B.


@dataclass(frozen=True)
class Level:
    """What unrelated pairs of one tender share: their median, and the two thresholds."""

    median: float
    threshold_c: float
    threshold_b: float

    def chance(self, value: float) -> float:
        """Return the chance that an unrelated pair shares this much (exponential tail)."""
        steps = (value - self.median) / max(1.0, self.threshold_b - self.median)
        return float(min(1.0, max(SMALLEST_P, _QUANTILE**steps)))

    def strength(self, value: float, length: int) -> Strength | None:
        """Return how strong a sign the value is.

        For characters, `length` is the size of the shorter bid; 0 for other values.
        """
        most = max(FLOOR_B, _CAP * length) if length else self.threshold_b
        if value >= min(self.threshold_b, most):
            return Strength.B
        return Strength.C if value >= min(self.threshold_c, most) else None


def level_of(
    values: Places | NDArray[np.float64],
    bidders: int,
    *,
    floor_c: float = FLOOR_C,
    floor_b: float = FLOOR_B,
) -> Level:
    """Return the level for the values of all pairs of `bidders` bidders (absent pairs share 0).

    With more than eight bidders the largest ring leaves unrelated pairs. With fewer, one bidder
    may be the only honest one: then the level counts only if some pair stands out from it, for
    pairs that are all alike are as well a ring of everybody, which people must look at.
    """
    pairs = bidders * (bidders - 1) // 2
    every = np.zeros(max(pairs, values.size))
    every[: values.size] = values
    every.sort()
    ring = min(RING_LIMIT, bidders - 1)
    unrelated = every[: max(1, pairs - max(ring * (ring - 1) // 2, pairs // 10))]
    median, top = float(np.median(unrelated)), float(unrelated[-1])
    level = Level(
        median,
        max(floor_c, median + _REACH_C * (top - median)),
        max(floor_b, median + _REACH_B * (top - median)),
    )
    if bidders > RING_LIMIT or (every >= 2 * level.threshold_b).any():
        return level
    return Level(0.0, floor_c, floor_b)
