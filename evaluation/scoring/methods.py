"""How each method makes a ranking, as data, and the one function that carries it out.

The same function serves the village lease, where the highest price over the reserve wins, and
the scored works tender; what differs is a row of `METHODS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from evaluation.scoring.adjustments import raised_score, reduced_price
from evaluation.scoring.points import (
    PLACES,
    Deviation,
    Part,
    combine,
    deviation_scores,
    high_price_scores,
    low_price_scores,
)
from evaluation.scoring.ranking import Entry, Key, Ranked, rank
from evaluation.scoring.steps import Score, Step, yuan
from tender.core.i18n import N_
from tender.core.wording import Wording, say
from tender.procedure.law.kinds import Direction, Method
from tender.procedure.law.problems import Problem
from tender.procedure.pricing import check_price


class PriceFormula(StrEnum):
    """How a price becomes points."""

    NONE = "none"
    LOW_PRICE = "low_price"
    HIGH_PRICE = "high_price"
    DEVIATION = "deviation"


@dataclass(frozen=True)
class Way:
    """A method's row: the order of its keys and the formulas its documents may choose from."""

    keys: tuple[Key, ...]
    formulas: tuple[PriceFormula, ...] = (PriceFormula.NONE,)


PRICE_LABEL: Wording = say(N_("Price"))

_SCORED_PURCHASE = Way(
    (Key.TOTAL_HIGH, Key.PRICE_LOW, Key.TECHNICAL_HIGH, Key.LOT),
    (PriceFormula.LOW_PRICE, PriceFormula.DEVIATION),
)
_LOWEST = Way((Key.PRICE_LOW, Key.TECHNICAL_HIGH, Key.LOT))
_HIGHEST = Way((Key.PRICE_HIGH, Key.PRIORITY, Key.LOT))

METHODS: Mapping[tuple[Method, Direction], Way] = {
    (Method.COMPREHENSIVE_SCORING, Direction.PURCHASE): _SCORED_PURCHASE,
    (Method.SIMPLE_SCORING, Direction.PURCHASE): _SCORED_PURCHASE,
    (Method.LOWEST_EVALUATED_PRICE, Direction.PURCHASE): _LOWEST,
    (Method.LOWEST_PRICE, Direction.PURCHASE): _LOWEST,
    (Method.COMPREHENSIVE_SCORING, Direction.DISPOSAL): Way(
        (Key.TOTAL_HIGH, Key.PRICE_HIGH, Key.PRIORITY, Key.LOT), (PriceFormula.HIGH_PRICE,)
    ),
    (Method.SEALED_HIGHEST_PRICE, Direction.DISPOSAL): _HIGHEST,
    (Method.LISTING, Direction.DISPOSAL): _HIGHEST,
    (Method.AUCTION, Direction.DISPOSAL): _HIGHEST,
    (Method.ASCENDING, Direction.DISPOSAL): _HIGHEST,
}


@dataclass(frozen=True)
class Scheme:
    """What the tender documents state: method, formula, points for the price, tie order.

    `points` are those of the price out of 100; `deviation` the parameters of that formula;
    `keys` replaces the method's tie order where the documents state their own; `sme_in_score`
    adds the small enterprises' rate to the price score instead of taking it off the price.
    """

    method: Method
    direction: Direction
    formula: PriceFormula = PriceFormula.NONE
    points: Decimal = Decimal(0)
    deviation: Deviation | None = None
    keys: tuple[Key, ...] = ()
    limit_fen: int | None = None
    sme_in_score: bool = False
    places: int = PLACES


@dataclass(frozen=True)
class BidFigures:
    """A bid that passed the panel's review.

    `price_fen` is per price basis (checked against the scheme's limit), `total_fen` over the
    term; `rate` its policy reduction; `parts` the panel's scores, the price's not among them.
    """

    bid: str
    price_fen: int
    total_fen: int
    rate: Fraction = Fraction(0)
    parts: tuple[Part, ...] = ()
    technical: Decimal = Decimal(0)
    priority: bool = False


