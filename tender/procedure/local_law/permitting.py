"""What a county may change in the law's table: pure, and asked before anything is stored.

A row that binds may only be made stricter. A row that yields to the documents, or that rests on a
summary or an analogy (to check), may take any value of its own kind. A row may be set aside only
where another law says otherwise or where the row is one to check that merely dates a milestone.
"""

from __future__ import annotations

from fractions import Fraction

from tender.core.errors import DomainError, invalid
from tender.core.i18n import N_
from tender.procedure.law.quantities import Bound, Unit, Value
from tender.procedure.law.rules import Rule

DAYS = frozenset({Unit.DAYS, Unit.WORKING_DAYS})
MOST_DIGITS = 12


def free(rule: Rule) -> bool:
    """Whether a county may choose any value, laxer ones too."""
    return rule.to_check or rule.yields


def may_set_aside(rule: Rule) -> bool:
    """Whether a county may take a row out of force."""
    return bool(rule.conflicts) or (rule.to_check and (rule.counted is not None or not rule.value))


def units(rule: Rule) -> tuple[Unit, ...]:
    """The units that a new value may have; days may become working days."""
    if rule.value is None:
        return ()
    return (Unit.DAYS, Unit.WORKING_DAYS) if rule.value.unit in DAYS else (rule.value.unit,)


def read_number(rule: Rule, text: str, unit: str) -> Value:
    """The new value from what was typed; its bound is the row's own.

    Raises DomainError `override.number` or `override.unit`.
    """
    if rule.value is None:
        raise invalid("override.words", N_("This row is in words and has no value to change."))
    try:
        chosen = Unit(unit)
        number = Fraction(text.strip()) if len(text.strip()) <= MOST_DIGITS else Fraction(-1)
    except (ValueError, ZeroDivisionError):
        raise _number() from None
    if chosen not in units(rule):
        raise invalid(
            "override.unit", N_("The unit stays what the row says. Days may become working days."),
            {"unit": N_("Choose another unit.")},
        )  # fmt: skip
    whole = chosen is Unit.FRACTION or chosen is Unit.PERMILLE or number.denominator == 1
    if number < 0 or not whole:
        raise _number()
    return Value(rule.value.bound, number, chosen)


def _number() -> DomainError:
    return invalid(
        "override.number", N_("Write a number, for example 10."),
        {"number": N_("A number, not below zero.")},
    )  # fmt: skip


def check_stricter(rule: Rule, value: Value) -> None:
    """DomainError `override.laxer` unless the row is free or the value is stricter."""
    if rule.value is None or value == rule.value:
        raise invalid(
            "override.same",
            N_("This is what the row says already."),
            {"number": N_("Not changed.")},
        )
    if free(rule) or _stricter(rule.value, value):
        return
    raise invalid(
        "override.laxer",
        N_("This row binds: its value is %(value)s and may only be made stricter."),
        {"number": N_("Laxer than the law.")},
        value=rule.value.wording().text(),
    )


def _stricter(law: Value, own: Value) -> bool:
    """At least n working days are never fewer than n days; for upper limits it is the reverse."""
    longer = law.unit is Unit.DAYS and own.unit is Unit.WORKING_DAYS
    shorter = law.unit is Unit.WORKING_DAYS and own.unit is Unit.DAYS
    match law.bound:
        case Bound.AT_LEAST | Bound.MORE_THAN:
            return own.number >= law.number and not shorter
        case Bound.AT_MOST:
            return own.number <= law.number and not longer
        case Bound.EXACTLY:
            return False


def check_aside(rule: Rule) -> None:
    """DomainError `override.binds` for a row that may not be set aside."""
    if not may_set_aside(rule):
        raise invalid(
            "override.binds",
            N_("This row binds and no other law conflicts with it; it cannot be set aside."),
            {"act": N_("Not possible for this row.")},
        )
