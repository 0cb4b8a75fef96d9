"""The timeline: worked examples, explanations, and what it refuses."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tender.core.i18n import catalogue, speaking
from tender.core.wording import plain, read_wording, say
from tender.procedure.law.kinds import Direction, Kind, kinds
from tender.procedure.law.law import law, read_law
from tender.procedure.law.quantities import read_value
from tender.procedure.law.rules import Override
from tender.procedure.timeline.calendar import begins, calendar, day_of, ends
from tender.procedure.timeline.milestones import Course, Milestone, MilestoneCode, Pause
from tender.procedure.timeline.timeline import check, compute, milestones_by_code

M = MilestoneCode
NOTICE = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
COURSES = [
    (kind, direction, method.code)
    for kind, row in kinds().items()
    for direction in row.directions
    for method in row.choices(direction, date(2026, 12, 1))
]


def course(
    kind: str = "construction",
    direction: Direction = Direction.PURCHASE,
    method: str = "comprehensive_scoring",
    planned: Mapping[M, datetime] | None = None,
    **more: Any,
) -> Course:
    return Course(kind, direction, method, {M.NOTICE: NOTICE, **(planned or {})}, **more)


def village(planned: Mapping[M, datetime] | None = None, **more: Any) -> Course:
    return course("village", Direction.DISPOSAL, "sealed_highest_price", planned, **more)


def dates(of: Course, **more: Any) -> Mapping[M, Milestone]:
    return milestones_by_code(compute(of, calendar(), law(), **more))


def at(day: str, hour: int = 2) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(
        hours=hour
    )


def codes(of: Course, **more: Any) -> list[tuple[str, str]]:
    return [(p.code, p.where) for p in check(of, calendar(), law(), **more)]


def test_a_works_tender_as_worked_out_by_hand():
    found = dates(course())
    assert {code: str(m.day) for code, m in found.items()} == {
        M.NOTICE: "2026-12-01",
        M.DOCUMENTS: "2026-12-01",
        M.DOCUMENTS_END: "2026-12-07",  # five days end on Sunday the 6th
        M.CLARIFICATION: "2026-12-06",
        M.OBJECTION: "2026-12-11",
        M.DEADLINE: "2026-12-21",
        M.OPENING: "2026-12-21",
        M.REPORT: "2026-12-21",
        M.CANDIDATES: "2026-12-24",
        M.STANDSTILL_END: "2026-12-28",  # three days end on Sunday the 27th
        M.AWARD: "2026-12-29",
        M.AWARD_LETTER: "2026-12-29",
        M.AWARD_NOTICE: "2026-12-29",
        M.SUPERVISION_REPORT: "2027-01-13",
        M.CONTRACT: "2027-01-28",
        M.BOND_RETURN_LOSERS: "2027-02-02",
        M.BOND_RETURN_WINNER: "2027-02-02",
    }
    assert found[M.STANDSTILL_END].at == ends(date(2026, 12, 28))
    assert found[M.DEADLINE].earliest == begins(date(2026, 12, 21))
    assert found[M.OPENING].at == found[M.DEADLINE].at
    assert not found[M.DEADLINE].provisional
    assert found[M.CONTRACT].provisional


def test_a_procurement_counts_working_days_and_two_starts():
    planned = {M.DOCUMENTS: at("2026-12-03")}
    found = dates(course("procurement", planned=planned))
    end = found[M.DOCUMENTS_END]
    assert [str(limit.day) for limit in end.limits] == ["2026-12-10", "2026-12-08"]
    assert end.day == date(2026, 12, 10)  # the later end counts
    assert found[M.DEADLINE].day == date(2026, 12, 23)
    assert found[M.AWARD_LETTER].at == found[M.AWARD_NOTICE].at
    assert M.CANDIDATES not in found


def test_a_date_is_explained_with_its_article_in_both_languages():
    (why,) = dates(course())[M.DEADLINE].explanations
    with speaking("en"):
        assert why.text() == (
            "not before 2026-12-21: 20 days from “Issue of the tender documents” on 2026-12-01, "
            "Tendering and Bidding Law art. 24"
        )
    with speaking("zh"):
        assert why.text() == (
            "不得早于2026-12-21：自“招标文件发出”（2026-12-01）起20日，依据《招标投标法》第24条"
        )


def test_a_rolled_day_says_so():
    notes = dates(course())[M.STANDSTILL_END].explanations[1:]
    with speaking("en"):
        assert [note.text() for note in notes] == [
            "the last day is a rest day, so the next working day counts"
        ]


def test_a_village_lease_rests_on_rows_to_check():
    found = dates(village())
    assert found[M.DEADLINE].day == date(2026, 12, 8)
    assert found[M.DEADLINE].to_check
    assert found[M.STANDSTILL_END].to_check
    assert not dates(course())[M.DEADLINE].to_check


def test_a_village_purchase_follows_the_tendering_law_only_where_it_must():
    bare = course("village", method="lowest_price")
    assert M.CLARIFICATION not in dates(bare)
    must = course("village", method="lowest_price", facts=frozenset({"must_tender"}))
    assert dates(must)[M.DEADLINE].day == date(2026, 12, 21)
    assert M.CLARIFICATION in dates(must)


def test_land_planned_as_collective_goes_to_the_county_before_the_notice():
    found = dates(village(facts=frozenset({"collective_commercial_land", "valuation"})))
    assert found[M.LAND_PLAN].day == date(2026, 11, 17)  # ten working days before 1 December
    assert found[M.VALUATION].day == date(2026, 11, 16)  # fifteen days before
    assert M.LAND_PLAN not in dates(village())


def test_the_documents_own_periods_count_where_they_are_stricter():
    found = dates(village(terms={"contract_within": 7, "bond_return_losers": 5}))
    assert found[M.CONTRACT].day == date(2026, 12, 21)  # letter on the 12th, 7 days: Saturday 19th
    with speaking("en"):
        assert "as the tender documents state" in [w.text() for w in found[M.CONTRACT].explanations]


def test_laxer_periods_in_the_documents_are_a_problem_unless_the_rule_yields():
    assert codes(course(terms={"contract_within": 60})) == [("timeline.term", "contract_within")]
    assert codes(village(terms={"contract_within": 60})) == []


def test_a_lawful_plan_has_no_problem():
    planned = {
        M.DEADLINE: at("2026-12-21"),
        M.OPENING: at("2026-12-21"),
        M.CANDIDATES: at("2026-12-23"),
        M.STANDSTILL_END: ends(date(2026, 12, 28)),
        M.AWARD: at("2026-12-29"),
        M.CONTRACT: at("2027-01-20"),
    }
    assert codes(course(planned=planned)) == []


@pytest.mark.parametrize(
    ("planned", "problem"),
    [
        ({M.DEADLINE: at("2026-12-20")}, ("timeline.too_early", "deadline")),
        (
            {M.DEADLINE: at("2026-12-22"), M.OPENING: at("2026-12-22", 3)},
            ("timeline.too_late", "opening"),
        ),
        (
            {M.DEADLINE: at("2026-12-22"), M.OPENING: at("2026-12-22", 1)},
            ("timeline.too_early", "opening"),
        ),
        (
            {M.DEADLINE: at("2026-12-22"), M.CLARIFICATION: at("2026-12-08")},
            ("timeline.too_late", "clarification"),
        ),
        ({M.STANDSTILL_END: ends(date(2026, 12, 25))}, ("timeline.too_early", "standstill_end")),
        ({M.AWARD: at("2026-12-28")}, ("timeline.too_early", "award")),
        (
            {M.AWARD_LETTER: at("2026-12-29"), M.CONTRACT: at("2027-01-29")},
            ("timeline.too_late", "contract"),
        ),
    ],
)
def test_an_unlawful_date_is_named(planned, problem):
    assert problem in codes(course(planned=planned))


def test_a_problem_says_where_why_and_the_next_step():
    (problem,) = check(course(planned={M.DEADLINE: at("2026-12-18")}), calendar(), law())
    with speaking("en"):
        assert problem.text() == (
            "Deadline for bids on 2026-12-18 10:00 is too early: not before 2026-12-21: 20 days "
            "from “Issue of the tender documents” on 2026-12-01, Tendering and Bidding Law art. "
            "24. Choose a later time."
        )
    assert [str(article) for article in problem.articles] == ["TBL 24"]


def test_the_last_moment_of_a_limit_is_allowed_and_the_next_is_not():
    deadline = at("2026-12-22")
    last = ends(date(2026, 12, 7))
    for moment, expected in ((last, []), (last + timedelta(seconds=1), ["timeline.too_late"])):
        found = codes(course(planned={M.DEADLINE: deadline, M.CLARIFICATION: moment}))
        assert [code for code, _ in found] == expected


def test_an_override_moves_the_date_and_shows_its_reason():
    own = {"village_notice": Override("county rule of 2026", read_value(">= 10 wd"))}
    milestone = dates(village(), overrides=own)[M.DEADLINE]
    assert milestone.day == date(2026, 12, 15)
    with speaking("en"):
        assert (
            milestone.explanations[1].text() == "changed by the administrator: county rule of 2026"
        )


def test_a_pause_holds_acts_up_until_it_ends():
    base = {M.CANDIDATES: at("2026-12-22"), M.STANDSTILL_END: ends(date(2026, 12, 25))}
    open_pause = Pause(at("2026-12-24"))
    paused = course(planned={**base, M.AWARD: at("2026-12-28")}, pauses=(open_pause,))
    assert codes(paused) == [("timeline.paused", "award")]
    assert dates(paused)[M.AWARD].paused
    assert not dates(paused)[M.CANDIDATES].paused
    closed = Pause(at("2026-12-24"), at("2026-12-30"))
    during = course(planned={**base, M.AWARD: at("2026-12-28")}, pauses=(closed,))
    assert codes(during) == [("timeline.too_early", "award")]
    after = course(planned={**base, M.AWARD: at("2026-12-30")}, pauses=(closed,))
    assert codes(after) == []
    assert dates(course(planned=base, pauses=(closed,)))[M.AWARD].at == at("2026-12-30")


def test_the_law_of_the_day_of_the_notice_binds():
    old = {M.NOTICE: datetime(2016, 3, 1, 1, tzinfo=UTC)}
    found = dates(Course("procurement", Direction.PURCHASE, "comprehensive_scoring", old))
    assert found[M.NOTICE_END].limits == ()  # Order 87 came in October 2017
    assert found[M.DEADLINE].limits


def test_laws_that_count_in_a_circle_are_refused():
    laws = {"TBL": {"name": "T", "in_force": date(2017, 12, 28)}}
    row = {"text": "x", "kinds": ["construction"], "law": ["TBL 1"], "value": ">= 1 days"}
    circle = read_law(
        {
            "laws": laws,
            "publish": {
                "a": {**row, "limits": "award", "after": "contract"},
                "b": {**row, "limits": "contract", "after": "award"},
            },
        }
    )
    with pytest.raises(ValueError, match="circle"):
        compute(course(), calendar(), circle)


@given(
    st.sampled_from(COURSES),
    st.integers(0, 2_000_000).map(lambda m: NOTICE - timedelta(days=1000) + timedelta(minutes=m)),
    st.integers(0, 40),
)
def test_every_proposal_is_lawful_ordered_and_said(case, notice, days):
    kind, direction, method = case
    documents = notice + timedelta(days=days)
    planned = {M.NOTICE: notice, M.DOCUMENTS: documents}
    proposed = compute(Course(kind, direction, method, planned), calendar(), law())
    assert [m.at for m in proposed] == sorted(m.at for m in proposed)
    found = milestones_by_code(proposed)
    for milestone in proposed:
        if milestone.earliest is not None:
            assert milestone.at >= milestone.earliest
        for why in milestone.explanations:
            assert "%(" not in why.text()
            assert read_wording(plain(why)) == why
    assert found[M.DEADLINE].at > notice
    assert found[M.OPENING].at == found[M.DEADLINE].at
    assert found[M.AWARD].at >= found[M.REPORT].at
    again = {code: m.at for code, m in found.items()}
    lawful = check(Course(kind, direction, method, again), calendar(), law())
    backward = {M.CLARIFICATION, M.OBJECTION, M.NOTICE}
    assert not [p for p in lawful if p.where not in backward]


@given(st.integers(0, 400), st.integers(0, 60))
def test_a_later_issue_never_allows_an_earlier_deadline(start, more):
    early = NOTICE + timedelta(days=start)
    late = early + timedelta(days=more)
    first, second = (
        dates(course(planned={M.NOTICE: early, M.DOCUMENTS: moment}))[M.DEADLINE]
        for moment in (early, late)
    )
    assert first.earliest is not None
    assert second.earliest is not None
    assert first.earliest <= second.earliest
    assert (day_of(first.earliest) - day_of(early)).days >= 20


def test_every_name_of_the_milestones_is_translated():
    for milestone in compute(village(), calendar(), law()):
        assert milestone.name().msgid in catalogue("zh")


def test_a_sentence_keeps_its_parts_when_stored():
    wording = say(
        "%(a)s %(b)s %(c)s %(d)s %(e)s",
        a=Decimal("1.50"),
        b=date(2026, 12, 1),
        c=NOTICE,
        d=(say("one"), say("two")),
        e=say("%(n)s", n=3),
    )
    assert read_wording(plain(wording)) == wording
    with speaking("en"):
        assert wording.text() == "1.50 2026-12-01 2026-12-01 09:00 one, two 3"
    with pytest.raises((ValueError, KeyError)):
        read_wording({"msgid": "x", "params": {"a": 1.5}})


def test_every_kind_is_covered():
    assert {kind for kind, _, _ in COURSES} == set(Kind)
