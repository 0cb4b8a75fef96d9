"""B4 finds a ladder among honest totals and leaves honest tenders alone."""

import numpy as np
import pytest

from evaluation.screens.signs import total_signs
from evaluation.screens.steps import find_steps, steps_p
from evaluation.screens.table import BidTable, Direction


def test_ring_of_three_that_steps_among_two_honest_bidders_is_found():
    ladder = find_steps([1_000_000.0, 1_020_000.0, 1_040_000.0, 1_007_311.5, 1_071_902.25])
    assert ladder is not None
    assert ladder.rungs == (0, 1, 2)
    assert not ladder.geometric
    assert ladder.step == pytest.approx(20_000)
    assert ladder.p <= 0.005


def test_geometric_steps_are_found_with_their_ratio():
    prices = [round(800_000 * 1.045**k, 2) for k in range(5)]
    ladder = find_steps(prices)
    assert ladder is not None
    assert ladder.geometric
    assert ladder.step == pytest.approx(1.045, rel=1e-6)


def test_p_value_of_honest_totals_is_no_smaller_than_it_says():
    random = np.random.default_rng(7)
    values = [steps_p(random.uniform(1e6, 1.2e6, 6).round(2).tolist()) for _ in range(400)]
    assert np.mean([p is not None and p <= 0.05 for p in values]) <= 0.08


def test_three_bids_alone_raise_no_sign_however_regular():
    table = BidTable("t", (100.0, 110.0, 120.0), ("a", "b", "c"))
    assert total_signs(table) == []


def test_four_regular_bids_raise_b4_and_name_their_bidders():
    table = BidTable("t", (100_000.0, 110_000.0, 120_000.0, 130_000.0), ("a", "b", "c", "d"))
    (found,) = total_signs(table)
    assert (found.code, found.strength) == ("B4", "C")
    assert set(found.bidders) == {"a", "b", "c", "d"}
    assert {piece.record for piece in found.evidence} == {"t"}


def test_order_of_the_bids_does_not_matter():
    prices = [1_000_000.0, 1_020_000.0, 1_040_000.0, 1_007_311.5, 1_071_902.25]
    assert steps_p(prices) == steps_p(prices[::-1])


def test_equal_prices_have_no_steps():
    assert steps_p([5.0, 5.0, 5.0]) is None
    assert steps_p([1.0, 2.0]) is None


def test_of_many_bids_the_ones_at_the_winning_end_are_looked_at():
    random = np.random.default_rng(6)
    crowd = random.uniform(2e6, 9e6, 40).round(2).tolist()
    ladder = [9_900_000.0 + 10_000 * rung for rung in range(6)]
    high = find_steps([*crowd, *ladder], Direction.DISPOSAL)
    assert high is not None
    assert set(range(40, 46)) <= set(high.rungs)
