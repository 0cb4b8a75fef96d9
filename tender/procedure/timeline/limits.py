"""One rule's limit on one milestone: the day it counts to, and the sentence that says why."""

from __future__ import annotations

from datetime import date, datetime

from tender.core.i18n import N_
from tender.core.wording import Wording, say
from tender.procedure.law.articles import wordings
from tender.procedure.law.quantities import Bound, Unit, Value
from tender.procedure.law.rules import Rule
from tender.procedure.timeline.calendar import Calendar, begins, ends
from tender.procedure.timeline.milestones import (
    PERIOD_ENDS,
    Course,
    Limit,
    Milestone,
    MilestoneCode,
)


def limit(rule: Rule, anchor: Milestone, course: Course, calendar: Calendar) -> Limit:
    """What a rule with a count says, given the milestone it counts from.

    A period that the tender documents state takes the place of the law's where it may.
    """
    own = course.terms.get(rule.code)
    value = rule.required if own is None else rule.stricter(own)
    backwards = rule.counted is not None and rule.counted.backwards
    day = _counted_day(value, anchor.day, backwards, calendar)
    code = MilestoneCode(rule.counted.limits) if rule.counted else anchor.code
    earliest, latest = _window(value, day, anchor, backwards, code in PERIOD_ENDS)
    return Limit(
        rule=rule,
        day=day,
        earliest=earliest,
        latest=latest,
        wording=_why(rule, value, day, anchor, code),
        notes=_notes(rule, value, day, anchor, backwards),
        provisional=calendar.is_provisional(anchor.day, day),
    )


def _counted_day(value: Value, start: date, backwards: bool, calendar: Calendar) -> date:
    match value.unit, backwards:
        case Unit.DAYS, False:
            return calendar.add_days(start, value.whole)
        case Unit.DAYS, True:
            return calendar.days_before(start, value.whole)
        case Unit.WORKING_DAYS, False:
            return calendar.add_working_days(start, value.whole)
        case Unit.WORKING_DAYS, True:
            return calendar.working_days_before(start, value.whole)
    raise ValueError(f"the timeline counts days, not {value.unit}")


def _window(
    value: Value, day: date, anchor: Milestone, backwards: bool, period_end: bool
) -> tuple[datetime | None, datetime | None]:
    if backwards:
        return None, ends(day)
    if value.bound is Bound.AT_MOST:
        return None, ends(day)
    if value.number == 0:
        return anchor.at, anchor.at if value.bound is Bound.EXACTLY else None
    earliest = ends(day) if period_end else begins(day)
    return earliest, ends(day) if value.bound is Bound.EXACTLY else None


def _why(rule: Rule, value: Value, day: date, anchor: Milestone, code: MilestoneCode) -> Wording:
    if value.bound is Bound.EXACTLY and value.number == 0:
        message = N_("at the same time as “%(event)s”, %(articles)s")
    elif rule.counted and rule.counted.backwards:
        message = N_("not after %(day)s: %(amount)s before “%(event)s” on %(start)s, %(articles)s")
    elif value.bound is Bound.AT_MOST:
        message = N_(
            "not after %(day)s: within %(amount)s from “%(event)s” on %(start)s, %(articles)s"
        )
    elif code in PERIOD_ENDS:
        message = N_(
            "not before the end of %(day)s: %(amount)s from “%(event)s” on %(start)s, %(articles)s"
        )
    else:
        message = N_("not before %(day)s: %(amount)s from “%(event)s” on %(start)s, %(articles)s")
    return say(
        message,
        day=day,
        amount=value.amount(),
        event=anchor.name(),
        start=anchor.day,
        articles=wordings(rule.articles),
    )


def _notes(
    rule: Rule, value: Value, day: date, anchor: Milestone, backwards: bool
) -> tuple[Wording, ...]:
    notes = []
    if value.unit is Unit.DAYS and not backwards and (day - anchor.day).days > value.whole:
        notes.append(say(N_("the last day is a rest day, so the next working day counts")))
    if rule.override is not None:
        notes.append(say(N_("changed by the administrator: %(why)s"), why=rule.override.reason))
    if value != rule.value:
        notes.append(say(N_("as the tender documents state")))
    return tuple(notes)