@dataclass(frozen=True)
class Result:
    """The ranking with every step by bid, and the bids that the limit makes invalid."""

    ranking: tuple[Ranked, ...]
    totals: Mapping[str, Decimal]
    steps: Mapping[str, tuple[Step, ...]]
    invalid: Mapping[str, Problem] = field(default_factory=dict)


def evaluate(
    bids: Sequence[BidFigures], scheme: Scheme, *, lot_seed: bytes | None = None
) -> Result:
    """Rank a lot's bids by its scheme.

    Bids outside the limit are left out with their problem before anything is compared, so they
    set no base. Whether enough valid bids remain is the caller's question (`minimum_bidders`).
    ValueError for a formula that the method does not know.
    """
    way = METHODS[scheme.method, scheme.direction]
    if scheme.formula not in way.formulas:
        raise ValueError(f"{scheme.method} has no price formula {scheme.formula}")
    invalid = {
        bid.bid: problem
        for bid in bids
        if (problem := check_price(scheme.direction, bid.price_fen, scheme.limit_fen))
    }
    valid = [bid for bid in bids if bid.bid not in invalid]
    compared = {bid.bid: _compared(bid, scheme) for bid in valid}
    prices = {bid: price for bid, (price, _) in compared.items()}
    scores = _price_scores(prices, scheme)
    totals: dict[str, Decimal] = {}
    steps: dict[str, tuple[Step, ...]] = {}
    entries = []
    for bid in valid:
        total = _total(bid, scores.get(bid.bid), scheme)
        totals[bid.bid] = total.value
        steps[bid.bid] = (*compared[bid.bid][1], *total.steps)
        entries.append(
            Entry(
                bid=bid.bid,
                price=prices[bid.bid],
                total=total.value,
                technical=bid.technical,
                priority=bid.priority,
                unit_price=bid.price_fen,
            )
        )
    return Result(rank(entries, scheme.keys or way.keys, lot_seed=lot_seed), totals, steps, invalid)


def _compared(bid: BidFigures, scheme: Scheme) -> tuple[int, tuple[Step, ...]]:
    """The price that is compared, in fen over the term, with the step of its reduction."""
    shown = Step(
        label=say(N_("Bid price over the whole term")),
        formula=say(N_("price × quantity × term, as the lot is priced")),
        worked=str(yuan(bid.total_fen)),
        values={"price": yuan(bid.price_fen)},
        result=yuan(bid.total_fen),
    )
    if not bid.rate or scheme.sme_in_score:
        return bid.total_fen, (shown,)
    reduced, step = reduced_price(bid.total_fen, bid.rate)
    return reduced, (shown, step)


def _price_scores(prices: Mapping[str, int], scheme: Scheme) -> Mapping[str, Score]:
    if not prices or scheme.formula is PriceFormula.NONE:
        return {}
    if scheme.formula is PriceFormula.LOW_PRICE:
        return low_price_scores(prices, scheme.points, scheme.places)
    if scheme.formula is PriceFormula.HIGH_PRICE:
        return high_price_scores(prices, scheme.points, scheme.places)
    if scheme.deviation is None:
        raise ValueError("the deviation formula needs its parameters")
    if scheme.deviation.points != scheme.points:
        raise ValueError("the deviation formula and the scheme state different points")
    return deviation_scores(prices, scheme.deviation)


def _total(bid: BidFigures, price: Score | None, scheme: Scheme) -> Score:
    if price is None:
        return Score(Decimal(0), ())
    if scheme.sme_in_score and bid.rate:
        price = raised_score(price, bid.rate, scheme.places)
    most = max(scheme.points, price.value)  # The addition may lead above the price's points.
    own = Part(PRICE_LABEL, price.value, most, most)
    combined = combine([*bid.parts, own], scheme.places)
    return Score(combined.value, (*price.steps, *combined.steps))
