"""Who is who: people by role and place, organisations by id."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Membership, Organisation, Person
from tender.core.actor import Role
from tender.core.errors import not_found
from tender.core.i18n import N_


def people_with(session: Session, role: Role, scope: str) -> list[Person]:
    """The people whose role reaches a scope: their organisation's path begins it."""
    query = (
        select(Person, Organisation.path)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.role == role, Membership.ended_at.is_(None), Person.disabled_at.is_(None))
        .order_by(Person.id)
    )
    found = {person.id: person for person, path in session.execute(query) if scope.startswith(path)}
    return list(found.values())


def members_of(session: Session, organisation_id: str, role: Role) -> list[Person]:
    """The people who hold a role in one organisation."""
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.organisation_id == organisation_id,
            Membership.role == role,
            Membership.ended_at.is_(None),
            Person.disabled_at.is_(None),
        )
        .order_by(Person.id)
    )
    return list(session.scalars(query))


def organisation(session: Session, organisation_id: str) -> Organisation:
    """The organisation with this id; DomainError `organisation.unknown` otherwise."""
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise not_found("organisation.unknown", N_("There is no such organisation."))
    return found
