"""How far a pair's shared text stands out (显著性): thresholds, strength and chance.

A sign is strong (B) above the 1e-4 quantile of unrelated pairs. Two things set that quantile. The
floor is what unrelated synthetic bids reach when the common ground is known. Where it is not all
known, all bidders share some of it, and the tender's own pairs say how much: the threshold is
extrapolated from the pairs that remain when the largest ring that can be meant, eight bidders, is
taken away. That level is capped, so a ring of everybody does not hide itself, and it only moves
the threshold; no passage is ever left out.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.corpus import Places
from evaluation.screens.finding import Strength

RING_LIMIT = 8
# Characters; `bench/collusion_text.py --calibrate` prints the quantiles behind them.
FLOOR_C, FLOOR_B = 120, 200
_QUANTILE = 1e-4
SMALLEST_P = 1e-12  # No tail is known further out.
# Deviations of the 1e-4 quantile (3.7) and some for a tail that is heavier than normal.
_DEVIATIONS = 5.0
_SMALL_REACH = 4.0  # In a small tender the kept pairs may be all unrelated pairs there are.
_LEAST_SPREAD = 0.15
_SHARE_C = 0.9
_ALIKE = 0.6  # Chance that one more bidder does the same with two clauses.
_POPULAR = 0.5  # Chance that a bidder uses a clause of a common source.
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


def ring_limit(sharers: Places, row: Places, total: Places, bidders: int) -> int:
    """Return how many bidders may hold a passage that tells of a ring and of no common source.

    That is eight, or fewer where even typical pairs, those that share no more than half of all
    pairs do, share clauses: then there is a common source, and its less popular clauses have few
    holders too. The limit only decides what `narrow` counts: what is left out there still counts
    in the pair's total and in its company.
    """
    every = np.zeros(bidders * (bidders - 1) // 2)
    every[: total.size] = total
    typical = sharers[total[row] <= np.median(every)] if total.size else sharers
    if typical.size == 0:
        return RING_LIMIT
    # Each clause appears once per pair of its holders; weighed back to once.
    weight = 2.0 / (typical * (typical - 1))
    mean = float(np.average(typical, weights=weight))
    share = min(1.0, mean / bidders)
    spread = float(np.average((typical - mean) ** 2, weights=weight))
    deviation = math.sqrt(max(spread, bidders * share * (1 - share)))
    return int(min(RING_LIMIT, max(1, mean - 4 * deviation)))


def level_of(
    values: Places | NDArray[np.float64],
    bidders: int,
    *,
    floor_c: float = FLOOR_C,
    floor_b: float = FLOOR_B,
) -> Level:
    """Return the level for the values of all pairs of `bidders` bidders (absent pairs share 0).

    The threshold is extrapolated from the pairs that remain when those of the largest ring are
    taken away: eight bidders, or in a small tender all but one.
    """
    pairs = bidders * (bidders - 1) // 2
    every = np.zeros(max(pairs, values.size))
    every[: values.size] = values
    every.sort()
    ring = min(RING_LIMIT, bidders - 1)
    kept = max(1, pairs - max(ring * (ring - 1) // 2, pairs // 10))
    median, top = float(np.median(every[:kept])), float(every[kept - 1])
    reach = _reach(kept / max(1, pairs), bidders)
    step = max(top - median, _LEAST_SPREAD * median)
    return Level(
        median,
        max(floor_c, median + _SHARE_C * reach * step),
        max(floor_b, median + reach * step),
    )


def _reach(kept: float, bidders: int) -> float:
    """Return how many times the distance from median to top leads to the 1e-4 quantile.

    If nobody colludes, the kept pairs are only the lower part of a normal distribution.
    """
    normal = NormalDist()
    middle, top = normal.inv_cdf(kept / 2), normal.inv_cdf(min(kept, 0.999))
    reach = (_DEVIATIONS - middle) / (top - middle)
    return min(reach, _SMALL_REACH) if bidders <= RING_LIMIT else reach


def same_company_chance(sharers: Places, bidders: int) -> float:
    """Return the chance that two clauses, both held by a pair, have the same other holders.

    That is if each bidder took clauses from a common source by itself, with the chance that the
    passages of this tender show, and at least the chance for clauses that seven in ten use.
    """
    weight = 2.0 / (sharers * (sharers - 1))
    share = float(np.average(sharers, weights=weight)) / bidders if sharers.size else 0.5
    alike = max(_ALIKE, share * share + (1 - share) * (1 - share))
    return float(min(1.0, alike) ** (bidders - 2))


def company_chance(passages: int, of_all: int, same: float) -> float:
    """Return the chance that so many of a pair's shared clauses are held by the same bidders."""
    return min(1.0, math.comb(of_all, passages) * same ** max(0, passages - 1))


def crowd_chances(
    marks: NDArray[np.uint64], holders: Places, clauses: Places, bidders: int
) -> NDArray[np.float64]:
    """Return for each company the chance that so many clauses fall to it from a common source.

    In a small tender a common source shows as clauses in ever different companies. Companies of
    one size are equally likely then, so the others of that size tell what to expect (Poisson); all
    bidders together have only companies of one less to be held against, and clauses that half of
    them use. Counted for all companies of that size. One row a pair and company.
    """
    most: dict[int, tuple[int, int]] = {}
    for mark, size, count in zip(marks.tolist(), holders.tolist(), clauses.tolist(), strict=True):
        most[mark] = (size, max(count, most.get(mark, (size, 0))[1]))
    total = Counter[int]()
    for size, count in most.values():
        total[size] += count
    chance = {}
    for mark, (size, count) in most.items():
        companies = math.comb(bidders, size)
        if size < bidders:
            mean = (total[size] - count + 1) / companies
        else:
            mean = _POPULAR / (1 - _POPULAR) * (total[size - 1] + 1) / bidders
        chance[mark] = min(1.0, companies * _at_least(count, mean))
    return np.array([chance[mark] for mark in marks.tolist()])


def _at_least(count: int, mean: float) -> float:
    """Return the chance of `count` or more where `mean` are expected (Poisson)."""
    steps = range(count, count + int(mean) + 60)
    return sum(math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in steps)
