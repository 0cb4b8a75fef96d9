"""Price screens (报价统计筛查) of one tender: how the bids lie to each other.

A ring that covers for a chosen winner leaves traces in the spread of its prices: small variance,
a gap between the winner and the rest, losers close together (Abrantes-Metz 2006, Imhof 2017,
Wallimann, Imhof and Huber 2023). Honest markets show each of them too, so no screen is a sign by
itself: it is read as a percentile among similar past tenders (`anomaly`), strength C, for
supervision only.

For a disposal (处置, the highest price wins) prices are mirrored: every formula below sees the
negated prices, so that b1 is always the winning side, and divides by the winner's own amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from evaluation.screens.table import Direction

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PriceScreens:
    """The screens of one tender, with b1 <= ... <= bn seen from the winning side.

    None means that there are too few bids for the screen; a ratio over nothing (all losers equal,
    the winner apart) is infinite. Standard deviations are of a sample (n - 1).

    cv: sd / mean of all. spd: (bn - b1) / b1. diffp: (b2 - b1) / b1. rd: (b2 - b1) / sd of losers.
    rdalt: (b2 - b1) / mean gap between neighbouring losers. rdnor: (b2 - b1) / mean gap between
    all neighbours. skew, kurt: the sample's bias-corrected skewness and excess kurtosis. ks: the
    largest distance between the bids' distribution and the uniform one between b1 and bn. cvlos:
    cv of the losers. estimate: b1 / pre-tender estimate. The published form of rd, rdalt and rdnor
    is by Imhof; cvlos is the denominator of rd made scale-free.
    """

    n: int
    cv: float | None
    spd: float | None
    diffp: float | None
    rd: float | None
    rdalt: float | None
    rdnor: float | None
    skew: float | None
    kurt: float | None
    ks: float | None
    cvlos: float | None
    estimate: float | None


SCREENS = tuple(field.name for field in fields(PriceScreens) if field.name != "n")


def winning_first(prices: Sequence[float], direction: Direction) -> Floats:
    """Return the prices sorted from the winning side, negated for a disposal."""
    values = np.asarray(prices, dtype=np.float64)
    return np.sort(-values if direction is Direction.DISPOSAL else values)


def price_screens(
    prices: Sequence[float],
    estimate: float | None = None,
    direction: Direction = Direction.PURCHASE,
) -> PriceScreens:
    """Compute every price screen of one tender (离散系数、价差、偏度等).

    `prices` are positive, in one unit; `estimate` is in the same unit.
    """
    b = winning_first(prices, direction)
    n = len(b)
    gaps = np.diff(b)
    losers = b[1:]
    first = float(abs(b[0])) if n else 0.0
    sd_losers = float(losers.std(ddof=1)) if n > 2 else None
    return PriceScreens(
        n=n,
        cv=float(b.std(ddof=1) / abs(b.mean())) if n > 1 else None,
        spd=float((b[-1] - b[0]) / first) if n > 1 else None,
        diffp=float(gaps[0] / first) if n > 1 else None,
        rd=_over(float(gaps[0]), sd_losers) if sd_losers is not None else None,
        rdalt=_over(float(gaps[0]), float(gaps[1:].mean())) if n > 2 else None,
        rdnor=_over(float(gaps[0]), float(gaps.mean())) if n > 2 else None,
        skew=_skewness(b),
        kurt=_kurtosis(b),
        ks=_uniform_distance(b),
        cvlos=sd_losers / float(abs(losers.mean())) if sd_losers is not None else None,
        estimate=first / estimate if estimate and n else None,
    )


def _over(part: float, whole: float) -> float:
    """Divide; nothing over nothing is 0 (all bids equal), something over nothing infinite."""
    if whole > 0:
        return part / whole
    return 0.0 if part == 0 else float("inf")


def _skewness(b: Floats) -> float | None:
    """Return the bias-corrected sample skewness, 0 where all bids are equal."""
    n = len(b)
    if n < 3:
        return None
    sd = b.std(ddof=1)
    if sd == 0:
        return 0.0
    return float(n / ((n - 1) * (n - 2)) * (((b - b.mean()) / sd) ** 3).sum())


def _kurtosis(b: Floats) -> float | None:
    """Return the bias-corrected sample excess kurtosis, 0 where all bids are equal."""
    n = len(b)
    if n < 4:
        return None
    sd = b.std(ddof=1)
    if sd == 0:
        return 0.0
    fourth = (((b - b.mean()) / sd) ** 4).sum()
    scale = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3))
    return float(scale * fourth - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def _uniform_distance(b: Floats) -> float | None:
    """Return the Kolmogorov-Smirnov distance to the uniform distribution between the ends."""
    n = len(b)
    if n < 3:
        return None
    span = b[-1] - b[0]
    if span == 0:
        return 1.0
    place = (b - b[0]) / span
    rank = np.arange(1, n + 1)
    return float(max((rank / n - place).max(), (place - (rank - 1) / n).max()))
