"""Reductions of the scored price that policy grants: small and micro enterprises, domestic goods.

Reduced prices serve scoring only and set both the base and the bid's own price; the contract
price is the bid price. The rate stands in the tender documents within the law's bounds, and the
bidder's declaration, published with the result, is the proof (SME art. 9, 10, 20).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from evaluation.scoring.steps import Score, Step, rounded, yuan
from tender.core.i18n import N_
from tender.core.wording import say
from tender.procedure.law.articles import wordings
from tender.procedure.law.law import Law
from tender.procedure.law.problems import Problem
from tender.procedure.law.rules import Overrides


class Preference(StrEnum):
    """What a bid's declaration entitles it to."""

    NONE = "none"
    SMALL = "small"
    JOINT = "joint"


@dataclass(frozen=True)
class Declaration:
    """What a bidder declares about itself, its partners and its goods (中小企业声明函).

    `small`: small or micro itself, or every member of a joint bid is. `joint_share`: the share
    of small or micro members or subcontractors in the contract. `related`: they control or
    manage each other or are the same person. `made_by_large`: some goods come from a large firm.
    """

    small: bool = False
    joint_share: Fraction = Fraction(0)
    related: bool = False
    made_by_large: bool = False


def preference(declared: Declaration, minimum_share: Fraction) -> Preference:
    """Which reduction a declaration gives: none where a large firm makes part of the goods.

    `minimum_share` is the law's `sme_joint_share`.
    """
    if declared.made_by_large:
        return Preference.NONE
    if declared.small:
        return Preference.SMALL
    if declared.joint_share >= minimum_share and not declared.related:
        return Preference.JOINT
    return Preference.NONE


def check_rate(
    law: Law,
    kind: str,
    rate: Fraction,
    *,
    works: bool,
    joint: bool,
    on: date,
    overrides: Overrides | None = None,
) -> Problem | None:
    """Whether the documents' rate lies within the law of that day; None if it does."""
    stem = f"sme_{'joint_' if joint else ''}{'works' if works else 'goods'}"
    for code in (f"{stem}_min", f"{stem}_max"):
        rule = law.lookup(kind, code, on=on, overrides=overrides)
        if not rule.required.holds(rate * 1000):
            wording = say(
                N_(
                    "The reduction of %(rate)s %% for small and micro enterprises is not lawful: "
                    "%(value)s, %(articles)s. Change it in the documents."
                ),
                rate=rounded(rate * 100, 2),
                value=rule.required.wording(),
                articles=wordings(rule.articles),
            )
            return Problem("sme.rate", "sme_rate", wording, rule.articles, rule.to_check)
    return None


def reduced_price(price_fen: int, rate: Fraction) -> tuple[int, Step]:
    """The price that is scored, in whole fen, half a fen up: price x (1 - rate)."""
    _require_rate(rate)
    reduced = int(rounded(price_fen * (1 - rate), 0))
    shown = rounded(rate * 100, 2)
    step = Step(
        label=say(N_("Scored price after the reduction")),
        formula=say(N_("price × (1 − rate)")),
        worked=f"{yuan(price_fen)} × (1 - {shown} %)",
        values={"price": yuan(price_fen), "rate": shown},
        result=yuan(reduced),
    )
    return reduced, step


def raised_score(price_score: Score, rate: Fraction, places: int = 2) -> Score:
    """A works price score with the addition for small and micro enterprises: score x (1 + rate).

    For works under the Tendering Law that are not scored low price first.
    """
    _require_rate(rate)
    value = rounded(Fraction(price_score.value) * (1 + rate), places)
    shown: Decimal = rounded(rate * 100, 2)
    step = Step(
        label=say(N_("Price score with the addition")),
        formula=say(N_("price score × (1 + rate)")),
        worked=f"{price_score.value} × (1 + {shown} %)",
        values={"score": price_score.value, "rate": shown},
        result=value,
    )
    return Score(value, (*price_score.steps, step))


def _require_rate(rate: Fraction) -> None:
    if not 0 <= rate < 1:
        raise ValueError("a rate lies between 0 and 1")
