"""Worked examples of every formula, and what must hold for all of them."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.scoring.adjustments import (
    Declaration,
    Preference,
    check_rate,
    preference,
    raised_score,
    reduced_price,
)
from evaluation.scoring.points import (
    Deviation,
    Part,
    combine,
    deviation_base,
    deviation_scores,
    high_price_scores,
    low_price_scores,
    panel_mean,
)
from evaluation.scoring.steps import Score, read_step, rounded, yuan
from tender.core.i18n import catalogue, speaking
from tender.core.wording import say
from tender.procedure.law.law import law

D = Decimal
PRICES = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=4), st.integers(1, 10**12), min_size=1, max_size=8
)
POINTS = st.integers(1, 100).map(Decimal)
WORKS = Deviation(points=D(40), above=D(1), below=D("0.5"))


def values(scores: dict[str, Score]) -> dict[str, str]:
    return {bid: str(score.value) for bid, score in scores.items()}


def test_the_procurement_formula_worked_out():
    # 90 / 90, 90 / 100, 90 / 135 of 30 points.
    prices = {"a": 9_000_000, "b": 10_000_000, "c": 13_500_000}
    assert values(low_price_scores(prices, D(30))) == {"a": "30.00", "b": "27.00", "c": "20.00"}
    # 2 / 3 of 10 is 6.666…: rounded once, half up.
    assert values(low_price_scores({"a": 2, "b": 3}, D(10))) == {"a": "10.00", "b": "6.67"}


def test_half_a_hundredth_goes_up_and_is_not_lost_in_a_division():
    # 30 x 667 / 4000 = 5.0025 and 1 x 3 / 8 = 0.375: decided exactly.
    assert values(low_price_scores({"a": 667, "b": 4000}, D(30), 3))["b"] == "5.003"
    assert values(low_price_scores({"a": 3, "b": 8}, D(1)))["b"] == "0.38"


def test_the_highest_price_gets_all_points_in_a_disposal():
    prices = {"a": 100, "b": 80, "c": 33}
    assert values(high_price_scores(prices, D(60))) == {"a": "60.00", "b": "48.00", "c": "19.80"}


@pytest.mark.parametrize("formula", [low_price_scores, high_price_scores])
@pytest.mark.parametrize("prices", [{}, {"a": 0, "b": 5}, {"a": -1}])
def test_a_price_of_nothing_cannot_be_scored(formula, prices):
    with pytest.raises(ValueError):
        formula(prices, D(30))


@given(PRICES, POINTS)
def test_low_price_scores_fall_with_the_price_and_ignore_the_unit(prices, points):
    scores = low_price_scores(prices, points)
    ordered = sorted(prices, key=lambda bid: prices[bid])
    assert scores[ordered[0]].value == points
    for cheaper, dearer in pairwise(ordered):
        assert scores[cheaper].value >= scores[dearer].value
    scaled = low_price_scores({bid: price * 7 for bid, price in prices.items()}, points)
    assert values(scaled) == values(scores)


@given(PRICES, POINTS)
def test_high_price_scores_mirror_them(prices, points):
    scores = high_price_scores(prices, points)
    ordered = sorted(prices, key=lambda bid: -prices[bid])
    assert scores[ordered[0]].value == points
    for dearer, cheaper in pairwise(ordered):
        assert scores[dearer].value >= scores[cheaper].value
        assert 0 <= scores[cheaper].value <= points


@given(PRICES, POINTS)
def test_a_new_dearer_bid_takes_nothing_from_the_others(prices, points):
    more = {**prices, "zz": max(prices.values()) + 1}
    assert {k: v for k, v in values(low_price_scores(more, points)).items() if k != "zz"} == values(
        low_price_scores(prices, points)
    )


def test_the_works_formula_worked_out():
    # Base = mean of 100, 104 and 108 yuan = 104; -3.8462 % costs 0.5 each, +3.8462 % one each.
    prices = {"a": 10_000, "b": 10_400, "c": 10_800}
    assert values(deviation_scores(prices, WORKS)) == {"a": "38.08", "b": "40.00", "c": "36.15"}


def test_the_base_with_a_trimmed_mean_and_a_drawn_coefficient():
    terms = Deviation(D(40), D(1), D("0.5"), coefficient=D("0.02"), trim_from=5)
    prices = {"a": 8_000, "b": 10_000, "c": 10_200, "d": 10_400, "e": 20_000}
    assert deviation_base(prices, terms).value == D("99.96")  # 102.00 x 0.98
    four = {bid: prices[bid] for bid in "abcd"}
    assert deviation_base(four, terms).value == D("94.57")  # 96.50 x 0.98, nothing left out
    tied = {"a": 100, "b": 100, "c": 100, "d": 400, "e": 400}
    assert deviation_base(tied, Deviation(D(40), D(1), D(1), trim_from=5)).value == D("2.00")


def test_a_far_price_keeps_the_lowest_score():
    terms = Deviation(D(40), D(2), D(2), floor=D(10))
    assert values(deviation_scores({"a": 100, "b": 100, "c": 10_000}, terms))["c"] == "10.00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"above": D(-1)},
        {"floor": D(41)},
        {"coefficient": D(1)},
        {"trim_from": 2},
    ],
)
def test_parameters_that_reward_distance_are_refused(wrong):
    with pytest.raises(ValueError):
        Deviation(**{"points": D(40), "above": D(1), "below": D(1), **wrong})


@given(PRICES)
def test_works_scores_fall_with_the_distance_on_each_side(prices):
    base = deviation_base(prices, WORKS).value
    scores = deviation_scores(prices, WORKS)
    for one in prices:
        for other in prices:
            own, far = (yuan(prices[bid]) - base for bid in (one, other))
            if own * far >= 0 and abs(own) <= abs(far):
                assert scores[one].value >= scores[other].value
        assert 0 <= scores[one].value <= WORKS.points


def test_parts_are_weighted_rounded_and_add_up_as_published():
    parts = [
        Part(say("technical"), D("80"), D(90), D(60)),  # 53.333…
        Part(say("record"), D("7"), D(9), D(10)),  # 7.777…
        Part(say("price"), D("27.00"), D(30), D(30)),
    ]
    total = combine(parts)
    shown = [step.result for step in total.steps]
    assert shown == [D("53.33"), D("7.78"), D("27.00"), D("88.11")]
    assert total.value == sum(shown[:-1])


@pytest.mark.parametrize("score", [D(-1), D(11)])
def test_a_part_beyond_its_maximum_is_refused(score):
    with pytest.raises(ValueError):
        combine([Part(say("x"), score, D(10), D(10))])


@given(st.lists(st.integers(0, 10), min_size=1, max_size=6), st.integers(0, 9))
def test_a_better_part_never_lowers_the_total(scores, position):
    at = position % len(scores)
    better = [min(score + (i == at), 10) for i, score in enumerate(scores)]
    one, other = (
        combine([Part(say("x"), D(s), D(10), D(15)) for s in column]).value
        for column in (scores, better)
    )
    assert one <= other


def test_the_panels_score_is_the_mean_and_drops_nobody_unless_told():
    scores = {"a": D(6), "b": D(8), "c": D(8), "d": D(8), "e": D(10)}
    assert panel_mean(scores, say("x")).value == D("8.00")
    skewed = {**scores, "a": D(0)}
    assert panel_mean(skewed, say("x")).value == D("6.80")
    assert panel_mean(skewed, say("x"), trim=True).value == D("8.00")
    four = {bid: skewed[bid] for bid in "abcd"}
    assert panel_mean(four, say("x"), trim=True).value == D("6.00")
    with pytest.raises(ValueError):
        panel_mean({}, say("x"))


def test_every_step_is_shown_with_its_numbers():
    (step,) = low_price_scores({"a": 9_000_000, "b": 13_500_000}, D(30))["b"].steps
    with speaking("en"):
        assert step.formula.text() == "lowest price ÷ price × points"
    with speaking("zh"):
        assert step.label.text() == "价格得分"
    assert step.worked == "90000.00 ÷ 135000.00 × 30"
    assert step.result == D("20.00")
    for shown in deviation_scores({"a": 100, "b": 200, "c": 300}, WORKS)["c"].steps:
        assert read_step(shown.plain()) == shown
        assert {shown.label.msgid, shown.formula.msgid} <= set(catalogue("zh"))


@given(st.fractions(-(10**20), 10**20), st.integers(0, 6))
def test_rounding_is_half_away_from_zero_and_exact(number, places):
    result = rounded(number, places)
    assert abs(Fraction(result) - number) <= Fraction(1, 2 * 10**places)
    assert rounded(-number, places) == -result
    assert rounded(result, places) == result


def test_a_reduction_serves_scoring_only():
    reduced, step = reduced_price(10_000_001, Fraction(15, 100))
    assert reduced == 8_500_001  # 8,500,000.85 fen
    assert step.worked == "100000.01 × (1 - 15.00 %)"
    assert reduced_price(3, Fraction(1, 2))[0] == 2  # one and a half fen
    assert raised_score(Score(D("30.00"), ()), Fraction(5, 100)).value == D("31.50")
    for rate in (Fraction(-1, 10), Fraction(1)):
        with pytest.raises(ValueError):
            reduced_price(100, rate)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (Declaration(), Preference.NONE),
        (Declaration(small=True), Preference.SMALL),
        (Declaration(small=True, made_by_large=True), Preference.NONE),
        (Declaration(joint_share=Fraction(3, 10)), Preference.JOINT),
        (Declaration(joint_share=Fraction(29, 100)), Preference.NONE),
        (Declaration(joint_share=Fraction(1, 2), related=True), Preference.NONE),
    ],
)
def test_who_gets_a_reduction(declared, expected):
    share = law().lookup("procurement", "sme_joint_share", on=date(2026, 1, 1)).required.share
    assert preference(declared, share) is expected


@pytest.mark.parametrize(
    ("percent", "works", "joint", "on", "lawful"),
    [
        (10, False, False, date(2026, 1, 1), True),
        (20, False, False, date(2026, 1, 1), True),
        (21, False, False, date(2026, 1, 1), False),
        (9, False, False, date(2026, 1, 1), False),
        (9, False, False, date(2022, 6, 30), True),
        (4, True, False, date(2026, 1, 1), True),
        (6, True, False, date(2026, 1, 1), False),
        (5, False, True, date(2026, 1, 1), True),
        (2, True, True, date(2026, 1, 1), True),
        (3, True, True, date(2026, 1, 1), False),
    ],
)
def test_a_rate_stays_within_the_law_of_its_day(percent, works, joint, on, lawful):
    rate = Fraction(percent, 100)
    problem = check_rate(law(), "procurement", rate, works=works, joint=joint, on=on)
    assert (problem is None) is lawful
    if problem:
        assert problem.articles
        with speaking("en"):
            assert f"{percent}.00 %" in problem.text()
