"""Price scores and their combination, exact in Decimal, rounded once, every step shown.

Nowhere is "lowest wins" assumed: purchases and disposals have formulas of their own, and which
one a tender uses stands in its documents (`methods.py`). All take valid bids only, by bid id,
with prices in fen; REG 50 holds for all: nearness to a base price never rejects a bid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from evaluation.scoring.steps import Score, Step, rounded, yuan
from tender.core.i18n import N_
from tender.core.wording import Wording, say

PLACES = 2


def low_price_scores(
    prices: Mapping[str, int], points: Decimal, places: int = PLACES
) -> dict[str, Score]:
    """The procurement price score (低价优先法): lowest valid price / price x 100 x weight.

    O87 art. 55; neither the highest nor the lowest price is dropped. `points` is 100 x weight.
    Prices are those that are scored, reductions already made; ValueError for one that is not
    above zero, which the panel must have rejected.
    """
    _require_prices(prices)
    lowest = min(prices.values())
    return {
        bid: _price_score(
            say(N_("lowest price ÷ price × points")),
            Fraction(lowest, price),
            f"{yuan(lowest)} ÷ {yuan(price)} × {points}",
            {"lowest": yuan(lowest), "price": yuan(price), "points": points},
            places,
        )
        for bid, price in prices.items()
    }


def high_price_scores(
    prices: Mapping[str, int], points: Decimal, places: int = PLACES
) -> dict[str, Score]:
    """The price score of a disposal: price / highest valid price x points.

    The mirror of the procurement formula for land and property, where the bidder pays.
    """
    _require_prices(prices)
    highest = max(prices.values())
    return {
        bid: _price_score(
            say(N_("price ÷ highest price × points")),
            Fraction(price, highest),
            f"{yuan(price)} ÷ {yuan(highest)} × {points}",
            {"highest": yuan(highest), "price": yuan(price), "points": points},
            places,
        )
        for bid, price in prices.items()
    }


@dataclass(frozen=True)
class Deviation:
    """The parameters of the works price formula; all of them stand in the tender documents.

    `coefficient` is drawn at the opening (0 where none is drawn); from `trim_from` bids on the
    highest and the lowest are left out of the mean (None: never); `above` and `below` are the
    points lost for each per cent over and under the base; no score falls under `floor`.
    """

    points: Decimal
    above: Decimal
    below: Decimal
    coefficient: Decimal = Decimal(0)
    trim_from: int | None = None
    floor: Decimal = Decimal(0)
    places: int = PLACES

    def __post_init__(self) -> None:
        """Refuse parameters under which a score would rise with its distance from the base."""
        if min(self.above, self.below) < 0 or not 0 <= self.floor <= self.points:
            raise ValueError("losses are not negative and the floor lies within the points")
        if not 0 <= self.coefficient < 1:
            raise ValueError("the coefficient lies between 0 and 1")
        if self.trim_from is not None and self.trim_from < 3:
            raise ValueError("with fewer than three bids nothing can be left out")


def deviation_base(prices: Mapping[str, int], terms: Deviation) -> Score:
    """The base price (评标基准价) in yuan, rounded to the fen: mean x (1 - coefficient).

    Ties at the highest or lowest price leave out one bid of them, not all.
    """
    _require_prices(prices)
    counted = sorted(prices.values())
    if terms.trim_from is not None and len(counted) >= terms.trim_from:
        counted = counted[1:-1]
    mean = Fraction(sum(counted), len(counted))
    base = yuan(rounded(mean * (1 - Fraction(terms.coefficient)), 0))
    total = yuan(sum(counted))
    steps = (
        Step(
            label=say(N_("Mean of %(count)s prices"), count=len(counted)),
            formula=say(N_("sum of the prices ÷ their number")),
            worked=f"{total} ÷ {len(counted)}",
            values={"sum": total, "count": Decimal(len(counted))},
            result=yuan(mean),
        ),
        Step(
            label=say(N_("Base price")),
            formula=say(N_("mean × (1 − coefficient)")),
            worked=f"{total} ÷ {len(counted)} × (1 - {terms.coefficient})",
            values={"coefficient": terms.coefficient},
            result=base,
        ),
    )
    return Score(base, steps)


def deviation_scores(prices: Mapping[str, int], terms: Deviation) -> dict[str, Score]:
    """The works price score: points minus what each per cent of deviation from the base costs.

    Deviation = (bid - base) / base x 100 %. The deviation is shown to four decimals but enters
    the score exactly.
    """
    base = deviation_base(prices, terms)
    if base.value <= 0:
        raise ValueError("the base price is not above zero")
    return {bid: _deviation_score(price, base, terms) for bid, price in prices.items()}


@dataclass(frozen=True)
class Part:
    """A part of the total: a score out of `maximum` that counts for `points` of 100."""

    label: Wording
    score: Decimal
    maximum: Decimal
    points: Decimal


def combine(parts: Sequence[Part], places: int = PLACES) -> Score:
    """The total of a comprehensive evaluation: each part by its weight, then their sum.

    Each part is rounded and the total is the exact sum of the rounded parts, so that the numbers
    that are published add up. ValueError for a score outside its maximum.
    """
    steps: list[Step] = []
    for part in parts:
        if not 0 <= part.score <= part.maximum or part.maximum <= 0:
            raise ValueError(f"the score {part.score} lies outside 0 to {part.maximum}")
        exact = Fraction(part.score) * Fraction(part.points) / Fraction(part.maximum)
        steps.append(
            Step(
                label=part.label,
                formula=say(N_("score ÷ maximum × points")),
                worked=f"{part.score} ÷ {part.maximum} × {part.points}",
                values={"score": part.score, "maximum": part.maximum, "points": part.points},
                result=rounded(exact, places),
            )
        )
    value = sum((step.result for step in steps), Decimal(0))
    worked = " + ".join(str(step.result) for step in steps) or "0"
    steps.append(_sum_step(worked, value))
    return Score(value, tuple(steps))


def panel_mean(
    scores: Mapping[str, Decimal], label: Wording, *, trim: bool = False, places: int = PLACES
) -> Score:
    """The panel's score for one criterion: the mean of the experts' own.

    `trim` leaves out one highest and one lowest where the documents of a works tender say so
    and at least five experts scored; procurement never does.
    """
    counted = sorted(scores.values())
    if not counted:
        raise ValueError("no expert has scored this criterion")
    if trim and len(counted) >= 5:
        counted = counted[1:-1]
    total = sum(counted, Decimal(0))
    value = rounded(Fraction(total) / len(counted), places)
    step = Step(
        label=label,
        formula=say(N_("sum of the experts' scores ÷ their number")),
        worked=f"({' + '.join(str(score) for score in counted)}) ÷ {len(counted)}",
        values={"sum": total, "count": Decimal(len(counted))},
        result=value,
    )
    return Score(value, (step,))


def _price_score(
    formula: Wording, ratio: Fraction, worked: str, values: Mapping[str, Decimal], places: int
) -> Score:
    value = rounded(ratio * Fraction(values["points"]), places)
    return Score(value, (Step(say(N_("Price score")), formula, worked, values, value),))


def _deviation_score(price: int, base: Score, terms: Deviation) -> Score:
    own = Fraction(price, 100)
    deviation = (own - Fraction(base.value)) / Fraction(base.value) * 100
    rate = terms.above if deviation > 0 else terms.below
    exact = Fraction(terms.points) - abs(deviation) * Fraction(rate)
    value = rounded(max(exact, Fraction(terms.floor)), terms.places)
    shown = rounded(deviation, 4)
    steps = (
        *base.steps,
        Step(
            label=say(N_("Deviation in per cent")),
            formula=say(N_("(price − base price) ÷ base price × 100")),
            worked=f"({yuan(price)} - {base.value}) ÷ {base.value} × 100",
            values={"price": yuan(price), "base": base.value},
            result=shown,
        ),
        Step(
            label=say(N_("Price score")),
            formula=say(N_("points − deviation × loss per cent, not below the lowest score")),
            worked=f"{terms.points} - {abs(shown)} × {rate} ≥ {terms.floor}",
            values={"points": terms.points, "loss": rate, "floor": terms.floor},
            result=value,
        ),
    )
    return Score(value, steps)


def _sum_step(worked: str, value: Decimal) -> Step:
    return Step(say(N_("Total score")), say(N_("sum of the parts")), worked, {}, value)


def _require_prices(prices: Mapping[str, int]) -> None:
    if not prices:
        raise ValueError("there is no valid price to score")
    if min(prices.values()) <= 0:
        raise ValueError("a price that is not above zero cannot be scored")
