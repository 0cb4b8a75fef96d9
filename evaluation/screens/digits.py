"""First digits of unit prices (首位数字规律): S-BENFORD, strength C.

Prices that were worked out item by item over several orders of size begin with 1 in 30 of 100 cases
and with 9 in 5 (Benford). Prices that somebody made up do not, because people spread digits evenly.
Honest bills depart from the law too: where prices lie within a narrow band, where the items of
this very bill happen to, or where one price repeats. So a bill is counted only from 300 different
prices spread widely enough for the law to hold, and must also differ from the other bills of the
lot, which price the same items.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from evaluation.screens import innocent
from evaluation.screens.bills import Bill, own_prices
from evaluation.screens.finding import Evidence, Finding, Strength

Counts = npt.NDArray[np.float64]
LEAST_PRICES = 300
EXPECTED: Counts = np.log10(1 + 1 / np.arange(1, 10))
# The chance of one alarm in an honest lot, and of one in an honest bill.
_LOT, _BILL = 1e-3, 1e-4
# How far a smooth market that is spread like these prices may push the statistic by itself.
_DRIFT = 0.5


def digit_signs(bills: Sequence[Bill], control: Bill | None = None) -> list[Finding]:
    """Return S-BENFORD for each bill whose first digits neither the law nor the lot explains.

    `p` is the chance at the law or that beside the other bills, whichever is greater; `value`
    counts the prices. Quota-priced, provisional and control-price items are left out.
    """
    counts = {bill.bidder: first_digits(prices) for bill, prices in _usable(bills, control)}
    limit = min(_BILL, _LOT / max(1, len(counts)))
    found = []
    for bill in bills:
        mine = counts.get(bill.bidder)
        if mine is None:
            continue
        others = [each for bidder, each in counts.items() if bidder != bill.bidder]
        p = max(law_p(mine), _beside_p(mine, others))
        if p <= limit:
            found.append(_finding(bill, mine, p, limit))
    return found


def _usable(
    bills: Sequence[Bill], control: Bill | None
) -> list[tuple[Bill, npt.NDArray[np.float64]]]:
    """Return the bills with enough different prices for the law to hold, and these prices."""
    pairs = zip(bills, own_prices(bills, control), strict=True)
    different = [(bill, np.unique(np.array(prices, np.float64))) for bill, prices in pairs]
    return [(bill, prices) for bill, prices in different if _law_holds(prices)]


def _law_holds(prices: npt.NDArray[np.float64]) -> bool:
    """Say whether prices spread like these would follow the law closely enough to be counted.

    The digits of a smooth market of spread s (of log10) stray from the law by about
    2 exp(-2 pi^2 s^2) of a cosine; what that adds to chi-square must be small beside chance.
    """
    if prices.size < LEAST_PRICES or prices[0] <= 0:
        return False
    low, high = np.quantile(np.log10(prices), [0.25, 0.75])
    spread = (high - low) / 1.349
    return bool(2 * prices.size * math.exp(-4 * math.pi**2 * spread**2) <= _DRIFT)


def first_digits(prices: npt.NDArray[np.float64]) -> Counts:
    """Return how many of the positive prices begin with 1, 2, ... 9."""
    digits = (prices / 10 ** np.floor(np.log10(prices) + 1e-12)).astype(np.int64)
    return np.bincount(digits.clip(1, 9), minlength=10)[1:10].astype(np.float64)


def departure(counts: Counts) -> float:
    """Return how far digits depart from the law: chi-square over the number of prices."""
    total = counts.sum()
    return float(((counts - total * EXPECTED) ** 2 / EXPECTED).sum() / total**2)


def law_p(counts: Counts) -> float:
    """Return the chance of first digits that depart from the law this far, or further."""
    return float(chi2.sf(departure(counts) * counts.sum(), 8))


def _beside_p(mine: Counts, others: Sequence[Counts]) -> float:
    """Return the chance that one market gave these digits and those of the other bills' average.

    The average counts as one bill, because all of them price the same items; 0 without others.
    """
    if not others:
        return 0.0
    average = np.mean([each / each.sum() for each in others], axis=0) * mine.sum()
    both = mine + average
    statistic = ((mine - average) ** 2 / np.where(both > 0, both, 1)).sum()
    return float(chi2.sf(statistic, 8))


def _finding(bill: Bill, counts: Counts, p: float, limit: float) -> Finding:
    return Finding(
        code="S-BENFORD",
        strength=Strength.C,
        bidders=(bill.bidder,),
        value=float(counts.sum()),
        p=max(p, 1e-12),
        threshold=limit,
        legal="REG 40(4)",
        innocent=(innocent.QUOTA_OUT, innocent.SPREAD_CHECKED, innocent.PRICES_ROUNDED),
        evidence=(Evidence(bill.bidder, file=bill.file),),
    )
