"""Whether a draft may be published: dates, bond and criteria, each fault with its next step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.core.i18n import N_
from tender.core.wording import say
from tender.procedure.facts import course_of, limit_total, lots_of, method_row
from tender.procedure.law.law import law
from tender.procedure.law.problems import Problem
from tender.procedure.law.rules import Overrides
from tender.procedure.local_law.binding import calendar_at, overrides_at
from tender.procedure.models import Criterion, Tender
from tender.procedure.pricing import check_bond
from tender.procedure.timeline.calendar import day_of
from tender.procedure.timeline.timeline import check

POINTS = Decimal(100)


def problems_of(session: Session, tender: Tender, *, now: datetime) -> list[Problem]:
    """Everything that speaks against publishing this tender now."""
    own, days = overrides_at(session, now), calendar_at(session)
    course = course_of(tender, now=now)
    found = list(check(course, days, law(), own)) if tender.deadline else []
    return [*found, *_bond(session, tender, own, now), *_criteria(session, tender)]


def _bond(session: Session, tender: Tender, own: Overrides, now: datetime) -> Iterator[Problem]:
    """Not every kind limits its bond: for land and property rights no rule does."""
    base = limit_total(lots_of(session, tender.id))
    if not tender.bond_fen or base is None:
        return
    rules = law().find(
        tender.kind.value, code="bid_bond_max", on=day_of(now), direction=tender.direction,
        method=tender.method.value, overrides=own,
    )  # fmt: skip
    for rule in rules:
        if problem := check_bond(tender.bond_fen, base, rule):
            yield problem


def _criteria(session: Session, tender: Tender) -> Iterator[Problem]:
    """Where a panel scores, what it scores must add up to 100; reviews are passed, not scored."""
    if not method_row(tender).scored:
        return
    rows = session.scalars(select(Criterion).where(Criterion.tender_id == tender.id))
    total = sum((row.maximum for row in rows if row.kind != "review"), Decimal(0))
    if total != POINTS:
        message = N_("The criteria add up to %(sum)s points, not to %(total)s. Change the maxima.")
        wording = say(message, sum=f"{total.normalize():f}", total=POINTS)
        yield Problem("criteria.sum", "criteria", wording)
