"""The law's table: complete, dated, cited, overridable with a reason, and translated."""

import re
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tender.core.i18n import catalogue, speaking
from tender.procedure.law.kinds import Direction, Kind, kinds
from tender.procedure.law.law import Law, NoRule, law, read_law
from tender.procedure.law.quantities import Bound, Unit, Value, read_value
from tender.procedure.law.rules import Override
from tender.procedure.timeline.milestones import NAMES, MilestoneCode

LAW = law()
NOW = date(2026, 12, 1)


def rule(identity: str):
    return next(rule for rule in LAW.rules if rule.id == identity)


def value(kind: str, code: str, on: date = NOW, **more) -> str:
    return str(LAW.lookup(kind, code, on=on, **more).required)


def test_every_row_has_an_article_a_kind_and_a_date():
    assert len(LAW.rules) > 150
    for row in LAW.rules:
        assert row.articles, row.id
        assert row.scopes, row.id
        assert {kind for kind, _ in row.scopes} <= set(Kind), row.id
        assert date(2000, 1, 1) < row.valid_from <= NOW, row.id
        assert row.methods <= {m.code for kind in kinds().values() for m in kind.methods}, row.id


def test_every_count_of_the_timeline_names_known_milestones():
    for row in LAW.rules:
        if row.counted:
            assert MilestoneCode(row.counted.limits)
            assert MilestoneCode(row.counted.anchor)
            assert row.required.unit in (Unit.DAYS, Unit.WORKING_DAYS), row.id


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("construction", "issue_to_deadline", ">= 20 days"),
        ("procurement", "issue_to_deadline", ">= 20 days"),
        ("construction", "provision", ">= 5 days"),
        ("procurement", "provision", ">= 5 wd"),
        ("procurement", "notice_period", ">= 5 wd"),
        ("construction", "clarification_before_deadline", ">= 15 days"),
        ("construction", "objection_documents_before", ">= 10 days"),
        ("construction", "bid_bond_max", "<= 20 permille"),
        ("construction", "bond_return_withdrawal", "<= 5 days"),
        ("procurement", "bond_return_withdrawal", "<= 5 wd"),
        ("construction", "candidates_start", "<= 3 days"),
        ("construction", "standstill", ">= 3 days"),
        ("construction", "contract_within", "<= 30 days"),
        ("construction", "performance_bond_max", "<= 100 permille"),
        ("construction", "complaint_within", "<= 10 days"),
        ("procurement", "complaint_within", "<= 15 wd"),
        ("procurement", "challenge_within", "<= 7 wd"),
        ("procurement", "panel_large_minimum", ">= 7 count"),
        ("procurement", "archive_years", ">= 15 years"),
        ("procurement", "sme_goods_max", "<= 200 permille"),
        ("land", "notice_to_deadline", ">= 20 days"),
        ("land", "term_homes", "<= 70 years"),
        ("village", "members_majority", ">= 2/3 fraction"),
        ("village", "notice_to_deadline", ">= 7 days"),
    ],
)
def test_the_table_says_what_the_law_says(kind, code, expected):
    assert value(kind, code) == expected


def test_a_lookup_answers_by_date():
    assert value("procurement", "sme_goods_min", date(2022, 6, 30)) == ">= 60 permille"
    assert value("procurement", "sme_goods_min", date(2022, 7, 1)) == ">= 100 permille"
    assert value("village", "members_majority", date(2025, 5, 1)) == ">= 2/3 fraction"
    with pytest.raises(NoRule, match="members_majority"):
        value("village", "members_majority", date(2025, 4, 30))
    assert not LAW.find("procurement", code="low_price_mean", on=date(2026, 1, 31))
    assert LAW.find("procurement", code="low_price_mean", on=date(2026, 2, 1))


@given(st.dates(date(2015, 1, 1), date(2035, 1, 1)))
def test_no_day_has_two_rules_for_one_question(on):
    for kind, row in kinds().items():
        for direction in row.directions:
            for method in row.choices(direction, NOW):
                found = LAW.find(kind, on=on, direction=direction, method=method.code)
                codes = [each.code for each in found]
                assert len(codes) == len(set(codes)), (kind, sorted(codes))


def test_direction_and_method_narrow_a_rule():
    assert not LAW.find("village", code="minimum_bidders", on=NOW)
    assert value("village", "minimum_bidders", direction=Direction.DISPOSAL) == ">= 3 count"
    for method, minimum in (("listing", 1), ("auction", 2), ("sealed_highest_price", 3)):
        found = LAW.lookup("land", "minimum_bidders", on=NOW, method=method)
        assert found.required.whole == minimum


def test_a_rule_for_a_fact_applies_only_where_it_holds():
    code, none = "issue_to_deadline", frozenset[str]()
    assert not LAW.find("construction", code=code, on=NOW, facts=none)
    assert LAW.find("construction", code=code, on=NOW, facts=frozenset({"must_tender"}))
    assert LAW.find("construction", code=code, on=NOW)


def test_rows_to_check_keep_their_mark():
    marked = {row.id for row in LAW.rules if row.to_check}
    assert {
        "bond_not_in_cash",
        "low_price_mean",
        "result_contents",
        "sme_goods_min",
        "domestic_preference",
        "land_notice",
        "land_listing",
        "four_and_two",
        "valuation_publicity",
        "village_notice",
    } <= marked
    assert not {"issue_to_deadline_works", "standstill", "members_majority"} & marked
    changed = rule("village_notice").under(
        Override("the county's own rule", read_value(">= 10 days"))
    )
    assert changed is not None
    assert changed.to_check


