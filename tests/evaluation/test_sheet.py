"""Score sheets against their criteria, and experts against each other."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.scoring.deviation import profiles
from evaluation.scoring.sheet import (
    Band,
    Mark,
    Scale,
    ScaleKind,
    check_mark,
    check_sheet,
    subtotal,
)
from tender.core.i18n import speaking

D = Decimal
PLAN = Scale("plan", "Construction plan", ScaleKind.SUBJECTIVE, D(10), D("0.5"))
TEAM = Scale(
    "team",
    "Team",
    ScaleKind.SUBJECTIVE,
    D(20),
    D(1),
    (Band("good", D(15), D(20)), Band("fair", D(5), D(12))),
)
PRICE = Scale("price", "Price", ScaleKind.PRICE, D(70))
LICENCE = Scale("licence", "Licence", ScaleKind.REVIEW)
SCALES = (PLAN, TEAM, PRICE, LICENCE)
FULL = {
    ("b1", "plan"): Mark(D("9.5")),
    ("b1", "team"): Mark(D(15)),
    ("b1", "licence"): Mark(passed=True),
}


def codes(sheet, bids=("b1",)) -> list[tuple[str, str]]:
    return [(p.code, p.where) for p in check_sheet(SCALES, bids, sheet)]


def test_a_whole_sheet_can_be_submitted():
    assert codes(FULL) == []
    assert subtotal(SCALES, "b1", FULL) == D("24.5")


def test_everything_missing_is_named():
    assert codes({}, ("b1", "b2")) == [
        ("sheet.missing", f"{bid}/{code}")
        for bid in ("b1", "b2")
        for code in ("plan", "team", "licence")
    ]
    for key in FULL:
        rest = {k: v for k, v in FULL.items() if k != key}
        assert codes(rest) == [("sheet.missing", "/".join(key))]


@pytest.mark.parametrize(
    ("code", "mark", "problem"),
    [
        ("plan", Mark(D("10.5")), "sheet.score"),
        ("plan", Mark(D("-0.5")), "sheet.score"),
        ("plan", Mark(D("NaN")), "sheet.score"),
        ("plan", Mark(D("9.25")), "sheet.score"),
        ("team", Mark(D(13)), "sheet.score"),
        ("price", Mark(D(70)), "sheet.computed"),
        ("licence", Mark(passed=False), "sheet.reason"),
    ],
)
def test_a_mark_off_its_scale_is_a_problem(code, mark, problem):
    found = check_sheet(SCALES, ("b1",), {**FULL, ("b1", code): mark})
    assert [(p.code, p.where) for p in found] == [(problem, f"b1/{code}")]
    for language in ("en", "zh"):
        with speaking(language):
            assert "%(" not in found[0].text()


@pytest.mark.parametrize(
    ("code", "score"),
    [("plan", "0"), ("plan", "10"), ("team", "5"), ("team", "12"), ("team", "20")],
)
def test_the_ends_of_a_scale_and_its_bands_are_included(code, score):
    scale = {"plan": PLAN, "team": TEAM}[code]
    assert check_mark(scale, "b1", Mark(D(score))) is None


def test_a_failed_bid_needs_its_reason_and_no_scores():
    sheet = {("b1", "licence"): Mark(passed=False, reason="expired on 2026-01-01, page 3")}
    assert codes(sheet) == []


def test_marks_of_other_tenders_do_not_slip_in():
    assert codes({**FULL, ("b9", "plan"): Mark(D(1))}) == [("sheet.unknown", "b9/plan")]
    assert codes({**FULL, ("b1", "other"): Mark(D(1))}) == [("sheet.unknown", "b1/other")]


def test_a_scale_without_points_and_a_band_beyond_them_are_refused():
    with pytest.raises(ValueError):
        Scale("x", "x", ScaleKind.SUBJECTIVE, D(0))
    with pytest.raises(ValueError):
        Scale("x", "x", ScaleKind.SUBJECTIVE, D(5), D(1), (Band("b", D(4), D(6)),))


TOTALS = {
    "e1": {"a": D(80), "b": D(70)},
    "e2": {"a": D(82), "b": D(72)},
    "e3": {"a": D(50), "b": D(95)},
}


def test_an_experts_distance_from_the_others_worked_out():
    e1, e2, e3 = profiles(TOTALS, D(100))
    # For bid a: 80 against (82 + 50) / 2 = 66.
    assert (e1.differences[0].others_mean, e1.differences[0].difference) == (D("66.00"), D("14.00"))
    assert [(d.bid, d.share, d.outlier) for d in e3.differences] == [
        ("a", D("-0.3100"), True),
        ("b", D("0.2400"), True),
    ]
    assert e3.mean_size == D("27.50")
    assert (e3.favoured, e1.favoured) == ("b", "a")
    assert (e3.agreement, e2.agreement) == (D("-1.00"), D("-1.00"))
    assert not e1.outliers
    assert not e2.outliers


def test_a_difference_at_the_limit_is_no_outlier():
    at = {"e1": {"a": D(70)}, "e2": {"a": D(50)}}
    assert not any(p.outliers for p in profiles(at, D(100)))
    over = {"e1": {"a": D("70.01")}, "e2": {"a": D(50)}}
    assert all(p.outliers for p in profiles(over, D(100)))


@pytest.mark.parametrize(
    ("totals", "maximum"),
    [({"e1": {"a": D(1)}}, D(10)), ({"e1": {"a": D(1)}, "e2": {}}, D(10)), (TOTALS, D(0))],
)
def test_what_cannot_be_compared_is_refused(totals, maximum):
    with pytest.raises(ValueError):
        profiles(totals, maximum)


@given(st.lists(st.lists(st.integers(0, 100), min_size=3, max_size=3), min_size=2, max_size=6))
def test_differences_of_all_experts_cancel_for_each_bid(rows):
    totals = {
        f"e{i}": {bid: D(score) for bid, score in zip("abc", row, strict=True)}
        for i, row in enumerate(rows)
    }
    found = profiles(totals, D(100))
    for bid in "abc":
        gaps = [d.difference for p in found for d in p.differences if d.bid == bid]
        assert abs(sum(gaps, D(0))) <= D("0.005") * len(gaps)
    for profile in found:
        assert profile.agreement is not None
        assert -1 <= profile.agreement <= 1
    alike = profiles(dict.fromkeys(totals, totals["e0"]), D(100))
    assert all(p.mean_size == 0 and p.favoured is None and not p.outliers for p in alike)
