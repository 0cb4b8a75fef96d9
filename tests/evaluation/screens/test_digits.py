"""First digits: made-up prices are found, honest bills of narrow or odd markets are left alone."""

import numpy as np
import pytest

from evaluation.screens.bills import Basis, Bill, Item
from evaluation.screens.digits import digit_signs, first_digits

COSTS = np.exp(np.random.default_rng(0).normal(9, 1.6, 600))


def bill(bidder, prices, basis=Basis.OWN):
    items = (
        Item(f"0101{row:05d}", f"item {row}", "m3", int(price), basis)
        for row, price in enumerate(prices)
    )
    return Bill(bidder, tuple(items), f"{bidder}.xlsx")


def honest(random, costs, spread=0.06):
    return np.maximum(np.round(costs * np.exp(spread * random.normal(size=len(costs)))), 1)


def made_up(random, count):
    """Prices as somebody makes them up: every first digit as often as every other."""
    return np.round(random.uniform(1, 10, count) * 10.0 ** random.integers(2, 6, count))


def test_made_up_prices_are_named_beside_honest_bills_and_alone():
    random = np.random.default_rng(1)
    rest = [bill(f"h{k}", honest(random, COSTS)) for k in range(3)]
    invented = bill("a", made_up(random, 600))
    for bills in ([invented, *rest], [invented]):
        (sign,) = digit_signs(bills)
        assert (sign.code, sign.strength, sign.bidders) == ("S-BENFORD", "C", ("a",))
        assert sign.p is not None
        assert sign.p <= 1e-4
        assert sign.evidence[0].file == "a.xlsx"


@pytest.mark.parametrize("sigma", [0.9, 1.2, 2.0])
def test_honest_bills_of_any_spread_raise_no_sign(sigma):
    random = np.random.default_rng(2)
    for _ in range(30):
        costs = np.exp(random.normal(9, sigma, 1000))
        assert digit_signs([bill(f"h{k}", honest(random, costs)) for k in range(3)]) == []


def test_items_that_depart_by_nature_accuse_nobody():
    random = np.random.default_rng(3)
    odd = made_up(random, 600)
    assert digit_signs([bill(f"h{k}", honest(random, odd, 0.02)) for k in range(4)]) == []


def test_few_narrow_bound_or_repeated_prices_are_not_counted():
    random = np.random.default_rng(4)
    assert digit_signs([bill("a", made_up(random, 299))]) == []
    assert digit_signs([bill("a", random.uniform(500, 999, 400).round())]) == []
    assert digit_signs([bill("a", made_up(random, 600), Basis.QUOTA)]) == []
    assert digit_signs([bill("a", np.repeat(made_up(random, 100), 6))]) == []
    prices = made_up(random, 600)
    assert digit_signs([bill("a", prices)], bill("control", prices)) == []


def test_first_digits_are_counted_exactly():
    prices = np.array([1, 9, 10, 99, 100, 1000, 99999999, 20, 3], dtype=float)
    assert first_digits(prices).tolist() == [4, 1, 1, 0, 0, 0, 0, 0, 3]
