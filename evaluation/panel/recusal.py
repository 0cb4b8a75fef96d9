"""Recusal (回避) by data: who may not sit on a panel, and by which ground.

TBL 37, O12 12, REG 46 and 47, GPR 9, O87 45 and 47. What data cannot know an expert states
himself; his statement is one more ground here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tender.core.i18n import N_
from tender.core.wording import Wording, say


class Ground(StrEnum):
    """Why an expert may not sit."""

    EMPLOYER = "employer"
    PAST_EMPLOYMENT = "past_employment"
    KIN = "kin"
    INTEREST = "interest"
    SANCTION = "sanction"
    OWN_BUYER = "own_buyer"
    AGENCY = "agency"
    SUPERVISION = "supervision"
    STATED = "stated"


GROUND_NAMES = {
    Ground.EMPLOYER: N_("works for a bidder, its subcontractor or supplier"),
    Ground.PAST_EMPLOYMENT: N_("worked for a bidder, or was its director, within %(years)s years"),
    Ground.KIN: N_("near kin of a bidder's people"),
    Ground.INTEREST: N_("has an economic interest in a bidder"),
    Ground.SANCTION: N_("is barred by a sanction"),
    Ground.OWN_BUYER: N_("works for the procuring entity and may sit only as its representative"),
    Ground.AGENCY: N_("works for the agency"),
    Ground.SUPERVISION: N_("works for the supervising department"),
    Ground.STATED: N_("stated a reason for recusal: %(statement)s"),
}


@dataclass(frozen=True)
class Employment:
    """A past position with an organisation; `until` None: still held."""

    organisation: str
    until: date | None = None


@dataclass(frozen=True)
class Expert:
    """An expert (评标专家) of the pool as the draw sees him; ids only, no names.

    `positions` hold employments, directorships and control; `kin` and `interests` organisation
    ids; `barred_until` the last day of a sanction; `statement` his own reason, if any.
    """

    id: str
    specialities: frozenset[str]
    employer: str | None = None
    positions: tuple[Employment, ...] = ()
    kin: frozenset[str] = frozenset()
    interests: frozenset[str] = frozenset()
    barred_until: date | None = None
    statement: str = ""


@dataclass(frozen=True)
class Parties:
    """Who takes part in a tender, by organisation id.

    `bidders` include members of joint bids; `related` their subcontractors, suppliers and
    controllers as far as known.
    """

    bidders: frozenset[str]
    related: frozenset[str] = frozenset()
    buyer: str | None = None
    agency: str | None = None
    supervision: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Recusal:
    """One ground, said in words."""

    ground: Ground
    wording: Wording


def recusals(expert: Expert, parties: Parties, on: date, years: int) -> tuple[Recusal, ...]:
    """Every ground on which an expert may not sit on a legal day, none if he may.

    `years` is the law's `recusal_years`: a position counts until the same day that many years
    later, that day included.
    """
    return tuple(
        Recusal(ground, say(GROUND_NAMES[ground], **_params(ground, expert, years)))
        for ground in _grounds(expert, parties, on, years)
    )


def _grounds(expert: Expert, parties: Parties, on: date, years: int) -> Iterator[Ground]:
    concerned = parties.bidders | parties.related
    held = {p.organisation for p in expert.positions if p.until is None}
    held |= {expert.employer} if expert.employer else set()
    past = {
        p.organisation for p in expert.positions if p.until and on <= _years_after(p.until, years)
    }
    tests = (
        (Ground.EMPLOYER, held & concerned),
        (Ground.PAST_EMPLOYMENT, past & concerned),
        (Ground.KIN, expert.kin & concerned),
        (Ground.INTEREST, expert.interests & concerned),
        (Ground.SANCTION, expert.barred_until is not None and on <= expert.barred_until),
        (Ground.OWN_BUYER, parties.buyer in held),
        (Ground.AGENCY, parties.agency in held),
        (Ground.SUPERVISION, held & parties.supervision),
        (Ground.STATED, expert.statement.strip()),
    )
    return (ground for ground, holds in tests if holds)


def _params(ground: Ground, expert: Expert, years: int) -> dict[str, str | int]:
    if ground is Ground.PAST_EMPLOYMENT:
        return {"years": years}
    return {"statement": expert.statement} if ground is Ground.STATED else {}


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        # 29 February has no anniversary in most years; the day after keeps the bar whole.
        return date(day.year + years, 3, 1)
