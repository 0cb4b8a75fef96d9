"""Sums that are shown: every number of a result with its formula, its values and its rounding.

A bidder must be able to recompute his score with pencil and paper; what cannot be shown cannot
be objected to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tender.core.wording import Wording, plain, read_wording

Exact = Decimal | Fraction | int


@dataclass(frozen=True)
class Step:
    """One line of a sum.

    `formula` says it in words ("lowest price ÷ price × points"), `worked` with the numbers of
    this bid, `values` are those numbers by name, `result` is the number that goes on.
    """

    label: Wording
    formula: Wording
    worked: str
    values: Mapping[str, Decimal]
    result: Decimal

    def plain(self) -> dict[str, Any]:
        """The step as JSON data; numbers as decimal text, exact."""
        return {
            "label": plain(self.label),
            "formula": plain(self.formula),
            "worked": self.worked,
            "values": {name: f"{value:f}" for name, value in self.values.items()},
            "result": f"{self.result:f}",
        }


@dataclass(frozen=True)
class Score:
    """A number with the steps that lead to it, the last one ending in it."""

    value: Decimal
    steps: tuple[Step, ...]


def read_step(data: Mapping[str, Any]) -> Step:
    """The step that `Step.plain` wrote."""
    return Step(
        label=read_wording(data["label"]),
        formula=read_wording(data["formula"]),
        worked=data["worked"],
        values={name: Decimal(text) for name, text in data["values"].items()},
        result=Decimal(data["result"]),
    )


def step_text(data: dict[str, Any]) -> str:
    """One step of a sum in a line, in the present language."""
    step = read_step(data)
    worked = "" if step.worked == f"{step.result:f}" else f"{step.worked} = "
    return f"{step.label.text()}（{step.formula.text()}）：{worked}{step.result:f}"


def rounded(exact: Exact, places: int) -> Decimal:
    """An exact number to a stated number of decimals, half away from zero (四舍五入).

    The division is never carried out before the rounding, so no digit is lost on the way: two
    people with different calculators get the same score.
    """
    scaled = Fraction(exact) * 10**places
    whole = (2 * abs(scaled.numerator) + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(f"{whole if scaled >= 0 else -whole}E{-places}")


def yuan(fen: Exact) -> Decimal:
    """Fen as yuan, exactly, for showing."""
    return rounded(Fraction(fen) / 100, 2)
