"""The p values of the network screens against laws that are known exactly."""

import numpy as np
import pytest
from scipy.stats import binom, hypergeom

from evaluation.screens import chances


def meetings(met, *strata):
    tenders, one, other = np.array(strata).T
    pair = np.zeros(len(strata), dtype=int)
    return chances.meetings_upper(pair, np.full(len(strata), met), tenders, one, other)[0]


def test_meetings_in_one_stratum_follow_the_hypergeometric_law():
    assert meetings(10, (60, 20, 15)) == pytest.approx(hypergeom.sf(9, 60, 20, 15))


def test_meetings_in_two_strata_are_the_sum_of_two_laws():
    random = np.random.default_rng(1)
    drawn = random.hypergeometric(8, 22, 9, 40_000) + random.hypergeometric(5, 5, 6, 40_000)
    share = (drawn >= 8).mean()
    assert meetings(8, (30, 8, 9), (10, 5, 6)) == pytest.approx(share, rel=0.1)


def test_matched_moments_are_exact_for_a_binomial_count():
    mean, variance = binom.stats(30, 0.1)
    upper = chances.sum_upper(np.array([7]), np.array([mean]), np.array([variance]))[0]
    lower = chances.sum_lower(np.array([0]), np.array([mean]), np.array([variance]))[0]
    assert upper == pytest.approx(binom.sf(6, 30, 0.1), rel=1e-6)
    assert lower == pytest.approx(0.9**30, rel=1e-6)


def test_runs_follow_all_orders_of_the_wins():
    # Of the six orders of AABB, two alternate throughout and four have three runs or more.
    p = chances.runs_upper(np.array([2, 2, 2]), np.array([2, 2, 2]), np.array([4, 3, 2]))
    assert p == pytest.approx([2 / 6, 4 / 6, 1.0])


def test_clean_split_of_two_markets_is_counted_exactly():
    # Five and five wins fully apart: 2 of the 252 ways to place five winners in ten tenders.
    assert chances.split_p([(5, 0), (0, 5)]) == pytest.approx(2 / 252)


def test_split_over_three_markets_is_drawn_and_repeats():
    p = chances.split_p([(6, 0), (0, 6), (6, 0)])
    assert 0 < p < 0.01
    assert p == chances.split_p([(6, 0), (0, 6), (6, 0)])


def test_limit_lets_one_in_twenty_false_signs_stay_at_most():
    p = np.concatenate([np.full(50, 1e-9), np.linspace(0.001, 1, 950)])
    limit = chances.accepted(p, 1000)
    assert limit == pytest.approx(0.05 * 52 / 1000, rel=0.05)
    assert chances.accepted(np.array([0.9]), 1000) == pytest.approx(0.05 / 1000)
