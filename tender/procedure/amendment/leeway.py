"""How long before the deadline an amendment may still come, and where the deadline goes if not.

The law gives bidders time to take a change in (TBL art. 23, REG art. 21, O87 art. 27). What is
published later moves the deadline, and with it the opening, in the same act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tender.core.i18n import N_
from tender.core.shanghai import SHANGHAI
from tender.core.wording import Wording, say
from tender.procedure.facts import timeline_of
from tender.procedure.law.articles import wordings
from tender.procedure.law.quantities import Unit, Value
from tender.procedure.local_law.binding import calendar_of
from tender.procedure.models import Tender
from tender.procedure.timeline.calendar import Calendar, begins, day_of
from tender.procedure.timeline.milestones import Limit, MilestoneCode
from tender.procedure.timeline.timeline import milestones_by_code

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Leeway:
    """What the law says of an amendment that is published at a moment.

    `deadline` is the deadline after the act, None where it stays; `earliest` the first lawful
    moment for it, None where no rule binds this kind; `why` says it with the articles.
    """

    deadline: datetime | None
    earliest: datetime | None
    why: tuple[Wording, ...]
    to_check: bool = False

    @property
    def forced(self) -> bool:
        """Whether a rule of law speaks of this kind at all."""
        return self.earliest is not None


def leeway(tender: Tender, wanted: datetime | None, *, now: datetime) -> Leeway:
    """The deadline that an amendment published at `now` leads to.

    `wanted` is a later deadline of the author's own choice, or None; it counts unless the law
    wants more. The time of the day stays as it was.
    """
    if tender.deadline is None:
        raise RuntimeError("a published tender has a deadline")
    days = calendar_of(tender)
    limits = _limits(tender, now)
    found = max((_earliest(limit, day_of(now), days) for limit in limits), default=None)
    after = max(tender.deadline, wanted or tender.deadline)
    earliest = None if found is None else begins(found)
    if found is not None and after < begins(found):
        after = _at_hour(days.working_day_from(found), tender.deadline)
    return Leeway(
        deadline=after if after > tender.deadline else None,
        earliest=earliest,
        why=tuple(_why(limit, now, days) for limit in limits),
        to_check=any(limit.rule.to_check for limit in limits),
    )


def _limits(tender: Tender, now: datetime) -> tuple[Limit, ...]:
    found = milestones_by_code(timeline_of(tender, now=now)).get(MilestoneCode.CLARIFICATION)
    return found.limits if found else ()


def _earliest(limit: Limit, today: date, days: Calendar) -> date:
    """The first day of a deadline before which today still lies early enough."""
    day = today
    while _latest(limit.rule.required, day, days) < today:
        day += DAY
    return day


def _latest(value: Value, deadline: date, days: Calendar) -> date:
    if value.unit is Unit.WORKING_DAYS:
        return days.working_days_before(deadline, value.whole)
    return days.days_before(deadline, value.whole)


def _why(limit: Limit, now: datetime, days: Calendar) -> Wording:
    today = day_of(now)
    return say(
        N_(
            "published on %(day)s, the deadline does not lie before %(earliest)s: %(amount)s "
            "between an amendment and the deadline, %(articles)s"
        ),
        day=today,
        earliest=_earliest(limit, today, days),
        amount=limit.rule.required.wording(),
        articles=wordings(limit.rule.articles),
    )


def _at_hour(day: date, like: datetime) -> datetime:
    local = like.astimezone(SHANGHAI)
    return datetime.combine(day, local.time(), SHANGHAI).astimezone(UTC)
