"""Ranking, tie rules, methods as data and low price reviews."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.low_price.rules import Thresholds, Trigger, check_raised, reviews, thresholds
from evaluation.scoring.methods import METHODS, BidFigures, PriceFormula, Scheme, evaluate
from evaluation.scoring.points import Deviation, Part
from evaluation.scoring.ranking import Entry, Key, rank
from tender.core.wording import say
from tender.procedure.law.kinds import Direction, Method, Price, kinds
from tender.procedure.law.law import law

D = Decimal
SEED = bytes(range(32))
ENTRIES = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 3), st.booleans()), min_size=0, max_size=7
).map(
    lambda rows: [
        Entry(f"b{i}", price, D(total), D(total % 2), priority)
        for i, (price, total, priority) in enumerate(rows)
    ]
)
KEYS = (Key.TOTAL_HIGH, Key.PRICE_LOW, Key.TECHNICAL_HIGH, Key.PRIORITY, Key.LOT)


def order(entries, keys, seed=SEED):
    return [each.bid for each in rank(entries, keys, lot_seed=seed)]


def test_keys_are_compared_in_turn_and_named():
    entries = [
        Entry("a", 120, D(90)),
        Entry("b", 100, D(90)),
        Entry("c", 100, D(95)),
        Entry("d", 120, D(90), technical=D(50)),
    ]
    ranked = rank(entries, KEYS, lot_seed=SEED)
    assert [(r.bid, r.rank, r.decided_by) for r in ranked] == [
        ("c", 1, None),
        ("b", 2, Key.TOTAL_HIGH),
        ("d", 3, Key.PRICE_LOW),
        ("a", 4, Key.TECHNICAL_HIGH),
    ]


def test_a_tie_shares_its_rank_until_the_lot_is_drawn():
    entries = [Entry("a", 5), Entry("b", 5), Entry("c", 4)]
    keys = (Key.PRICE_LOW, Key.LOT)
    undrawn = rank(entries, keys)
    assert [(r.bid, r.rank, r.tied) for r in undrawn] == [
        ("c", 1, False),
        ("a", 2, True),
        ("b", 2, True),
    ]
    drawn = rank(entries, keys, lot_seed=SEED)
    assert [(r.rank, r.tied) for r in drawn] == [(1, False), (2, False), (3, False)]
    assert drawn[2].decided_by is Key.LOT


def test_the_lot_falls_either_way():
    entries = [Entry("a", 5), Entry("b", 5)]
    firsts = {order(entries, (Key.LOT,), bytes([n]) * 32)[0] for n in range(32)}
    assert firsts == {"a", "b"}


def test_members_come_first_on_equal_terms_only():
    keys = (Key.PRICE_HIGH, Key.PRIORITY)
    entries = [Entry("outsider", 100), Entry("member", 100, priority=True), Entry("high", 101)]
    assert order(entries, keys) == ["high", "member", "outsider"]


@given(ENTRIES, st.randoms(use_true_random=False))
def test_with_a_lot_the_order_is_total_and_blind_to_the_input_order(entries, random):
    ranked = rank(entries, KEYS, lot_seed=SEED)
    assert [r.rank for r in ranked] == list(range(1, len(entries) + 1))
    assert not any(r.tied for r in ranked)
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert rank(shuffled, KEYS, lot_seed=SEED) == ranked


@given(ENTRIES)
def test_without_a_lot_a_better_entry_is_never_behind(entries):
    ranks = {r.bid: r.rank for r in rank(entries, (Key.TOTAL_HIGH, Key.PRICE_LOW))}
    for one in entries:
        for other in entries:
            if (one.total, -one.price) > (other.total, -other.price):
                assert ranks[one.bid] < ranks[other.bid]
            elif (one.total, one.price) == (other.total, other.price):
                assert ranks[one.bid] == ranks[other.bid]


def test_a_bid_is_ranked_once():
    with pytest.raises(ValueError, match="once"):
        rank([Entry("a", 1), Entry("a", 2)], KEYS)


def test_every_method_of_every_kind_has_its_row_and_its_direction():
    for row in kinds().values():
        for method in row.methods:
            way = METHODS[method.code, method.direction]
            wrong = Key.PRICE_LOW if method.price is Price.HIGHEST else Key.PRICE_HIGH
            assert wrong not in way.keys
            assert (Key.TOTAL_HIGH in way.keys) is method.scored


def figures(bid: str, price: int, **more) -> BidFigures:
    return BidFigures(bid, price, price * 10, **more)


LEASE = Scheme(Method.SEALED_HIGHEST_PRICE, Direction.DISPOSAL, limit_fen=100)


def test_a_lease_goes_to_the_highest_price_over_the_reserve():
    bids = [figures("a", 100), figures("b", 130), figures("c", 99), figures("d", 120)]
    result = evaluate(bids, LEASE, lot_seed=SEED)
    assert [r.bid for r in result.ranking] == ["b", "d", "a"]
    assert result.invalid["c"].code == "price.below_reserve"
    assert str(result.steps["b"][0].result) == "13.00"


def test_prices_that_round_to_one_total_are_still_told_apart():
    bids = [BidFigures("a", 101, 61), BidFigures("b", 102, 61)]
    result = evaluate(bids, LEASE, lot_seed=SEED)
    assert [r.bid for r in result.ranking] == ["b", "a"]
    assert result.ranking[1].decided_by is Key.PRICE_HIGH


def test_a_scored_purchase_from_the_panels_parts_to_the_rank():
    scheme = Scheme(
        Method.COMPREHENSIVE_SCORING,
        Direction.PURCHASE,
        PriceFormula.LOW_PRICE,
        points=D(30),
        limit_fen=1_000,
    )
    bids = [
        figures("a", 900, parts=(Part(say("technical"), D(50), D(70), D(70)),)),
        figures("b", 1_000, parts=(Part(say("technical"), D(55), D(70), D(70)),)),
        figures("c", 1_001, parts=(Part(say("technical"), D(70), D(70), D(70)),)),
    ]
    result = evaluate(bids, scheme, lot_seed=SEED)
    assert result.totals == {"a": D("80.00"), "b": D("82.00")}
    assert [r.bid for r in result.ranking] == ["b", "a"]
    assert result.invalid["c"].code == "price.above_ceiling"
    assert result.steps["b"][-1].result == D("82.00")


def test_a_small_enterprises_reduction_sets_the_base_but_not_the_bid_price():
    scheme = Scheme(
        Method.COMPREHENSIVE_SCORING, Direction.PURCHASE, PriceFormula.LOW_PRICE, points=D(30)
    )
    bids = [figures("small", 1_000, rate=Fraction(1, 5)), figures("large", 900)]
    result = evaluate(bids, scheme)
    # Scored: 8000 against 9000.
    assert result.totals == {"small": D("30.00"), "large": D("26.67")}
    assert str(result.steps["small"][0].result) == "100.00"
    assert str(result.steps["small"][1].result) == "80.00"


def test_a_works_tender_may_add_to_the_price_score_instead():
    terms = Deviation(points=D(40), above=D(1), below=D(1))
    scheme = Scheme(
        Method.COMPREHENSIVE_SCORING,
        Direction.PURCHASE,
        PriceFormula.DEVIATION,
        points=D(40),
        deviation=terms,
        sme_in_score=True,
    )
    bids = [figures("small", 100, rate=Fraction(5, 100)), figures("large", 100)]
    assert evaluate(bids, scheme).totals == {"small": D("42.00"), "large": D("40.00")}


def test_a_formula_that_a_method_does_not_know_is_refused():
    wrong = Scheme(Method.SEALED_HIGHEST_PRICE, Direction.DISPOSAL, PriceFormula.LOW_PRICE)
    with pytest.raises(ValueError, match="formula"):
        evaluate([figures("a", 1)], wrong)
    bare = Scheme(Method.COMPREHENSIVE_SCORING, Direction.PURCHASE, PriceFormula.DEVIATION)
    with pytest.raises(ValueError, match="parameters"):
        evaluate([figures("a", 1)], bare)


def test_a_lot_without_valid_bids_has_an_empty_ranking():
    result = evaluate([figures("a", 50)], LEASE)
    assert result.ranking == ()
    assert set(result.invalid) == {"a"}


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8))
def test_no_disposal_is_won_below_another_valid_price(prices):
    bids = [figures(f"b{i}", price) for i, price in enumerate(prices)]
    result = evaluate(bids, LEASE, lot_seed=SEED)
    valid = [price for price in prices if price >= 100]
    won = [b.price_fen for b in bids if result.ranking and b.bid == result.ranking[0].bid]
    assert won == ([max(valid)] if valid else [])


SHARES = Thresholds(Fraction(1, 2), Fraction(1, 2), Fraction(45, 100))


@pytest.mark.parametrize(
    ("prices", "ceiling", "expected"),
    [
        # The mean is 67: 30 is below 33.5 and below half of 71.
        ({"a": 30, "b": 71, "c": 100}, None, {("a", Trigger.MEAN), ("a", Trigger.NEXT_LOWEST)}),
        # Exactly half is not below half.
        ({"a": 50, "b": 100}, None, set()),
        ({"a": 49, "b": 100}, None, {("a", Trigger.NEXT_LOWEST)}),
        ({"a": 44, "b": 44}, 100, {("a", Trigger.CEILING), ("b", Trigger.CEILING)}),
        ({"a": 45, "b": 46}, 100, set()),
        ({"a": 10}, None, set()),
    ],
)
def test_low_prices_are_reviewed(prices, ceiling, expected):
    found = reviews(prices, SHARES, ceiling_fen=ceiling)
    assert {(each.bid, each.trigger) for each in found} == expected


def test_the_thresholds_come_from_the_law_of_the_day():
    assert thresholds(law(), "procurement", date(2026, 1, 31)) is None
    found = thresholds(law(), "procurement", date(2026, 2, 1))
    assert found == Thresholds(Fraction(1, 2), Fraction(1, 2), Fraction(45, 100), to_check=True)
    raised = thresholds(law(), "procurement", date(2026, 2, 1), raised=Fraction(6, 10))
    assert raised is not None
    assert (raised.mean, raised.ceiling) == (Fraction(6, 10), Fraction(6, 10))
    assert check_raised(law(), "procurement", Fraction(65, 100), date(2026, 3, 1)) is None
    problem = check_raised(law(), "procurement", Fraction(66, 100), date(2026, 3, 1))
    assert problem is not None
    assert problem.to_check
