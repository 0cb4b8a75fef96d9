"""Legal days against the official lists, worked examples and a brute-force count."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tender.procedure.timeline.calendar import (
    Calendar,
    Year,
    begins,
    calendar,
    day_of,
    ends,
    read_years,
    shipped_years,
)

CALENDAR = calendar()
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
COUNTS = st.integers(0, 60)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("2024-02-09", True),  # New Year's Eve of 2024 was no holiday by the list
        ("2024-02-18", True),  # a Sunday made up
        ("2025-01-26", True),
        ("2025-10-08", False),
        ("2025-10-11", True),
        ("2026-01-04", True),
        ("2026-02-14", True),
        ("2026-02-23", False),
        ("2026-06-19", False),
        ("2026-10-10", True),
        ("2026-12-20", False),  # an ordinary Sunday
        ("2026-12-21", True),
    ],
)
def test_working_days_follow_the_official_lists(text, works):
    assert CALENDAR.is_working_day(day(text)) is works


@pytest.mark.parametrize(
    ("year", "holidays", "made_up"), [(2024, 28, 8), (2025, 28, 5), (2026, 33, 6)]
)
def test_official_years_have_as_many_days_as_their_lists(year, holidays, made_up):
    table = shipped_years()[year]
    assert table.official
    assert (len(table.holidays), len(table.make_up)) == (holidays, made_up)
    assert all(d.weekday() >= 5 for d in table.make_up)


def test_years_without_a_list_are_provisional():
    assert not CALENDAR.is_provisional(day("2026-01-01"), day("2026-12-31"))
    assert CALENDAR.is_provisional(day("2026-12-30"), day("2027-01-04"))
    assert CALENDAR.is_provisional(day("2027-01-04"), day("2026-12-30"))
    assert CALENDAR.is_provisional(day("2041-03-01"), day("2041-03-02"))
    assert not CALENDAR.is_working_day(day("2041-10-01"))


def test_an_administrators_year_replaces_the_shipped_one():
    row = {"official": True, "source": "list", "holidays": ["03-01..03-03"], "make_up": ["03-06"]}
    edited = calendar(read_years({"2027": row}))
    assert not edited.is_provisional(day("2027-01-01"), day("2027-12-31"))
    assert edited.is_working_day(day("2027-03-06"))
    assert not edited.is_working_day(day("2027-03-03"))
    assert edited.is_working_day(day("2027-02-08"))


def test_a_table_that_contradicts_itself_is_refused():
    row = {"official": True, "source": "", "holidays": ["03-01..03-03"], "make_up": ["03-02"]}
    with pytest.raises(ValueError, match="both"):
        read_years({"2027": row})
    with pytest.raises(ValueError, match="ends before"):
        read_years({"2027": {**row, "holidays": ["03-05..03-01"]}})


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-12-01", 20, "2026-12-21"),  # the example of the design: the first day not counted
        ("2026-12-01", 5, "2026-12-07"),  # day 5 is a Sunday
        ("2026-09-25", 10, "2026-10-08"),  # day 10 lies in the National Day holiday
        ("2026-02-10", 4, "2026-02-14"),  # day 4 is a Saturday that is worked
        ("2026-12-05", 0, "2026-12-05"),  # nothing to count, nothing to move
    ],
)
def test_a_period_of_days_skips_its_first_and_rolls_off_rest_days(start, count, end):
    assert CALENDAR.add_days(day(start), count) == day(end)


def _working_days(start, end):
    days = ((start + timedelta(days=n)) for n in range(1, (end - start).days + 1))
    return sum(CALENDAR.is_working_day(each) for each in days)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-09-29", 5, "2026-10-12"),  # 30, 8, 9, Saturday 10 (made up), 12
        ("2026-12-04", 1, "2026-12-07"),
        ("2026-02-13", 2, "2026-02-24"),
    ],
)
def test_working_days_skip_holidays_and_count_make_up_days(start, count, end):
    assert CALENDAR.add_working_days(day(start), count) == day(end)


def test_backward_limits_keep_the_whole_period_before_the_end():
    assert CALENDAR.days_before(day("2026-12-21"), 15) == day("2026-12-06")
    assert CALENDAR.working_days_before(day("2026-12-21"), 10) == day("2026-12-07")


@given(DAYS, COUNTS)
def test_days_match_a_count_by_hand(start, count):
    end = start
    for _ in range(count):
        end += timedelta(days=1)
    while count and not CALENDAR.is_working_day(end):
        end += timedelta(days=1)
    assert CALENDAR.add_days(start, count) == end


@given(DAYS, COUNTS)
def test_working_days_match_a_count_by_hand(start, count):
    end, left = start, count
    while left:
        end += timedelta(days=1)
        left -= CALENDAR.is_working_day(end)
    assert CALENDAR.add_working_days(start, count) == end
    assert _working_days(start, end) == count


@given(DAYS, st.integers(0, 30))
def test_the_latest_day_before_an_end_is_the_latest(end, count):
    day_ = CALENDAR.working_days_before(end, count)
    assert _working_days(day_, end) == count
    later = day_ + timedelta(days=1)
    if count:
        assert _working_days(later, end) <= count
        assert CALENDAR.days_before(end, count) + timedelta(days=count) == end


@given(DAYS, COUNTS, COUNTS)
def test_a_longer_period_never_ends_earlier(start, one, other):
    short, long = sorted((one, other))
    assert CALENDAR.add_days(start, short) <= CALENDAR.add_days(start, long)
    assert CALENDAR.add_working_days(start, short) <= CALENDAR.add_working_days(start, long)


def test_a_legal_day_is_a_day_of_shanghai():
    assert day_of(datetime(2026, 12, 1, 15, 59, tzinfo=UTC)) == day("2026-12-01")
    assert day_of(datetime(2026, 12, 1, 16, 0, tzinfo=UTC)) == day("2026-12-02")
    assert begins(day("2026-12-02")) == datetime(2026, 12, 1, 16, 0, tzinfo=UTC)
    assert ends(day("2026-12-01")) == begins(day("2026-12-02"))
    with pytest.raises(ValueError, match="aware"):
        day_of(datetime(2026, 12, 1, 12, 0))  # noqa: DTZ001 - the refusal is what is tested


def test_a_negative_count_is_refused():
    for count in (Calendar().add_days, Calendar().add_working_days, Calendar().days_before):
        with pytest.raises(ValueError, match="negative"):
            count(day("2026-01-05"), -1)


def test_an_empty_calendar_knows_weekends_and_fixed_days_only():
    bare = Calendar({2026: Year(frozenset())})
    assert bare.is_working_day(day("2026-10-01"))
    assert not Calendar().is_working_day(day("2026-10-01"))
