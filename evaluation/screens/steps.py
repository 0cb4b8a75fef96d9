"""Steps in totals (报价等差等比): B4, totals that climb by equal amounts or equal ratios.

A ring that writes its bids at one desk often adds the same step each time; REG 40(4) names prices
that differ by a regular pattern. A ring may hide among honest bidders, so every pair of bids is
tried as the first two rungs of a ladder and the rungs that follow are looked up among the rest.
Honest prices form ladders too, the more bids the more often: the chance is counted over uniform
order statistics with the same search, and with three bids alone the sign is never raised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from evaluation.screens.prices import Floats
from evaluation.screens.table import Direction

# A ladder's score above this many simulated honest tenders of equal size is a p value.
_SIMULATIONS = 2000
# Of more bids than this the ones nearest the winning side are looked at; the search is cubic.
_MOST = 24
_RUNGS = 8


@dataclass(frozen=True)
class Ladder:
    """The most regular ladder among the totals of a tender.

    `rungs` are places in the list of prices as given, lowest first. `step` is an amount where
    `geometric` is False, a ratio where it is True. `p` is the chance of a ladder as regular.
    """

    rungs: tuple[int, ...]
    step: float
    geometric: bool
    p: float


def steps_p(prices: Sequence[float], direction: Direction = Direction.PURCHASE) -> float | None:
    """Return the chance of the most regular ladder; None under three different totals."""
    if len(set(prices)) < 3:
        return None
    ladder = find_steps(prices, direction)
    return 1.0 if ladder is None else ladder.p


def find_steps(prices: Sequence[float], direction: Direction = Direction.PURCHASE) -> Ladder | None:
    """Find the most regular arithmetic or geometric ladder of at least three totals.

    None where there is none, and with fewer than three different prices. The p value allows for
    having tried both kinds.
    """
    order = sorted(range(len(prices)), key=lambda place: prices[place])
    order = order[-_MOST:] if direction is Direction.DISPOSAL else order[:_MOST]
    values = np.array([prices[place] for place in order], dtype=np.float64)
    if len(set(values.tolist())) < 3:
        return None
    best: Ladder | None = None
    for geometric in (False, True):
        line = np.log(values) if geometric else values
        score, rungs = _best_ladder(line)
        if len(rungs) < 3:
            continue
        p = min(1.0, 2 * _chance(score, len(line)))
        if best is None or p < best.p:
            step = (line[rungs[-1]] - line[rungs[0]]) / (len(rungs) - 1)
            step = math.exp(step) if geometric else float(step)
            best = Ladder(tuple(order[rung] for rung in rungs), step, geometric, p)
    return best


def _best_ladder(line: Floats) -> tuple[float, tuple[int, ...]]:
    """Return the score and the rungs of the most surprising ladder on a sorted line."""
    span = line[-1] - line[0]
    scores, first, second = _ladders(((line - line[0]) / span)[None, :])
    pick = int(scores[0].argmax())
    rungs = [int(first[pick]), int(second[pick])]
    unit = (line - line[0]) / span
    step = unit[rungs[1]] - unit[rungs[0]]
    while len(rungs) < _RUNGS + 2:
        target = unit[rungs[0]] + len(rungs) * step
        nearest = int(np.abs(unit - target).argmin())
        miss = np.abs(unit[nearest] - target)
        gain = float(_surprise(miss, len(unit)))
        if miss > step / 4 or nearest <= rungs[-1] or gain <= 0:
            break
        rungs.append(nearest)
    return float(scores[0, pick]), tuple(rungs)


def _surprise(miss: Floats, bids: int) -> Floats:
    """Return how surprising a rung this near is: minus the log chance, less the average of it.

    Among `bids - 2` uniform others one lies within `miss` of a target with about this chance.
    """
    chance = -np.expm1(max(bids - 2, 1) * np.log1p(-np.minimum(2 * miss + 1e-6, 1 - 1e-12)))
    return np.asarray(-np.log(chance) - 1.0, dtype=np.float64)


def _ladders(units: Floats) -> tuple[Floats, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Score every ladder of every line of `units` (lines x sorted bids in 0..1).

    Returns scores (lines x pairs) and the pairs' two places. A ladder's score is the sum of its
    rungs' surprises up to the first rung that is missing.
    """
    bids = units.shape[1]
    first, second = np.triu_indices(bids, 1)
    start, step = units[:, first], units[:, second] - units[:, first]
    scores = np.zeros(start.shape)
    going = step > 1e-9
    for rung in range(2, _RUNGS + 2):
        target = start + rung * step
        miss = np.full(start.shape, np.inf)
        for bid in range(2, bids):
            away = np.abs(units[:, bid, None] - target)
            np.minimum(miss, np.where(second[None, :] < bid, away, np.inf), out=miss)
        gain = _surprise(miss, bids)
        # A rung belongs to one bid: it must lie nearer than half way to the rungs beside it.
        going = going & (miss <= step / 4) & (gain > 0)
        if not going.any():
            break
        scores += np.where(going, gain, 0.0)
    return scores, first, second


def _chance(score: float, bids: int) -> float:
    """Return the share of honest tenders of this many bids with a ladder at least as regular."""
    honest = _honest(bids)
    above = len(honest) - int(np.searchsorted(honest, score, side="left"))
    return (above + 1) / (len(honest) + 1)


@cache
def _honest(bids: int) -> Floats:
    """Return the sorted best scores of simulated honest tenders: uniform between the ends."""
    random = np.random.default_rng(bids)
    best = np.empty(_SIMULATIONS)
    chunk = max(1, 400_000 // (bids * bids))
    for start in range(0, _SIMULATIONS, chunk):
        count = min(chunk, _SIMULATIONS - start)
        inner = np.sort(random.random((count, bids - 2)), axis=1)
        units = np.hstack([np.zeros((count, 1)), inner, np.ones((count, 1))])
        best[start : start + count] = _ladders(units)[0].max(axis=1)
    return np.sort(best)
