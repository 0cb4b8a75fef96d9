"""The legal timeline: every date of a tender computed from the law's rows, and explained.

The engine knows no kind and no number: which milestones there are stands in `kinds.toml`, which
rule limits which milestone in `law.toml`. It computes; services store what was planned and done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from tender.core.i18n import N_
from tender.core.shanghai import SHANGHAI
from tender.core.wording import Wording, say
from tender.procedure.law.articles import wordings
from tender.procedure.law.kinds import Stage, kind_row
from tender.procedure.law.law import Law
from tender.procedure.law.problems import Problem
from tender.procedure.law.rules import Overrides, Rule
from tender.procedure.timeline.calendar import Calendar, day_of
from tender.procedure.timeline.limits import limit
from tender.procedure.timeline.milestones import (
    NAMES,
    PAUSED_ACTS,
    PERIOD_ENDS,
    Course,
    Limit,
    Milestone,
    MilestoneCode,
    Pause,
)

INSTANT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)


def compute(
    course: Course, calendar: Calendar, law: Law, overrides: Overrides | None = None
) -> tuple[Milestone, ...]:
    """Every milestone of a tender in the order of its dates.

    The law in force on the legal day of the notice binds. KeyError if the notice is not planned.
    """
    rules = _rules(course, law, overrides)
    done: dict[MilestoneCode, Milestone] = {}
    for stage in _in_reach(kind_row(course.kind).flow(course.direction), rules):
        code = MilestoneCode(stage.milestone)
        limits = tuple(
            limit(rule, done[anchor], course, calendar)
            for rule in rules.get(code, ())
            if rule.counted and (anchor := MilestoneCode(rule.counted.anchor)) in done
        )
        if stage.optional and not limits and code not in course.planned:
            continue
        follows = MilestoneCode(stage.follows) if stage.follows else None
        before = done.get(follows) if follows else None
        done[code] = _milestone(code, limits, before, course, calendar)
    return tuple(sorted(done.values(), key=lambda milestone: milestone.at))


def check(
    course: Course, calendar: Calendar, law: Law, overrides: Overrides | None = None
) -> tuple[Problem, ...]:
    """Everything that is unlawful about the planned moments and the documents' periods."""
    found = list(_check_terms(course, law, overrides))
    for milestone in compute(course, calendar, law, overrides):
        if milestone.planned:
            found += _check_planned(milestone)
    return tuple(found)


def milestones_by_code(milestones: tuple[Milestone, ...]) -> Mapping[MilestoneCode, Milestone]:
    """A computed timeline to look single dates up in."""
    return {milestone.code: milestone for milestone in milestones}


def _rules(
    course: Course, law: Law, overrides: Overrides | None
) -> dict[MilestoneCode, list[Rule]]:
    row = kind_row(course.kind)
    found: dict[MilestoneCode, list[Rule]] = {}
    for rule in law.find(
        course.kind,
        on=day_of(course.planned[MilestoneCode.NOTICE]),
        direction=course.direction,
        method=course.method,
        facts=row.facts if course.facts is None else course.facts,
        overrides=overrides,
    ):
        if rule.counted:
            found.setdefault(MilestoneCode(rule.counted.limits), []).append(rule)
    return found


def _in_reach(
    flow: tuple[Stage, ...], rules: Mapping[MilestoneCode, list[Rule]]
) -> tuple[Stage, ...]:
    """The course with every milestone behind those that its rules count from.

    Kept in the order of the data otherwise, so that a rule counted back from a later milestone
    (clarification before the deadline) finds it computed.
    """
    placed: list[Stage] = []
    waiting = list(flow)
    while waiting:
        names = {stage.milestone for stage in waiting}
        for stage in waiting:
            anchors = {
                rule.counted.anchor
                for rule in rules.get(MilestoneCode(stage.milestone), ())
                if rule.counted
            }
            if not (names - {stage.milestone}) & (anchors | {stage.follows}):
                placed.append(stage)
                waiting.remove(stage)
                break
        else:
            raise ValueError(f"the law counts these in a circle: {sorted(names)}")
    return tuple(placed)


