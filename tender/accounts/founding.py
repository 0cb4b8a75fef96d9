"""Founding an installation (初始化): the county and its first administrator, once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Membership, Organisation, OrganisationKind, Person, Standing
from tender.core.actor import Role
from tender.core.errors import conflict
from tender.core.i18n import N_
from tender.core.ids import new_id
from tender.ledger import service as ledger
from tender.ledger.models import DataKind


def found_county(
    session: Session, *, county: str, login: str, name: str, password_hash: str, now: datetime
) -> Person:
    """Make the county and the person who appoints everybody else.

    Nobody is there yet who could permit it, so it can be done from the machine's command line
    only, and only once: DomainError `county.founded`.
    """
    known = select(Organisation.id).where(Organisation.kind == OrganisationKind.COUNTY).limit(1)
    if session.scalar(known):
        raise conflict(
            "county.founded",
            N_("This installation has its county already. Its administrator appoints others."),
        )
    place = new_id()
    session.add(
        Organisation(
            id=place,
            kind=OrganisationKind.COUNTY,
            name=county,
            path=f"/{place}/",
            status=Standing.APPROVED,
            created_at=now,
            approved_at=now,
        )
    )
    person = Person(
        id=new_id(), login=login.lower(), name=name, password_hash=password_hash, created_at=now
    )
    session.add(person)
    session.flush()
    session.add(
        Membership(
            person_id=person.id, organisation_id=place, role=Role.ADMINISTRATOR, created_at=now
        )
    )
    ledger.append(
        session,
        "county.founded",
        subject=place,
        actor=person.id,
        now=now,
        private={"county": county, "name": name},
        kind=DataKind.PERSON,
    )
    return person
