"""Entering a year's days off and make-up working days as the State Council announced them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import DomainError, Kind, invalid
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.procedure.local_law.binding import as_year, calendar_at
from tender.procedure.local_law.models import CalendarYear
from tender.procedure.timeline.calendar import SATURDAY, Year

RUN = re.compile(r"(\d{1,2})-(\d{1,2})(?:\.\.(\d{1,2})-(\d{1,2}))?")
FIRST, LAST = 2024, 2100
LONGEST = 20  # days of one run: no holiday is longer, a slip of the pen is
DAY = timedelta(days=1)


def days_as_text(days: frozenset[date]) -> str:
    """Days as the form takes them: runs in order, one a line."""
    lines: list[str] = []
    rest = sorted(days)
    while rest:
        run = [rest.pop(0)]
        while rest and rest[0] == run[-1] + DAY:
            run.append(rest.pop(0))
        lines.append(_run_text(run[0], run[-1]))
    return "\n".join(lines)


def _run_text(first: date, last: date) -> str:
    return f"{first:%m-%d}" if first == last else f"{first:%m-%d}..{last:%m-%d}"


def read_days(year: int, text: str, field: str) -> frozenset[date]:
    """Days from runs like `10-01..10-07`, separated by spaces, commas or lines.

    DomainError `holidays.day` names the piece that is not understood.
    """
    found: set[date] = set()
    for piece in re.split(r"[\s,，、;；]+", text.strip()):
        if not piece:
            continue
        days = _run(year, piece, field)
        if twice := found & days:
            raise _wrong(N_("%(piece)s stands twice."), _run_text(min(twice), min(twice)), field)
        found |= days
    return frozenset(found)


def _run(year: int, piece: str, field: str) -> set[date]:
    match = RUN.fullmatch(piece)
    if match is None:
        raise _wrong(
            N_("%(piece)s is not understood. Write month-day, or a run like 10-01..10-07."),
            piece, field,
        )  # fmt: skip
    month, day, to_month, to_day = match.groups()
    try:
        first = date(year, int(month), int(day))
        last = date(year, int(to_month), int(to_day)) if to_month else first
    except ValueError:
        raise _wrong(N_("%(piece)s is not a day of this year."), piece, field) from None
    if last < first:
        raise _wrong(N_("%(piece)s ends before it begins."), piece, field)
    if (last - first).days >= LONGEST:
        raise _wrong(N_("%(piece)s is longer than any holiday."), piece, field)
    return {first + n * DAY for n in range((last - first).days + 1)}


def _wrong(message: str, piece: str, field: str) -> DomainError:
    error = DomainError(Kind.INVALID, "holidays.day", message, piece=piece[:40])
    error.fields = {field: error.text()}
    return error


def enter_year(
    session: Session,
    actor: Actor,
    *,
    year: int,
    holidays: str,
    make_up: str,
    official: bool,
    source: str,
    now: datetime,
) -> CalendarYear:
    """Enter a year; it replaces what was known of it, which stays in the history.

    A make-up day must be a weekend, else it would say nothing; a day off and a make-up day at once
    is a slip. Dates counted over an official year are no longer provisional.
    """
    require(actor, Permission.LAW_OVERRIDE)
    if not FIRST <= year <= LAST:
        raise invalid("holidays.year", N_("Choose a year."), {"year": N_("2024 or later.")})
    off, worked = read_days(year, holidays, "holidays"), read_days(year, make_up, "make_up")
    _check(off, worked, source, official)
    entry = ledger.append(
        session, "calendar.entered", subject="law", actor=actor.person_id, now=now,
        fields={
            "year": year, "holidays": days_as_text(off).split(), "official": official,
            "make_up": days_as_text(worked).split(), "source": source.strip(),
        },
    )  # fmt: skip
    row = CalendarYear(
        year=year, holidays=days_as_text(off), make_up=days_as_text(worked), official=official,
        source=source.strip(), made_by=actor.person_id, made_at=now, ledger_seq=entry.seq,
    )  # fmt: skip
    as_year(row)
    session.add(row)
    session.flush()
    return row


def _check(off: frozenset[date], worked: frozenset[date], source: str, official: bool) -> None:
    if not off:
        raise invalid("holidays.none", N_("Enter the days off."), {"holidays": N_("Required.")})
    if both := off & worked:
        raise _wrong(
            N_("%(piece)s is both a day off and a make-up day."),
            _run_text(min(both), min(both)), "make_up",
        )  # fmt: skip
    if week := {day for day in worked if day.weekday() < SATURDAY}:
        raise _wrong(
            N_("%(piece)s is no weekend; only a weekend can be a make-up working day."),
            _run_text(min(week), min(week)), "make_up",
        )  # fmt: skip
    if official and not source.strip():
        raise invalid(
            "holidays.source", N_("Name the State Council's document."),
            {"source": N_("Required for an official list.")},
        )  # fmt: skip


def years_shown(session: Session, *, now: datetime) -> list[tuple[int, Year]]:
    """This year, the next two, and every year entered: what the page shows to be edited."""
    table = calendar_at(session)
    wanted = {now.year + n for n in range(3)} | set(session.scalars(select(CalendarYear.year)))
    return [(year, table.year(year)) for year in sorted(wanted)]


def entered(session: Session, year: int) -> list[CalendarYear]:
    """The history of a year's table, the newest first."""
    query = select(CalendarYear).where(CalendarYear.year == year)
    return list(session.scalars(query.order_by(CalendarYear.ledger_seq.desc())))
