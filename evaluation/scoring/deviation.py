"""How far each expert lies from the others, computed after all sheets are locked.

Statistics, not accusation: an outlier needs a written reason, nothing more. Nobody sees a number
of these before the last sheet is submitted; that is the caller's duty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from evaluation.scoring.steps import rounded

LIMIT = Decimal("0.20")
"""The share of the maximum by which an expert may differ before a reason is asked for."""


@dataclass(frozen=True)
class Difference:
    """One expert's score for one bid beside the mean of the other experts'.

    `share` is the difference as a share of the maximum, rounded to four decimals for showing;
    `outlier` is decided on the exact share and means that a written reason is needed.
    """

    expert: str
    bid: str
    own: Decimal
    others_mean: Decimal
    difference: Decimal
    share: Decimal
    outlier: bool


@dataclass(frozen=True)
class Profile:
    """One expert against the rest: all differences, their mean size, and the order of bids.

    `favoured` is the bid scored highest against the others' view, None with no difference;
    `agreement` is Kendall's tau-a between the expert's order of bids and the others' mean (1 the
    same, -1 reversed; pairs tied in either count as nothing), None with fewer than two bids.
    """

    expert: str
    differences: tuple[Difference, ...]
    mean_size: Decimal
    favoured: str | None
    agreement: Decimal | None

    @property
    def outliers(self) -> tuple[Difference, ...]:
        """The differences for which a written reason is needed."""
        return tuple(each for each in self.differences if each.outlier)


def profiles(
    totals: Mapping[str, Mapping[str, Decimal]], maximum: Decimal, *, limit: Decimal = LIMIT
) -> tuple[Profile, ...]:
    """Every expert's profile from their subtotals: expert to bid to score out of `maximum`.

    ValueError unless at least two experts scored, and all the same bids.
    """
    if len(totals) < 2:
        raise ValueError("one expert alone deviates from nobody")
    if maximum <= 0:
        raise ValueError("the maximum is above zero")
    if len({frozenset(scores) for scores in totals.values()}) != 1:
        raise ValueError("the experts scored different bids")
    return tuple(_profile(expert, totals, maximum, limit) for expert in sorted(totals))


def _profile(
    expert: str, totals: Mapping[str, Mapping[str, Decimal]], maximum: Decimal, limit: Decimal
) -> Profile:
    own = {bid: Fraction(score) for bid, score in totals[expert].items()}
    others = {
        bid: sum((Fraction(totals[name][bid]) for name in totals if name != expert), Fraction(0))
        / (len(totals) - 1)
        for bid in own
    }
    gaps = {bid: own[bid] - others[bid] for bid in sorted(own)}
    differences = tuple(
        Difference(
            expert=expert,
            bid=bid,
            own=totals[expert][bid],
            others_mean=rounded(others[bid], 2),
            difference=rounded(gap, 2),
            share=rounded(gap / Fraction(maximum), 4),
            outlier=abs(gap) > Fraction(limit) * Fraction(maximum),
        )
        for bid, gap in gaps.items()
    )
    size = sum((abs(gap) for gap in gaps.values()), Fraction(0)) / max(len(gaps), 1)
    favoured = max(gaps, key=lambda bid: gaps[bid], default=None)
    return Profile(
        expert=expert,
        differences=differences,
        mean_size=rounded(size, 2),
        favoured=favoured if favoured is not None and gaps[favoured] > 0 else None,
        agreement=_agreement(own, others),
    )


def _agreement(own: Mapping[str, Fraction], others: Mapping[str, Fraction]) -> Decimal | None:
    bids = sorted(own)
    pairs = [(a, b) for i, a in enumerate(bids) for b in bids[i + 1 :]]
    if not pairs:
        return None
    agreeing = sum(_sign(own[a] - own[b]) * _sign(others[a] - others[b]) for a, b in pairs)
    return rounded(Fraction(agreeing, len(pairs)), 2)


def _sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)
