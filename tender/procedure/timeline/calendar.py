"""Legal days and working days of China: which day a period ends on.

Civil Code 201 and 203, O87 art. 85 and O94 art. 42 count alike: the first day is not counted, the
last day ends at 24:00, and a period whose last day is a rest day ends on the next working day.
Everything here is a day of Asia/Shanghai; only `begins` and `ends` make moments of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tender.core.shanghai import SHANGHAI

DATA = Path(__file__).with_name("holidays.toml")
DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True)
class Year:
    """The rest days (法定节假日) and make-up days (调休上班日) of one year.

    `official` says that the State Council has published them; otherwise dates counted over the
    year are provisional.
    """

    holidays: frozenset[date]
    make_up: frozenset[date] = frozenset()
    official: bool = False
    source: str = ""


@dataclass(frozen=True)
class Calendar:
    """The table of years by which days are counted.

    A year that is not in the table has its weekends and the holidays of fixed date only, and is
    provisional.
    """

    years: Mapping[int, Year] = field(default_factory=dict)

    def year(self, number: int) -> Year:
        """The table of a year, estimated where none is kept."""
        known = self.years.get(number)
        return known if known is not None else _estimate(number)

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on a day: make-up weekends do, holidays and weekends do not."""
        table = self.year(day.year)
        if day in table.make_up:
            return True
        return day.weekday() < SATURDAY and day not in table.holidays

    def working_day_from(self, day: date) -> date:
        """The day itself if it is a working day, else the next one (顺延)."""
        while not self.is_working_day(day):
            day += DAY
        return day

    def add_days(self, start: date, count: int) -> date:
        """The last day of a period of natural days, rolled over rest days.

        `start` is the day of the event and is not counted; `count` is 0 or more, and 0 is the
        day itself, never rolled.
        """
        _require_count(count)
        return self.working_day_from(start + count * DAY) if count else start

    def add_working_days(self, start: date, count: int) -> date:
        """The last day of a period of working days; `start` is not counted."""
        _require_count(count)
        day = start
        for _ in range(count):
            day = self.working_day_from(day + DAY)
        return day

    def days_before(self, end: date, count: int) -> date:
        """The latest day that lies `count` natural days before `end` (至少…日前).

        Backward limits are not rolled: rolling forward would shorten the period that the law
        wants before the deadline, rolling back would cut somebody's right; acts on the platform
        are possible on rest days too.
        """
        _require_count(count)
        return end - count * DAY

    def working_days_before(self, end: date, count: int) -> date:
        """The latest day with `count` working days after it, up to and including `end`."""
        _require_count(count)
        day = end
        while count:
            if self.is_working_day(day):
                count -= 1
            day -= DAY
        return day

    def is_provisional(self, start: date, end: date) -> bool:
        """Whether counting between two days touches a year without an official list."""
        first, last = sorted((start.year, end.year))
        return any(not self.year(number).official for number in range(first, last + 1))


def day_of(moment: datetime) -> date:
    """The legal day of an aware moment: its date in Asia/Shanghai."""
    if moment.tzinfo is None:
        raise ValueError("a legal day needs an aware moment")
    return moment.astimezone(SHANGHAI).date()


def begins(day: date) -> datetime:
    """The first moment of a legal day, in UTC."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def ends(day: date) -> datetime:
    """24:00 of a legal day, in UTC: the first moment that is too late (Civil Code 203)."""
    return begins(day + DAY)


def read_years(data: Mapping[str, Mapping[str, Any]]) -> dict[int, Year]:
    """Years from the layout of `holidays.toml`; ValueError for a day that is not of its year.

    Also reads an administrator's addition, so that next winter's list needs no new release.
    """
    years = {}
    for name, row in data.items():
        number = int(name)
        years[number] = Year(
            holidays=frozenset(_days(number, row["holidays"])),
            make_up=frozenset(_days(number, row["make_up"])),
            official=bool(row["official"]),
            source=str(row["source"]),
        )
        if years[number].holidays & years[number].make_up:
            raise ValueError(f"{number}: a day is both a holiday and a make-up day")
    return years


@cache
def shipped_years() -> Mapping[int, Year]:
    """The years that come with this release."""
    with DATA.open("rb") as file:
        return read_years(tomllib.load(file))


def calendar(edited: Mapping[int, Year] | None = None) -> Calendar:
    """The calendar to count by: the shipped years, replaced year by year by edited ones."""
    return Calendar({**shipped_years(), **(edited or {})})


def _days(year: int, runs: list[str]) -> Iterator[date]:
    for run in runs:
        first, _, last = run.partition("..")
        day, end = (date.fromisoformat(f"{year}-{part}") for part in (first, last or first))
        if end < day:
            raise ValueError(f"{year}: the run {run} ends before it begins")
        while day <= end:
            yield day
            day += DAY


def _estimate(number: int) -> Year:
    fixed = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))
    return Year(frozenset(date(number, month, day) for month, day in fixed))


def _require_count(count: int) -> None:
    if count < 0:
        raise ValueError("a period has no negative length")
