"""Prices: on which basis a lot is priced, what a bid comes to over the term, what limits it.

A village lease is bid for per mu and year, a works contract as one sum; the award is always also
stated as a total over the term, in whole fen, so that it can be compared, bonded and published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from tender.core.i18n import N_
from tender.core.money import format_yuan
from tender.core.wording import Wording, say
from tender.procedure.law.articles import wordings
from tender.procedure.law.kinds import Direction
from tender.procedure.law.problems import Problem
from tender.procedure.law.rules import Rule


class PriceBasis(StrEnum):
    """What one price of a bid pays for; quantity in the lot's unit (mu, m2, …), term in years."""

    TOTAL = "total"
    PER_UNIT = "per_unit"
    PER_YEAR = "per_year"
    PER_MONTH = "per_month"
    PER_UNIT_YEAR = "per_unit_year"
    PER_UNIT_MONTH = "per_unit_month"


_BY_QUANTITY = frozenset({PriceBasis.PER_UNIT, PriceBasis.PER_UNIT_YEAR, PriceBasis.PER_UNIT_MONTH})
_PERIODS: Mapping[PriceBasis, int] = {
    PriceBasis.PER_YEAR: 1,
    PriceBasis.PER_UNIT_YEAR: 1,
    PriceBasis.PER_MONTH: 12,
    PriceBasis.PER_UNIT_MONTH: 12,
}
BASIS_NAMES: Mapping[PriceBasis, str] = {
    PriceBasis.TOTAL: N_("total"),
    PriceBasis.PER_UNIT: N_("per %(unit)s"),
    PriceBasis.PER_YEAR: N_("per year"),
    PriceBasis.PER_MONTH: N_("per month"),
    PriceBasis.PER_UNIT_YEAR: N_("per %(unit)s and year"),
    PriceBasis.PER_UNIT_MONTH: N_("per %(unit)s and month"),
}


@dataclass(frozen=True)
class Pricing:
    """How a lot is priced: basis, quantity in `unit`, term in years; both above zero.

    A basis that does not use quantity or term leaves it out of the sum, so a lot of 30 mu let
    for 20 years at a price per year comes to price x 20.
    """

    basis: PriceBasis
    quantity: Decimal = Decimal(1)
    term: Decimal = Decimal(1)
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse a lot whose total would be nothing or less."""
        if not (self.quantity.is_finite() and self.term.is_finite()):
            raise ValueError("quantity and term are finite numbers")
        if self.quantity <= 0 or self.term <= 0:
            raise ValueError("quantity and term are above zero")

    def factor(self) -> Decimal:
        """How many prices the total holds: quantity, periods, or both. Exact."""
        factor = Fraction(1)
        if self.basis in _BY_QUANTITY:
            factor *= Fraction(self.quantity)
        factor *= Fraction(self.term) * _PERIODS[self.basis] if self.periodic else 1
        return _decimal(factor)

    @property
    def periodic(self) -> bool:
        """Whether a price is for a month or a year, so that the sum needs the term."""
        return self.basis in _PERIODS

    def total(self, price_fen: int) -> int:
        """The total over the term in whole fen; half a fen is rounded up (四舍五入).

        Rounded once, at the end. ValueError for a negative price.
        """
        if price_fen < 0:
            raise ValueError("a price is not negative")
        exact = Fraction(self.factor()) * price_fen
        return _half_up(exact)

    def wording(self) -> Wording:
        """The basis as a reader knows it: per mu and year."""
        message = BASIS_NAMES[self.basis]
        return say(message, unit=self.unit) if "%(unit)s" in message else say(message)


def check_price(direction: Direction, price_fen: int, limit_fen: int | None) -> Problem | None:
    """Whether a price per basis keeps the lot's limit; None if it does.

    A disposal's reserve is a floor and bids below are invalid; a purchase's maximum price is a
    ceiling and bids above are rejected (REG 27 and 51, O87 63). The limit itself is allowed.
    """
    if limit_fen is None:
        return None
    if direction is Direction.DISPOSAL and price_fen < limit_fen:
        message = N_(
            "The price of %(price)s yuan is below the reserve of %(limit)s yuan. Bid at least "
            "the reserve."
        )
        code = "price.below_reserve"
    elif direction is Direction.PURCHASE and price_fen > limit_fen:
        message = N_(
            "The price of %(price)s yuan is above the maximum of %(limit)s yuan. Bid at most "
            "the maximum."
        )
        code = "price.above_ceiling"
    else:
        return None
    return Problem(
        code, "price", say(message, price=format_yuan(price_fen), limit=format_yuan(limit_fen))
    )


def bond_limit(base_fen: int, rule: Rule) -> int:
    """The largest lawful bid bond in fen: the rule's share of the base, rounded down.

    The base is the estimate (works), the budget (procurement), or the reserve over the whole
    term (village disposals, by analogy). Rounded down, because 2 % may not be exceeded.
    """
    exact = rule.required.share * base_fen
    return exact.numerator // exact.denominator


def check_bond(bond_fen: int, base_fen: int, rule: Rule) -> Problem | None:
    """Whether a bid bond keeps the law's share (招标项目估算价的百分之二); None if it does."""
    limit = bond_limit(base_fen, rule)
    if bond_fen < 0:
        raise ValueError("a bond is not negative")
    if bond_fen <= limit:
        return None
    message = N_(
        "The bid bond of %(bond)s yuan is more than %(share)s of %(base)s yuan, %(articles)s. "
        "Ask for at most %(limit)s yuan."
    )
    return Problem(
        code="bond.too_high",
        where="bond",
        wording=say(
            message,
            bond=format_yuan(bond_fen),
            share=rule.required.amount(),
            base=format_yuan(base_fen),
            limit=format_yuan(limit),
            articles=wordings(rule.articles),
        ),
        articles=rule.articles,
        to_check=rule.to_check,
    )


def check_term(term: Decimal, rule: Rule) -> Problem | None:
    """Whether a term in years keeps the law's longest (20 years for a lease, Civil Code 705)."""
    if rule.required.holds(Fraction(term)):
        return None
    message = N_("A term of %(term)s years is too long: %(value)s, %(articles)s. Shorten the term.")
    wording = say(
        message, term=term, value=rule.required.wording(), articles=wordings(rule.articles)
    )
    return Problem("term.too_long", "term", wording, rule.articles, rule.to_check)


def check_weight(price: Decimal, points: Decimal, rule: Rule) -> Problem | None:
    """Whether the price has the law's least share of all points (价格分值占总分值的比重).

    Goods and services weigh it differently (O87 55): `rule` is the one whose fact holds. No
    points at all is a share of nothing.
    """
    share = Fraction(price) / Fraction(points) if points else Fraction(0)
    if rule.required.holds(share * 1000):
        return None
    message = N_(
        "The price has %(share)s of all points; “%(rule)s” must be %(value)s, %(articles)s. "
        "Change the points of the price."
    )
    wording = say(
        message,
        share=replace(rule.required, number=share * 1000).amount(),
        rule=rule.wording(),
        value=rule.required.wording(),
        articles=wordings(rule.articles),
    )
    return Problem("weight.too_low", "criteria", wording, rule.articles, rule.to_check)


def _half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def _decimal(exact: Fraction) -> Decimal:
    """A finite decimal from a product of finite decimals, digit for digit."""
    places = 0
    while exact.denominator != 1 and (exact * 10**places).denominator != 1:
        places += 1
    return Decimal(f"{(exact * 10**places).numerator}E{-places}")
