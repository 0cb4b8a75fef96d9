"""What binds one tender: the county's overrides that stood when it was published, and its calendar.

An override takes effect for tenders published afterwards only (no retroaction): what binds follows
from the stored moment of publication, so that a later act changes nothing that was printed. The
calendar is the one that stands: a year that was provisional is counted by its official list as
soon as that is entered, because the law counts by the days that are really off.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, object_session

from tender.procedure.law.quantities import read_value
from tender.procedure.law.rules import Override, Overrides
from tender.procedure.local_law.models import CalendarYear, LawOverride
from tender.procedure.models import Tender
from tender.procedure.timeline.calendar import Calendar, Year, calendar, day_of, read_years


def overrides_at(session: Session, moment: datetime) -> Overrides:
    """The overrides in force for a tender published at a moment; of two, the later one counts."""
    query = (
        select(LawOverride)
        .where(
            LawOverride.made_at <= moment,
            LawOverride.effective_from <= day_of(moment),
            or_(LawOverride.revoked_at.is_(None), LawOverride.revoked_at > moment),
        )
        .order_by(LawOverride.ledger_seq)
    )
    return {row.rule_id: as_override(row) for row in session.scalars(query)}


def as_override(row: LawOverride) -> Override:
    """A stored override as the pure rules take it."""
    value = None if row.value is None else read_value(row.value)
    return Override(reason=row.reason, value=value, set_aside=row.set_aside)


def overrides_of(tender: Tender, *, now: datetime) -> Overrides:
    """The overrides that bind a tender: those of its publication, or of now while it is a draft."""
    return overrides_at(session_of(tender), tender.published_at or now)


def calendar_at(session: Session) -> Calendar:
    """The calendar with the years that the administrator entered, the newest of each."""
    rows = session.scalars(select(CalendarYear).order_by(CalendarYear.ledger_seq))
    years: dict[int, Year] = {}
    for row in rows:
        years.update(as_year(row))
    return calendar(years)


def as_year(row: CalendarYear) -> dict[int, Year]:
    """A stored year as the pure calendar takes it."""
    listed = {
        "holidays": row.holidays.split(),
        "make_up": row.make_up.split(),
        "official": row.official,
        "source": row.source,
    }
    return read_years({str(row.year): listed})


def calendar_of(tender: Tender) -> Calendar:
    """The calendar that a tender's days are counted by."""
    return calendar_at(session_of(tender))


def session_of(tender: Tender) -> Session:
    """The session that a tender was read in; without one nothing can be said of what binds it."""
    session = object_session(tender)
    if session is None:
        raise RuntimeError("a tender outside its session: read it again")
    return session
