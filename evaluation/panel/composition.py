"""Whether a panel (评标委员会) is lawfully composed: odd, large enough, two thirds experts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tender.core.i18n import N_
from tender.core.wording import say
from tender.procedure.law.articles import wordings
from tender.procedure.law.law import Law
from tender.procedure.law.problems import Problem
from tender.procedure.law.rules import Direction, Overrides, Rule


@dataclass(frozen=True)
class Composition:
    """A panel in numbers: drawn experts and the procuring entity's representatives.

    `complex_project`: complex or of high impact, which a large budget also makes it.
    """

    experts: int
    representatives: int = 0
    budget_fen: int = 0
    complex_project: bool = False
    representative_chairs: bool = False

    @property
    def size(self) -> int:
        """All members."""
        return self.experts + self.representatives


def minimum_members(
    law: Law,
    kind: str,
    panel: Composition,
    *,
    on: date,
    direction: Direction,
    method: str,
    overrides: Overrides | None = None,
) -> Rule:
    """The rule that sets the least number of members: five, or seven for a large procurement."""
    large = law.find(kind, code="panel_large_budget", on=on, overrides=overrides)
    if large and (panel.complex_project or large[0].required.holds(panel.budget_fen)):
        return law.lookup(kind, "panel_large_minimum", on=on, overrides=overrides)
    return law.lookup(
        kind, "panel_minimum", on=on, direction=direction, method=method, overrides=overrides
    )


def check_panel(
    law: Law,
    kind: str,
    panel: Composition,
    *,
    on: date,
    direction: Direction,
    method: str,
    overrides: Overrides | None = None,
) -> tuple[Problem, ...]:
    """Everything unlawful about a panel; empty if it may begin (TBL 37, O87 47)."""
    least = minimum_members(
        law, kind, panel, on=on, direction=direction, method=method, overrides=overrides
    )
    share = law.lookup(kind, "panel_experts_share", on=on, direction=direction, overrides=overrides)
    chair = law.find(kind, code="panel_procurement", on=on, overrides=overrides)
    return tuple(_problems(panel, least, share, chair))


def _problems(
    panel: Composition, least: Rule, share: Rule, chair: tuple[Rule, ...]
) -> Iterator[Problem]:
    cited = wordings(least.articles)
    if not least.required.holds(panel.size):
        message = N_(
            "The panel has %(size)s members; it needs %(least)s, %(articles)s. Draw more experts."
        )
        wording = say(message, size=panel.size, least=least.required.whole, articles=cited)
        yield Problem("panel.too_small", "size", wording, least.articles, least.to_check)
    if panel.size % 2 == 0:
        message = N_(
            "The panel has %(size)s members; the number must be odd, %(articles)s. Add or take "
            "away one."
        )
        wording = say(message, size=panel.size, articles=cited)
        yield Problem("panel.even", "size", wording, least.articles, least.to_check)
    if panel.size and not share.required.holds(Fraction(panel.experts, panel.size)):
        message = N_(
            "Only %(experts)s of %(size)s members are drawn experts; it needs two thirds, "
            "%(articles)s. Draw more experts or send fewer representatives."
        )
        wording = say(
            message, experts=panel.experts, size=panel.size, articles=wordings(share.articles)
        )
        yield Problem("panel.experts", "experts", wording, share.articles, share.to_check)
    if chair and panel.representative_chairs:
        message = N_(
            "The buyer's representative may not chair the panel, %(articles)s. Let the experts "
            "elect one of them."
        )
        wording = say(message, articles=wordings(chair[0].articles))
        yield Problem("panel.chair", "chair", wording, chair[0].articles)
