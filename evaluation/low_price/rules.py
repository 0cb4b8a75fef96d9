"""Which procurement bids must be reviewed for an abnormally low price (异常低价审查).

A trigger opens a review, never a rejection: the bidder gets at least the law's time to explain,
and the panel decides (O87 art. 60 and the notice in force from 2026-02-01, to be checked).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from evaluation.scoring.steps import Step, rounded, yuan
from tender.core.i18n import N_
from tender.core.wording import say
from tender.procedure.law.law import Law
from tender.procedure.law.problems import Problem
from tender.procedure.law.rules import Overrides


class Trigger(StrEnum):
    """Why a price is reviewed; the panel's own judgement needs no sum."""

    MEAN = "mean"
    NEXT_LOWEST = "next_lowest"
    CEILING = "ceiling"
    JUDGEMENT = "judgement"


@dataclass(frozen=True)
class Thresholds:
    """The shares under which a price is reviewed; `to_check` as the law's rows are marked."""

    mean: Fraction
    next_lowest: Fraction
    ceiling: Fraction
    to_check: bool = False


@dataclass(frozen=True)
class Review:
    """A bid to be reviewed, with the sum that triggered it."""

    bid: str
    trigger: Trigger
    threshold: Decimal
    step: Step


def thresholds(
    law: Law,
    kind: str,
    on: date,
    *,
    raised: Fraction | None = None,
    overrides: Overrides | None = None,
) -> Thresholds | None:
    """The thresholds in force on a day, None before there were any.

    `raised` is the share that the buyer's documents set for all three, at most the law's 65 %;
    it never lowers one. Check it with `check_raised` when the documents are made.
    """
    codes = ("low_price_mean", "low_price_next", "low_price_ceiling")
    rules = [law.find(kind, code=code, on=on, overrides=overrides) for code in codes]
    if not all(rules):
        return None
    mean, following, ceiling = (
        max(found[0].required.share, raised or Fraction(0)) for found in rules
    )
    return Thresholds(mean, following, ceiling, any(found[0].to_check for found in rules))


def check_raised(
    law: Law, kind: str, raised: Fraction, on: date, overrides: Overrides | None = None
) -> Problem | None:
    """Whether the buyer may raise the thresholds to this share; None if so."""
    rule = law.lookup(kind, "low_price_raised", on=on, overrides=overrides)
    if rule.required.holds(raised * 1000):
        return None
    message = N_(
        "The thresholds of the low price review may be raised to %(value)s, not to %(raised)s %%. "
        "Choose a lower share."
    )
    wording = say(message, value=rule.required.wording(), raised=rounded(raised * 100, 2))
    return Problem("low_price.raised", "raised", wording, rule.articles, rule.to_check)


def reviews(
    prices: Mapping[str, int], shares: Thresholds, *, ceiling_fen: int | None
) -> tuple[Review, ...]:
    """Every trigger that a compliant bid's price pulls, by price.

    `prices` are bid prices of the compliant bids in fen; `ceiling_fen` is the maximum price,
    else the budget, None where neither is known. "Below" excludes the threshold itself.
    """
    found: list[Review] = []
    ordered = sorted(prices.items(), key=lambda item: (item[1], item[0]))
    for position, (bid, price) in enumerate(ordered):
        mean = Fraction(sum(prices.values()), len(prices))
        bases: list[tuple[Trigger, Fraction, Fraction]] = [(Trigger.MEAN, mean, shares.mean)]
        if position == 0 and len(ordered) > 1:
            bases.append((Trigger.NEXT_LOWEST, Fraction(ordered[1][1]), shares.next_lowest))
        if ceiling_fen is not None:
            bases.append((Trigger.CEILING, Fraction(ceiling_fen), shares.ceiling))
        for trigger, base, share in bases:
            if price < base * share:
                found.append(_review(bid, price, trigger, base, share))
    return tuple(found)


TRIGGER_NAMES = {
    Trigger.MEAN: N_("Share of the mean of the compliant bids"),
    Trigger.NEXT_LOWEST: N_("Share of the next lowest price"),
    Trigger.CEILING: N_("Share of the maximum price or the budget"),
    Trigger.JUDGEMENT: N_("The panel finds the price abnormally low"),
}


def _review(bid: str, price: int, trigger: Trigger, base: Fraction, share: Fraction) -> Review:
    limit = rounded(share * 100, 2)
    step = Step(
        label=say(TRIGGER_NAMES[trigger]),
        formula=say(
            N_("price ÷ what it is compared with × 100; reviewed below %(limit)s"), limit=limit
        ),
        worked=f"{yuan(price)} ÷ {yuan(base)} × 100",
        values={"price": yuan(price), "base": yuan(base), "limit": limit},
        result=rounded(Fraction(price) / base * 100, 2),
    )
    return Review(bid, trigger, yuan(base * share), step)
