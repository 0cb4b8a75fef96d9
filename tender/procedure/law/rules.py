"""One rule of law: what it demands, of which kinds of trade, by which article, since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from tender.core.wording import Wording
from tender.procedure.law.articles import Article
from tender.procedure.law.quantities import Bound, Unit, Value


class Direction(StrEnum):
    """Who pays: in a purchase the employer (lowest may win), in a disposal the bidder (highest)."""

    PURCHASE = "PURCHASE"
    DISPOSAL = "DISPOSAL"


@dataclass(frozen=True)
class Override:
    """An administrator's own value for one rule, or the choice that another law prevails.

    `value` None together with `set_aside` takes the rule out of force; the reason is shown
    wherever the rule explains a date and is kept in the ledger by the caller.
    """

    reason: str
    value: Value | None = None
    set_aside: bool = False

    def __post_init__(self) -> None:
        """Refuse a change that nobody could later account for."""
        if not self.reason.strip():
            raise ValueError("an override needs a reason")
        if (self.value is None) is not self.set_aside:
            raise ValueError("an override either gives a value or sets the rule aside")


Overrides = Mapping[str, Override]
"""Rule id to override."""


@dataclass(frozen=True)
class Counted:
    """How a rule limits the timeline: which milestone, counted after or back before which."""

    limits: str
    anchor: str
    backwards: bool


@dataclass(frozen=True)
class Rule:
    """One rule of law. `code` is what programs ask for, `id` names the row (and its override).

    `scopes` are (kind, direction or None for both); `methods` empty means all; `only` names a
    fact of the tender without which the rule does not apply; `yields` says that the documents
    may say otherwise, otherwise they may only be stricter; `conflicts` names rows of other laws.
    """

    id: str
    code: str
    stage: str
    text: str
    value: Value | None
    scopes: frozenset[tuple[str, Direction | None]]
    articles: tuple[Article, ...]
    valid_from: date
    valid_until: date | None = None
    methods: frozenset[str] = frozenset()
    only: str | None = None
    to_check: bool = False
    yields: bool = False
    conflicts: tuple[str, ...] = ()
    counted: Counted | None = None
    override: Override | None = None

    @property
    def required(self) -> Value:
        """The value of a rule that has one; ValueError for a rule in words."""
        if self.value is None:
            raise ValueError(f"the rule {self.id} is in words and has no value")
        return self.value

    def wording(self) -> Wording:
        """The rule's text without its value."""
        return Wording(self.text)

    def covers(self, kind: str, direction: Direction | None, method: str | None) -> bool:
        """Whether the rule speaks of this kind, direction and method.

        A direction or method that is None is not yet known and matches only rules for all.
        """
        if self.methods and method not in self.methods:
            return False
        return (kind, None) in self.scopes or (
            direction is not None and (kind, direction) in self.scopes
        )

    def in_force(self, on: date) -> bool:
        """Whether the rule is valid on a legal day, first and last day included."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)

    def stricter(self, number: int) -> Value:
        """The value when the documents name a number of their own.

        Where the rule yields, the documents' number; otherwise the stricter of the two.
        """
        value = self.required
        own = replace(value, number=Fraction(number))
        if self.yields or (value.holds(number) and value.bound is not Bound.EXACTLY):
            return own
        return value

    def under(self, override: Override | None) -> Rule | None:
        """The rule as an administrator changed it, None if it was set aside.

        Days may become working days, which is a choice between laws; any other change of unit
        would be a slip of the pen and is a ValueError, as is a number for a rule in words.
        """
        if override is None:
            return self
        if override.value is None:
            return None
        units = {override.value.unit, self.value.unit if self.value else None}
        if len(units) > 1 and not units <= {Unit.DAYS, Unit.WORKING_DAYS}:
            raise ValueError(f"the override of {self.id} has another unit than the rule")
        return replace(self, value=override.value, override=override)
