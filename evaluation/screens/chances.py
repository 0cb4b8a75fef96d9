"""How likely honest bidders are to look like this: the p values of the network screens.

Exact where a formula is exact, matched moments where a sum of many small chances is counted. All
take and give arrays, so both engines' rows give the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammaln
from scipy.stats import binom

from evaluation.screens.prices import Floats

Array = npt.NDArray[Any]


def sum_upper(seen: Array, mean: Array, variance: Array) -> Floats:
    """Return P(X >= seen) of a sum of independent yes-or-no chances with this mean and variance.

    The binomial with the same mean and variance stands for it, with a broken number of trials.
    """
    seen, mean, variance = (np.asarray(v, dtype=np.float64) for v in (seen, mean, variance))
    mean = np.maximum(mean, 1e-12)
    chance = np.clip(1 - variance / mean, 1e-9, 1 - 1e-9)
    trials = np.maximum(mean / chance, seen)
    tail = betainc(np.maximum(seen, 1e-9), trials - seen + 1, mean / trials)
    return np.asarray(np.where(seen <= 0, 1.0, tail), dtype=np.float64)


def sum_lower(seen: Array, mean: Array, variance: Array) -> Floats:
    """Return P(X <= seen) of the same sum."""
    above = sum_upper(np.asarray(seen) + 1, mean, variance)
    return np.asarray(np.clip(1 - above, 0.0, 1.0), dtype=np.float64)


def meetings_upper(
    pair: Array, met: Array, tenders: Array, one: Array, other: Array
) -> dict[int, float]:
    """Return P(meetings >= met) of two firms that choose tenders of each stratum at random.

    One row a pair and stratum: `pair` numbers the pairs, whose rows stand together; `met` is the
    pair's in all. Exact: the law of a sum of hypergeometric counts, `one` and `other` bids among
    `tenders`.
    """
    answers: dict[int, float] = {}
    starts = np.flatnonzero(np.r_[True, pair[1:] != pair[:-1]])[: len(pair)]
    laws = _hypergeometric(tenders, one, other)
    lengths = np.minimum(one, other).astype(np.int64) + 1
    ends = np.append(starts[1:], len(pair))[: len(starts)]
    for start, end in zip(starts, ends, strict=True):
        law = np.ones(1)
        for row in range(start, end):
            law = np.convolve(law, laws[row, : lengths[row]])
        answers[int(pair[start])] = float(min(1.0, law[int(met[start]) :].sum()))
    return answers


def _hypergeometric(tenders: Array, one: Array, other: Array) -> Floats:
    """Return the hypergeometric laws of many rows, a column for each count from 0."""
    most = int(np.minimum(one, other).max()) if len(one) else 0
    count = np.arange(most + 1, dtype=np.float64)[None, :]
    all_, a, b = (np.asarray(v, dtype=np.float64)[:, None] for v in (tenders, one, other))
    log = _choose(a, count) + _choose(all_ - a, b - count) - _choose(all_, b)
    return np.asarray(np.exp(log), dtype=np.float64)


def runs_upper(a_wins: Array, b_wins: Array, runs: Array) -> Floats:
    """Return P(runs or more) when the two firms' wins come in a random order (Wald-Wolfowitz).

    This is the exact distribution over all permutations of the winners.
    """
    a, b, seen = (np.asarray(values, dtype=np.int64) for values in (a_wins, b_wins, runs))
    tails = np.maximum(2 * np.minimum(a, b) + 2 - seen, 0)
    row = np.repeat(np.arange(len(a)), tails)
    step = np.arange(len(row)) - np.repeat(np.cumsum(tails) - tails, tails)
    wins = np.stack([a, b]).astype(np.float64)
    one, other = wins[:, row] - 1
    r = (seen[row] + step).astype(np.float64)
    half: Floats = np.floor(r / 2)
    even = np.log(2) + _choose(one, half - 1) + _choose(other, half - 1)
    odd = np.logaddexp(
        _choose(one, half) + _choose(other, half - 1), _choose(one, half - 1) + _choose(other, half)
    )
    orders = _choose(wins.sum(axis=0), wins[0])
    chance = np.exp(np.where(r % 2 == 0, even, odd) - orders[row])
    return np.minimum(np.bincount(row, chance, len(a)), 1.0)


def _choose(n: Floats, k: Floats) -> Floats:
    """Return log binomial coefficients, minus infinity outside."""
    n, k = np.broadcast_arrays(n, k)
    good = (k >= 0) & (k <= n)
    k = np.where(good, k, 0)
    value = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.where(good, value, -np.inf)


def binomial_upper(seen: Array, trials: Array, chance: Array) -> Floats:
    """Return P(X >= seen) of a binomial count."""
    return np.asarray(binom.sf(np.asarray(seen) - 1, trials, chance), dtype=np.float64)


def split_p(cells: Sequence[tuple[int, int]], draws: int = 20_000) -> float:
    """Return the chance of wins split as cleanly over markets when winners are shuffled.

    `cells` holds one firm's and the other's wins in each market. Shuffled within the tenders that
    either won; counted exactly by the hypergeometric law for two markets, drawn for more.
    """
    table = np.array(cells, dtype=np.int64)
    totals = table.sum(axis=1)
    a = int(table[:, 0].sum())
    seen = int(table.max(axis=1).sum())
    if len(totals) == 2:
        first = np.arange(max(0, a - totals[1]), min(a, totals[0]) + 1)
        log = (
            _choose(np.full(first.shape, float(totals[0])), first.astype(float))
            + _choose(np.full(first.shape, float(totals[1])), (a - first).astype(float))
            - _choose(np.array([float(totals.sum())]), np.array([float(a)]))
        )
        best = np.maximum(first, totals[0] - first)
        best = best + np.maximum(a - first, totals[1] - a + first)
        return float(min(1.0, np.exp(log[best >= seen]).sum()))
    drawn = np.random.default_rng(0).multivariate_hypergeometric(totals, a, size=draws)
    best = np.maximum(drawn, totals - drawn).sum(axis=1)
    return float(((best >= seen).sum() + 1) / (draws + 1))


def repeat_p(times: Array, met: Array, spread: Array) -> Floats:
    """Return the chance that some ratio to three decimals comes `times` in `met` meetings.

    `spread` is the standard deviation of the log ratio that honest pairs show; a ratio then falls
    in one thousandth with at most the density at the peak, and a few hundred could have repeated.
    """
    peak = np.minimum(0.001 / (np.asarray(spread) * np.sqrt(2 * np.pi)), 0.5)
    tried = np.maximum(1 / peak, 1.0)
    found = tried * binomial_upper(times, met, peak)
    return np.asarray(np.minimum(1.0, found), dtype=np.float64)


def accepted(p: Array, tests: int, rate: float = 0.05) -> float:
    """Return the limit under which p values stay, if at most `rate` of what stays may be false.

    Benjamini and Hochberg over `tests` tests, of which only the small p values need be given. Where
    nothing stays it is the limit that a single sign would have to pass.
    """
    ranked = np.sort(np.asarray(p, dtype=np.float64))
    steps = rate * np.arange(1, len(ranked) + 1) / max(tests, 1)
    passed = np.flatnonzero(ranked <= steps)
    stay = int(passed[-1]) + 1 if len(passed) else 1
    return rate * stay / max(tests, 1)
