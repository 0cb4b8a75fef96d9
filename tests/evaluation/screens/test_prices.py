"""The price screens follow their definitions, and a disposal is the mirror of a purchase."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.screens.prices import price_screens
from evaluation.screens.table import Direction

PRICES = st.lists(st.integers(100, 10**9), min_size=4, max_size=12, unique=True)


def test_screens_of_a_tender_worked_by_hand():
    seen = price_screens([100.0, 110.0, 112.0, 118.0], estimate=120.0)
    assert seen.cv == pytest.approx(statistics.stdev([100, 110, 112, 118]) / 110)
    assert seen.spd == pytest.approx(0.18)
    assert seen.diffp == pytest.approx(0.10)
    assert seen.rd == pytest.approx(10 / statistics.stdev([110, 112, 118]))
    assert seen.rdalt == pytest.approx(10 / 4)
    assert seen.rdnor == pytest.approx(10 / 6)
    assert seen.estimate == pytest.approx(100 / 120)


def test_disposal_measures_from_the_highest_bid():
    seen = price_screens([100.0, 90.0, 88.0, 82.0], direction=Direction.DISPOSAL)
    assert seen.diffp == pytest.approx(0.10)
    assert seen.spd == pytest.approx(0.18)
    assert seen.rdalt == pytest.approx(10 / 4)


@given(PRICES)
def test_mirrored_prices_give_mirrored_shapes(prices):
    top = max(prices) + min(prices)
    low = price_screens([float(p) for p in prices])
    high = price_screens([float(top - p) for p in prices], direction=Direction.DISPOSAL)
    for name in ("rd", "rdalt", "rdnor", "skew", "kurt", "ks"):
        assert getattr(low, name) == pytest.approx(getattr(high, name), rel=1e-5, abs=1e-5)


@given(PRICES, st.floats(0.01, 100))
def test_screens_do_not_depend_on_the_currency_unit(prices, unit):
    one = price_screens([float(p) for p in prices])
    other = price_screens([p * unit for p in prices])
    for name in ("cv", "spd", "diffp", "rd", "rdalt", "rdnor", "skew", "kurt", "ks", "cvlos"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-5, abs=1e-5)


def test_equal_losers_make_the_gap_infinite_and_equal_bids_make_it_nothing():
    assert price_screens([90.0, 100.0, 100.0]).rd == float("inf")
    assert price_screens([100.0, 100.0, 100.0]).rd == 0.0


@pytest.mark.parametrize(
    ("bids", "silent"), [(1, {"cv", "rd"}), (2, {"rd", "skew"}), (3, {"kurt"})]
)
def test_a_screen_is_silent_with_too_few_bids(bids, silent):
    seen = price_screens([100.0 + place for place in range(bids)])
    assert all(getattr(seen, name) is None for name in silent)
