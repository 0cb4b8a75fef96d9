"""Three real village notices against the rules: prices, bonds, terms and dates."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tender.procedure.law.kinds import Direction
from tender.procedure.law.law import law
from tender.procedure.pricing import PriceBasis, Pricing, bond_limit, check_bond, check_term
from tender.procedure.timeline.calendar import calendar
from tender.procedure.timeline.milestones import Course, MilestoneCode
from tender.procedure.timeline.timeline import check, compute, milestones_by_code

NOW = date(2026, 12, 1)
BOND = law().lookup("village", "bid_bond_max", on=NOW, direction=Direction.DISPOSAL)
LEASE = law().lookup("village", "lease_years", on=NOW, direction=Direction.DISPOSAL)


@pytest.mark.parametrize(
    ("basis", "quantity", "term", "reserve", "total", "bond"),
    [
        # A demonstration farm of 30 mu for 20 years at 100,000 yuan a year; bond 2 % of all.
        (PriceBasis.PER_YEAR, "30", "20", 10_000_000, 200_000_000, 4_000_000),
        (PriceBasis.PER_YEAR, "0.6", "20", 1_000_000, 20_000_000, 400_000),
        # A cold store for five years at 85,000 yuan a year; bond 3,000 yuan.
        (PriceBasis.PER_YEAR, "1", "5", 8_500_000, 42_500_000, 300_000),
        # Orchards at 100 yuan per mu and year for ten years; no bond.
        (PriceBasis.PER_UNIT_YEAR, "14.637", "10", 10_000, 1_463_700, 0),
        (PriceBasis.PER_UNIT_YEAR, "23.254", "10", 10_000, 2_325_400, 0),
    ],
)
def test_reserve_total_bond_and_term_of_real_leases(basis, quantity, term, reserve, total, bond):
    lot = Pricing(basis, Decimal(quantity), Decimal(term), "mu")
    assert lot.total(reserve) == total
    assert check_bond(bond, total, BOND) is None
    assert check_bond(bond_limit(total, BOND) + 1, total, BOND) is not None
    assert check_term(Decimal(term), LEASE) is None


def test_a_registration_of_five_days_is_too_short_for_the_notice():
    planned = {
        MilestoneCode.NOTICE: datetime(2026, 12, 1, 1, tzinfo=UTC),
        MilestoneCode.DEADLINE: datetime(2026, 12, 5, 9, tzinfo=UTC),
    }
    course = Course("village", Direction.DISPOSAL, "sealed_highest_price", planned)
    (problem,) = check(course, calendar(), law())
    assert (problem.code, problem.where) == ("timeline.too_early", MilestoneCode.DEADLINE)
    assert problem.to_check


def test_the_notices_own_periods_shorten_contract_and_bond():
    planned = {MilestoneCode.NOTICE: datetime(2026, 12, 1, 1, tzinfo=UTC)}
    terms = {"contract_within": 7, "bond_return_losers": 5}
    course = Course("village", Direction.DISPOSAL, "sealed_highest_price", planned, terms=terms)
    found = milestones_by_code(compute(course, calendar(), law()))
    assert found[MilestoneCode.AWARD_LETTER].day == date(2026, 12, 12)
    assert found[MilestoneCode.CONTRACT].day == date(2026, 12, 21)  # the 19th is a Saturday
    assert found[MilestoneCode.BOND_RETURN_LOSERS].day == date(2026, 12, 28)  # the 26th too
    assert check(course, calendar(), law()) == ()
