"""Values of legal rules: a bound, an exact number and a unit (">= 20 days", "<= 20 permille")."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from tender.core.i18n import N_
from tender.core.wording import Wording, say


class Bound(StrEnum):
    """Which side of the number the law forbids; 以上 and 以下 include the number (O87 art. 86)."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    AT_MOST = "<="
    EXACTLY = "="


class Unit(StrEnum):
    """What a rule's number counts."""

    DAYS = "days"
    WORKING_DAYS = "wd"
    MINUTES = "minutes"
    YEARS = "years"
    FEN = "fen"
    PERMILLE = "permille"
    FRACTION = "fraction"
    COUNT = "count"


_SHOWN = {
    Unit.DAYS: N_("%(number)s days"),
    Unit.WORKING_DAYS: N_("%(number)s working days"),
    Unit.MINUTES: N_("%(number)s minutes"),
    Unit.YEARS: N_("%(number)s years"),
    Unit.FEN: N_("%(number)s yuan"),
    Unit.PERMILLE: N_("%(number)s %%"),
    Unit.FRACTION: N_("%(number)s of the whole"),
    Unit.COUNT: N_("number: %(number)s"),
}
_ONE = {Unit.DAYS: N_("1 day"), Unit.WORKING_DAYS: N_("1 working day")}
_BOUNDED = {
    Bound.AT_LEAST: N_("at least %(amount)s"),
    Bound.MORE_THAN: N_("more than %(amount)s"),
    Bound.AT_MOST: N_("at most %(amount)s"),
    Bound.EXACTLY: N_("exactly %(amount)s"),
}


@dataclass(frozen=True)
class Value:
    """What a rule demands. Exact: money is whole fen, shares are fractions."""

    bound: Bound
    number: Fraction
    unit: Unit

    @property
    def whole(self) -> int:
        """The number where only a whole one makes sense (days, members, fen)."""
        if self.number.denominator != 1:
            raise ValueError(f"{self.number} {self.unit} is not a whole number")
        return self.number.numerator

    @property
    def share(self) -> Fraction:
        """A permille or fraction as a share of one."""
        if self.unit is Unit.PERMILLE:
            return self.number / 1000
        if self.unit is Unit.FRACTION:
            return self.number
        raise ValueError(f"{self.unit} is not a share")

    def holds(self, number: Fraction | int) -> bool:
        """Whether a number in the same unit obeys the rule."""
        match self.bound:
            case Bound.AT_LEAST:
                return number >= self.number
            case Bound.MORE_THAN:
                return number > self.number
            case Bound.AT_MOST:
                return number <= self.number
            case Bound.EXACTLY:
                return number == self.number

    def amount(self) -> Wording:
        """The number with its unit, as a person reads it (2 %, 400 yuan, 2/3)."""
        number = self.number
        if number == 1 and self.unit in _ONE:
            return say(_ONE[self.unit])
        if self.unit is Unit.PERMILLE:
            number /= 10
        elif self.unit is Unit.FEN:
            number /= 100
        return say(_SHOWN[self.unit], number=_decimal(number))

    def wording(self) -> Wording:
        """The bound and the amount: at least 20 days."""
        return say(_BOUNDED[self.bound], amount=self.amount())

    def __str__(self) -> str:
        """As the data writes it."""
        return f"{self.bound.value} {self.number} {self.unit.value}"


def read_value(text: str) -> Value:
    """A value from ">= 20 days"; ValueError says which part is not understood."""
    parts = text.split()
    if len(parts) != 3:
        raise ValueError(f"a value is a bound, a number and a unit, not “{text}”")
    value = Value(Bound(parts[0]), Fraction(parts[1]), Unit(parts[2]))
    if value.number < 0:
        raise ValueError(f"a rule's number is not negative: “{text}”")
    return value


def _decimal(number: Fraction) -> str:
    scaled = number * 100
    if scaled.denominator != 1:
        return str(number)
    text = f"{scaled.numerator // 100}.{scaled.numerator % 100:02d}"
    return text.rstrip("0").rstrip(".")
