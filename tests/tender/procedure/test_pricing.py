"""Price bases, totals, limits and bonds."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tender.core.i18n import speaking
from tender.procedure.law.kinds import Direction
from tender.procedure.law.law import law
from tender.procedure.pricing import (
    PriceBasis,
    Pricing,
    bond_limit,
    check_bond,
    check_price,
    check_term,
)

NOW = date(2026, 12, 1)
BOND = law().lookup("construction", "bid_bond_max", on=NOW)
AMOUNTS = st.decimals("0.000001", "99999", places=6)
PRICES = st.integers(0, 10**12)


def pricing(basis: PriceBasis, quantity: str = "1", term: str = "1") -> Pricing:
    return Pricing(basis, Decimal(quantity), Decimal(term), "mu")


@pytest.mark.parametrize(
    ("lot", "price", "total"),
    [
        (pricing(PriceBasis.TOTAL, "30", "20"), 12_345, 12_345),
        # Farm land let by the year for 20 years, whatever its size.
        (pricing(PriceBasis.PER_YEAR, "30", "20"), 10_000_000, 200_000_000),
        # An orchard of 14.637 mu at 100 yuan per mu and year for ten years.
        (pricing(PriceBasis.PER_UNIT_YEAR, "14.637", "10"), 10_000, 1_463_700),
        (pricing(PriceBasis.PER_UNIT, "0.6", "5"), 101, 61),  # 60.6 fen
        (pricing(PriceBasis.PER_UNIT, "0.5"), 1, 1),  # half a fen goes up
        (pricing(PriceBasis.PER_UNIT, "0.5"), 3, 2),
        (pricing(PriceBasis.PER_MONTH, "1", "1.5"), 100, 1_800),
        (pricing(PriceBasis.PER_UNIT_MONTH, "2.5", "2"), 100, 6_000),
        # More digits than a calculation in Decimal keeps by default.
        (pricing(PriceBasis.PER_UNIT_MONTH, "99999.999999", "99999.999999"), 10**15 + 1, None),
    ],
)
def test_a_total_over_the_term(lot, price, total):
    if total is None:
        exact = Fraction(lot.quantity) * Fraction(lot.term) * 12 * price
        total = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    assert lot.total(price) == total


@given(st.sampled_from(PriceBasis), AMOUNTS, AMOUNTS, PRICES, PRICES)
def test_a_higher_price_never_has_a_lower_total(basis, quantity, term, one, other):
    lot = Pricing(basis, quantity, term)
    low, high = sorted((one, other))
    assert lot.total(low) <= lot.total(high)
    assert abs(lot.total(low) - Fraction(lot.factor()) * low) <= Fraction(1, 2)


@pytest.mark.parametrize(("quantity", "term"), [("0", "1"), ("1", "-1"), ("NaN", "1")])
def test_a_lot_of_nothing_is_refused(quantity, term):
    with pytest.raises(ValueError):
        pricing(PriceBasis.TOTAL, quantity, term)


def test_a_negative_price_is_refused():
    with pytest.raises(ValueError, match="negative"):
        pricing(PriceBasis.TOTAL).total(-1)


@pytest.mark.parametrize(
    ("direction", "price", "code"),
    [
        (Direction.DISPOSAL, 99, "price.below_reserve"),
        (Direction.DISPOSAL, 100, None),
        (Direction.DISPOSAL, 101, None),
        (Direction.PURCHASE, 101, "price.above_ceiling"),
        (Direction.PURCHASE, 100, None),
        (Direction.PURCHASE, 99, None),
    ],
)
def test_a_reserve_is_a_floor_and_a_maximum_a_ceiling(direction, price, code):
    problem = check_price(direction, price, 100)
    assert (problem.code if problem else None) == code
    assert check_price(direction, price, None) is None


def test_a_problem_says_what_and_what_next_in_both_languages():
    problem = check_price(Direction.DISPOSAL, 9_999_900, 10_000_000)
    assert problem is not None
    with speaking("en"):
        assert problem.text() == (
            "The price of 99,999.00 yuan is below the reserve of 100,000.00 yuan. Bid at least "
            "the reserve."
        )
    with speaking("zh"):
        assert problem.text() == "报价99,999.00元低于底价100,000.00元。报价不得低于底价，请修改。"


def test_a_bond_is_at_most_two_per_cent_rounded_down():
    assert bond_limit(100_000_000, BOND) == 2_000_000
    assert bond_limit(99, BOND) == 1
    assert check_bond(2_000_000, 100_000_000, BOND) is None
    assert check_bond(0, 0, BOND) is None
    problem = check_bond(2_000_001, 100_000_000, BOND)
    assert problem is not None
    assert [str(article) for article in problem.articles] == ["REG 26"]
    with pytest.raises(ValueError, match="negative"):
        check_bond(-1, 100, BOND)


@given(st.integers(0, 10**14))
def test_a_bond_at_the_limit_never_exceeds_the_share(base):
    limit = bond_limit(base, BOND)
    assert limit * 50 <= base < (limit + 1) * 50


def test_a_lease_may_last_twenty_years():
    rule = law().lookup("village", "lease_years", on=NOW, direction=Direction.DISPOSAL)
    assert check_term(Decimal(20), rule) is None
    problem = check_term(Decimal("20.5"), rule)
    assert problem is not None
    with speaking("en"):
        assert "at most 20 years, Civil Code art. 705" in problem.text()


def test_a_basis_is_named_with_its_unit():
    with speaking("zh"):
        assert pricing(PriceBasis.PER_UNIT_YEAR).wording().text() == "每mu每年"
        assert pricing(PriceBasis.TOTAL).wording().text() == "总价"
