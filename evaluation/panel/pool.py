"""The pool of experts (评标专家库) and the parties of a tender, as the draw sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.panel.recusal import Employment, Expert, Parties
from keys.bid_statement import Partner
from tender.accounts.models import ExpertProfile, Membership, Organisation, Person, Standing
from tender.core.actor import Role
from tender.opening.results import judged_bids
from tender.opening.stated import stated_in
from tender.procedure.facts import lots_of
from tender.procedure.law.law import law
from tender.procedure.local_law.binding import overrides_of
from tender.procedure.models import Tender
from tender.procedure.timeline.calendar import day_of


@dataclass(frozen=True)
class _Register:
    """Organisations by credit code and by name: what experts state is matched against it."""

    by_code: Mapping[str, str]
    by_name: Mapping[str, str]

    def find(self, code: str | None, name: str | None) -> str | None:
        """The organisation's id; the stated code or name itself where nobody is registered."""
        if code and code in self.by_code:
            return self.by_code[code]
        if name and name in self.by_name:
            return self.by_name[name]
        return code or name or None


def expert_pool(
    session: Session, tender: Tender, specialities: Iterable[str], *, now: datetime
) -> list[Expert]:
    """The approved experts with one of the specialities and the years that the law asks for."""
    needed = law().find(
        tender.kind.value, code="expert_years", on=day_of(now), direction=tender.direction,
        overrides=overrides_of(tender, now=now),
    )  # fmt: skip
    years = needed[0].required.whole if needed else 0
    query = (
        select(ExpertProfile)
        .join(Person, Person.id == ExpertProfile.person_id)
        .where(
            ExpertProfile.status == Standing.APPROVED,
            ExpertProfile.speciality.in_(list(specialities)),
            ExpertProfile.years >= years,
            Person.disabled_at.is_(None),
        )
        .order_by(ExpertProfile.person_id)
    )
    register = _register(session)
    return [_expert(profile, register) for profile in session.scalars(query)]


def parties_of(session: Session, store: Path, tender: Tender, agency: str) -> Parties:
    """Who takes part, for recusal: known only after the opening, never before.

    Members of joint bids are bidders, named subcontractors are related, as the bids state them.
    Whoever is not registered here stands under code and name, as experts may have written either.
    """
    register = _register(session)
    bidders: set[str] = set()
    related: set[str] = set()
    for lot in lots_of(session, tender.id):
        for bid in judged_bids(session, lot.id):
            bidders.add(bid.organisation_id)
            stated = stated_in(store, bid).statement
            if stated is not None:
                bidders.update(_known_as(stated.consortium, register))
                related.update(_known_as(stated.subcontracts, register))
    supervising = select(Membership.organisation_id).where(
        Membership.role == Role.SUPERVISOR, Membership.ended_at.is_(None)
    )
    return Parties(
        bidders=frozenset(bidders),
        related=frozenset(related - bidders),
        buyer=tender.organisation_id,
        agency=agency,
        supervision=frozenset(session.scalars(supervising)),
    )


def _known_as(partners: Iterable[Partner], register: _Register) -> set[str]:
    """Partners as an expert's positions may name them."""
    names: set[str] = set()
    for each in partners:
        found = register.find(each.code, each.name)
        unknown = found in (each.code, each.name)
        names.update({each.code, each.name} - {""} if unknown else {found or each.name})
    return names


def read_pool(entries: Iterable[Mapping[str, Any]]) -> list[Expert]:
    """The experts that a frozen pool states (`drawing.pool_entry`)."""
    return [
        Expert(
            id=entry["id"],
            specialities=frozenset(entry["specialities"]),
            employer=entry["employer"],
            positions=tuple(Employment(name, _day(until)) for name, until in entry["positions"]),
            kin=frozenset(entry["kin"]),
            interests=frozenset(entry["interests"]),
            barred_until=_day(entry["barred_until"]),
        )
        for entry in entries
    ]


def plain_parties(parties: Parties) -> dict[str, Any]:
    """The parties as JSON data, so that the draw can be computed again."""
    return {
        "bidders": sorted(parties.bidders),
        "related": sorted(parties.related),
        "buyer": parties.buyer,
        "agency": parties.agency,
        "supervision": sorted(parties.supervision),
    }


def read_parties(data: Mapping[str, Any]) -> Parties:
    """The parties that `plain_parties` wrote."""
    return Parties(
        bidders=frozenset(data["bidders"]),
        related=frozenset(data["related"]),
        buyer=data["buyer"],
        agency=data["agency"],
        supervision=frozenset(data["supervision"]),
    )


def _register(session: Session) -> _Register:
    rows = session.execute(select(Organisation.id, Organisation.code, Organisation.name)).all()
    return _Register(
        by_code={code: identity for identity, code, _ in rows if code},
        by_name={name: identity for identity, _, name in rows},
    )


def _expert(profile: ExpertProfile, register: _Register) -> Expert:
    positions = tuple(
        Employment(found, _day(each.get("until")))
        for each in profile.past_employers
        if (found := register.find(each.get("code"), each.get("name")))
    )
    kin = {register.find(each.get("code"), each.get("organisation")) for each in profile.kin}
    return Expert(
        id=profile.person_id,
        specialities=frozenset({profile.speciality}),
        employer=register.find(profile.employer_code, profile.employer),
        positions=positions,
        kin=frozenset(each for each in kin if each),
        barred_until=profile.sanctioned_until,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
