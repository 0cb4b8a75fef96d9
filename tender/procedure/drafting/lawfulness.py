"""Whether a draft may be published: dates, terms, bond, criteria, each with its next step."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.core.i18n import N_
from tender.core.wording import say
from tender.procedure.facts import course_of, limit_total, lots_of, method_row
from tender.procedure.law.law import law
from tender.procedure.law.problems import Problem
from tender.procedure.law.rules import Overrides, Rule
from tender.procedure.local_law.binding import calendar_at, overrides_at
from tender.procedure.models import Criterion, Tender
from tender.procedure.pricing import check_bond, check_term, check_weight
from tender.procedure.timeline.calendar import day_of
from tender.procedure.timeline.timeline import check

POINTS = Decimal(100)
# Each depends on a fact, so that one at most binds a tender.
PRICE_WEIGHTS = ("price_weight_goods", "price_weight_services")


def problems_of(session: Session, tender: Tender, *, now: datetime) -> list[Problem]:
    """Everything that speaks against publishing this tender now."""
    own, days = overrides_at(session, now), calendar_at(session)
    course = course_of(tender, now=now)
    found = list(check(course, days, law(), own)) if tender.deadline else []
    parts = (_terms, _bond, _criteria)
    return [*found, *(each for part in parts for each in part(session, tender, own, now))]


def _rules(tender: Tender, codes: Collection[str], own: Overrides, now: datetime) -> Iterator[Rule]:
    """The rules of these codes that speak of this tender's kind and facts."""
    found = law().find(
        tender.kind.value, on=day_of(now), direction=tender.direction,
        method=tender.method.value, facts=course_of(tender, now=now).facts, overrides=own,
    )  # fmt: skip
    return (rule for rule in found if rule.code in codes)


def _terms(session: Session, tender: Tender, own: Overrides, now: datetime) -> Iterator[Problem]:
    """A lease has a longest term; each term too long is named once, however many lots have it."""
    terms = {lot.term.normalize() for lot in lots_of(session, tender.id)}
    for rule in _rules(tender, ("lease_years",), own, now):
        for term in sorted(terms):
            if problem := check_term(term, rule):
                yield problem


def _bond(session: Session, tender: Tender, own: Overrides, now: datetime) -> Iterator[Problem]:
    """Not every kind limits its bond: for land and property rights no rule does."""
    base = limit_total(lots_of(session, tender.id))
    if not tender.bond_fen or base is None:
        return
    for rule in _rules(tender, ("bid_bond_max",), own, now):
        if problem := check_bond(tender.bond_fen, base, rule):
            yield problem


def _criteria(session: Session, tender: Tender, own: Overrides, now: datetime) -> Iterator[Problem]:
    """Where a panel scores, what it scores must add up to 100; reviews are passed, not scored."""
    if not method_row(tender).scored:
        return
    rows = session.scalars(select(Criterion).where(Criterion.tender_id == tender.id))
    scored = [row for row in rows if row.kind != "review"]
    total = sum((row.maximum for row in scored), Decimal(0))
    price = sum((row.maximum for row in scored if row.kind == "price"), Decimal(0))
    if total != POINTS:
        message = N_("The criteria add up to %(sum)s points, not to %(total)s. Change the maxima.")
        wording = say(message, sum=f"{total.normalize():f}", total=POINTS)
        yield Problem("criteria.sum", "criteria", wording)
    for rule in _rules(tender, PRICE_WEIGHTS, own, now):
        if problem := check_weight(price, total, rule):
            yield problem