def _milestone(
    code: MilestoneCode,
    limits: tuple[Limit, ...],
    before: Milestone | None,
    course: Course,
    calendar: Calendar,
) -> Milestone:
    lower = [each.earliest for each in limits if each.earliest is not None]
    latest = min((each.latest for each in limits if each.latest is not None), default=None)
    earliest = max([*lower, *([before.at] if before else [])], default=None)
    planned = course.planned.get(code)
    paused = False
    if code in PAUSED_ACTS:
        earliest, paused = _after_pauses(earliest, planned, course.pauses)
    at = (
        planned
        if planned is not None
        else _proposal(code, earliest, latest, lower, course, calendar)
    )
    return Milestone(
        code=code,
        at=at,
        day=day_of(at - INSTANT) if code in PERIOD_ENDS else day_of(at),
        planned=planned is not None,
        earliest=earliest,
        latest=latest,
        limits=limits,
        follows=before.code if before else None,
        paused=paused,
    )


def _after_pauses(
    earliest: datetime | None, planned: datetime | None, pauses: tuple[Pause, ...]
) -> tuple[datetime | None, bool]:
    """The earliest moment outside all pauses, and whether an open one holds the act up.

    An act that was done before a pause began is not touched by it.
    """
    moment = planned if planned is not None else earliest
    for pause in sorted(pauses, key=lambda each: each.start):
        if moment is None or moment < pause.start:
            continue
        if pause.end is None:
            return earliest, True
        if moment < pause.end:
            earliest = moment = max(earliest or pause.end, pause.end)
    return earliest, False


def _proposal(
    code: MilestoneCode,
    earliest: datetime | None,
    latest: datetime | None,
    lower: list[datetime],
    course: Course,
    calendar: Calendar,
) -> datetime:
    """Where an unplanned milestone is expected: as early as a period allows, else when due.

    An act is proposed for the last second of its day, because 24:00 is a moment of the next one.
    """
    if latest is not None and not lower:
        due = latest if code in PERIOD_ENDS else latest - SECOND
        return due if earliest is None else max(due, earliest)
    if earliest is None:
        return course.planned[MilestoneCode.NOTICE]
    if code is not MilestoneCode.DEADLINE:
        return earliest
    day = calendar.working_day_from(day_of(earliest))
    at = _at_hour(day, course)
    return at if at >= earliest else _at_hour(calendar.add_working_days(day, 1), course)


def _at_hour(day: date, course: Course) -> datetime:
    return datetime.combine(day, course.hour, SHANGHAI).astimezone(UTC)


def _check_planned(milestone: Milestone) -> list[Problem]:
    found = []
    for each in milestone.limits:
        early = each.earliest is not None and milestone.at < each.earliest
        late = each.latest is not None and milestone.at > each.latest
        if early or late:
            message = (
                N_("%(name)s on %(at)s is too early: %(why)s. Choose a later time.")
                if early
                else N_("%(name)s on %(at)s is too late: %(why)s. Choose an earlier time.")
            )
            wording = say(message, name=milestone.name(), at=milestone.at, why=each.wording)
            found.append(
                Problem(
                    code="timeline.too_early" if early else "timeline.too_late",
                    where=milestone.code,
                    wording=wording,
                    articles=each.rule.articles,
                    to_check=each.rule.to_check,
                )
            )
    if not found and (other := _check_order(milestone)):
        found.append(other)
    return found


def _check_order(milestone: Milestone) -> Problem | None:
    if milestone.paused:
        message = N_(
            "%(name)s on %(at)s cannot take place: the procedure is paused. Answer the objection "
            "or wait for the decision first."
        )
        wording = say(message, name=milestone.name(), at=milestone.at)
        return Problem("timeline.paused", milestone.code, wording)
    if milestone.earliest is None or milestone.at >= milestone.earliest:
        return None
    message = N_(
        "%(name)s on %(at)s is too early: it cannot come before %(earliest)s, after “%(event)s” "
        "and any pause. Choose a later time."
    )
    event = NAMES[milestone.follows or MilestoneCode.NOTICE]
    return Problem(
        code="timeline.too_early",
        where=milestone.code,
        wording=say(
            message,
            name=milestone.name(),
            at=milestone.at,
            earliest=milestone.earliest,
            event=Wording(event),
        ),
    )


def _check_terms(course: Course, law: Law, overrides: Overrides | None) -> list[Problem]:
    found = []
    for rules in _rules(course, law, overrides).values():
        for rule in rules:
            own = course.terms.get(rule.code)
            if own is None or rule.yields or rule.required.holds(own):
                continue
            wording = say(
                N_(
                    "The tender documents state %(own)s for “%(rule)s”, but the law wants "
                    "%(value)s, %(articles)s. Change the documents."
                ),
                own=own,
                rule=rule.wording(),
                value=rule.required.wording(),
                articles=wordings(rule.articles),
            )
            found.append(Problem("timeline.term", rule.code, wording, rule.articles, rule.to_check))
    return found