def test_an_override_needs_a_reason_and_keeps_the_unit():
    with pytest.raises(ValueError, match="reason"):
        Override(" ", read_value(">= 10 days"))
    with pytest.raises(ValueError, match="either"):
        Override("nothing changed")
    with pytest.raises(ValueError, match="unit"):
        rule("bond_max_works").under(Override("slip", read_value("<= 2 days")))
    with pytest.raises(ValueError, match="unit"):
        rule("receipt_at_once").under(Override("slip", read_value("<= 2 days")))


def test_an_override_changes_one_row_and_is_shown():
    own = {"village_notice": Override("county rule of 2026", read_value(">= 10 wd"))}
    found = LAW.lookup("village", "notice_to_deadline", on=NOW, overrides=own)
    assert str(found.required) == ">= 10 wd"
    assert found.override is not None
    assert (
        str(LAW.lookup("land", "notice_to_deadline", on=NOW, overrides=own).required)
        == ">= 20 days"
    )
    aside = {"village_notice": Override("the text does not bind here", set_aside=True)}
    assert not LAW.find("village", code="notice_to_deadline", on=NOW, overrides=aside)


def test_conflicting_laws_are_named_on_both_sides():
    conflicts = {row.id: row.conflicts for row in LAW.rules if row.conflicts}
    assert conflicts
    for name, others in conflicts.items():
        for other in others:
            assert name in conflicts[other]


def test_documents_may_be_stricter_and_looser_only_where_the_rule_yields():
    days = rule("issue_to_deadline_works")
    assert days.stricter(25).number == 25
    assert days.stricter(10).number == 20
    due = rule("contract_within")
    assert due.stricter(7).number == 7
    assert due.stricter(60).number == 30
    assert rule("contract_within_disposal").stricter(60).number == 60


@pytest.mark.parametrize("text", [">= 20", "20 days", ">= x days", ">= 20 weeks", ">= -1 days"])
def test_a_value_that_is_not_understood_is_refused(text):
    with pytest.raises(ValueError):
        read_value(text)


def test_a_bound_includes_its_number_unless_it_says_more():
    assert read_value(">= 20 days").holds(20)
    assert not read_value(">= 20 days").holds(19)
    assert read_value("<= 20 permille").holds(20)
    assert not read_value("> 1/2 fraction").holds(Fraction(1, 2))
    assert read_value("= 0 days").holds(0)
    assert read_value("<= 20 permille").share == Fraction(1, 50)


@given(st.sampled_from(Bound), st.fractions(0, 10**9), st.sampled_from(Unit))
def test_a_value_survives_being_written(bound, number, unit):
    assert read_value(str(Value(bound, number, unit))) == Value(bound, number, unit)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "x", "kinds": ["land"], "law": []},
        {"text": "x", "kinds": ["land"], "law": ["XYZ 1"]},
        {"text": "x", "kinds": ["land"], "law": ["TBL 1"], "vaule": ">= 1 days"},
        {"text": "x", "kinds": ["land"], "law": ["TBL 1"], "limits": "deadline"},
        {"text": "x", "kinds": ["land:BOTH"], "law": ["TBL 1"]},
        {"text": "x", "kinds": ["land"], "law": ["TBL 1"], "conflicts": ["nobody"]},
    ],
)
def test_a_row_that_is_not_understood_stops_the_reading(row):
    laws = {"TBL": {"name": "T", "in_force": date(2017, 12, 28)}}
    with pytest.raises((ValueError, KeyError)):
        read_law({"laws": laws, "publish": {"a": row}})


def test_two_rows_for_one_question_are_an_error_and_not_a_guess():
    twice = Law(LAW.statutes, (*LAW.rules, rule("notice_period_procurement")))
    with pytest.raises(NoRule, match="More than one"):
        twice.lookup("procurement", "notice_period", on=NOW)


def test_every_text_of_the_data_has_its_chinese():
    words = set(LAW.msgids()) | set(NAMES.values())
    for row in kinds().values():
        words |= {row.name, *(method.name for method in row.methods)}
    assert not words - set(catalogue("zh"))
    assert not [word for word in words if re.search(r"[\u4e00-\u9fff]", word)]


def test_an_article_is_said_in_both_languages():
    article = rule("issue_to_deadline_works").articles[0]
    with speaking("zh"):
        assert article.wording().text() == "《招标投标法》第24条"
        assert rule("bond_max_works").required.wording().text() == "不超过2%"
    with speaking("en"):
        assert article.wording().text() == "Tendering and Bidding Law art. 24"
        assert rule("bond_max_works").required.wording().text() == "at most 2 %"
        assert rule("set_aside_goods").required.amount().text() == "2000000 yuan"
        assert rule("members_majority").required.wording().text() == "at least 2/3 of the whole"
    assert str(article) == "TBL 24"


def test_the_last_and_first_day_of_a_row_are_included():
    row = rule("sme_goods_2021")
    assert row.valid_until == date(2022, 6, 30)
    assert row.in_force(row.valid_until)
    assert not row.in_force(row.valid_until + timedelta(days=1))
    assert row.in_force(row.valid_from)
    assert not row.in_force(row.valid_from - timedelta(days=1))
