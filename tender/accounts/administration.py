"""The administrator's acts: organisations of the tree, staff accounts and their roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import (
    LoginSession,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    Standing,
)
from tender.accounts.permissions import Permission, require, separate
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.core.ids import new_id
from tender.ledger import service as ledger
from tender.ledger.models import DataKind

TREE = frozenset(
    {
        OrganisationKind.COUNTY,
        OrganisationKind.TOWNSHIP,
        OrganisationKind.VILLAGE,
        OrganisationKind.DEPARTMENT,
    }
)


@dataclass(frozen=True, kw_only=True)
class NewStaff:
    """A staff account; the password is a first one, to be changed by its owner."""

    login: str
    name: str
    role: Role
    organisation_id: str
    password_hash: str
    email: str = ""
    phone: str = ""


def add_organisation(
    session: Session,
    actor: Actor,
    *,
    kind: OrganisationKind,
    name: str,
    parent_id: str | None,
    now: datetime,
) -> Organisation:
    """Add a node to the county's tree."""
    require(actor, Permission.ORGANISATION_EDIT)
    parent = session.get(Organisation, parent_id) if parent_id else None
    if (
        kind not in TREE
        or not name.strip()
        or (parent is None) != (kind is OrganisationKind.COUNTY)
    ):
        raise invalid(
            "organisation.form", N_("Name, kind and the organisation above are required.")
        )
    organisation = Organisation(
        id=new_id(), kind=kind, name=name.strip(), path="", parent_id=parent_id,
        status=Standing.APPROVED, approved_at=now, created_at=now,
    )  # fmt: skip
    organisation.path = f"{parent.path if parent else '/'}{organisation.id}/"
    session.add(organisation)
    session.flush()
    ledger.append(
        session, "organisation.added", subject=organisation.id, actor=actor.person_id, now=now,
        fields={"name": organisation.name, "kind": kind.value},
    )  # fmt: skip
    return organisation


def add_staff(session: Session, actor: Actor, new: NewStaff, *, now: datetime) -> Person:
    """Make a staff account with its first role."""
    require(actor, Permission.MEMBERSHIP_EDIT)
    login = new.login.strip().lower()
    if session.scalar(select(Person.id).where(Person.login == login)):
        raise conflict("person.login_taken", N_("This login name is taken. Choose another one."))
    if not login or not new.name.strip():
        raise invalid("person.form", N_("Login name and name are required."))
    person = Person(
        id=new_id(), login=login, name=new.name.strip(), email=new.email.strip() or None,
        phone=new.phone.strip() or None, password_hash=new.password_hash, recovery_hashes=[],
        created_at=now,
    )  # fmt: skip
    session.add(person)
    session.flush()
    add_role(session, actor, person.id, new.role, new.organisation_id, now=now)
    return person


def add_role(
    session: Session,
    actor: Actor,
    person_id: str,
    role: Role,
    organisation_id: str,
    *,
    now: datetime,
) -> Membership:
    """Give a person a further role; nobody gives one to himself."""
    require(actor, Permission.MEMBERSHIP_EDIT)
    separate(actor, person_id)
    if session.get(Organisation, organisation_id) is None:
        raise invalid("organisation.unknown", N_("Choose an organisation."))
    known = select(Membership).where(
        Membership.person_id == person_id,
        Membership.organisation_id == organisation_id,
        Membership.role == role,
    )
    membership = session.scalar(known)
    if membership is None:
        membership = Membership(
            person_id=person_id, organisation_id=organisation_id, role=role, created_at=now
        )
        session.add(membership)
    membership.ended_at = None
    session.flush()
    ledger.append(
        session, "role.given", subject=membership.id, actor=actor.person_id, now=now,
        fields={"role": role.value}, private={"person": person_id}, kind=DataKind.PERSON,
    )  # fmt: skip
    return membership


def end_role(session: Session, actor: Actor, membership_id: str, *, now: datetime) -> Membership:
    """Take a role away; sessions that act in it end."""
    require(actor, Permission.MEMBERSHIP_EDIT)
    membership = session.get(Membership, membership_id)
    if membership is None:
        raise not_found("role.unknown", N_("There is no such role."))
    separate(actor, membership.person_id)
    membership.ended_at = now
    open_sessions = select(LoginSession).where(LoginSession.membership_id == membership.id)
    for each in session.scalars(open_sessions):
        each.revoked_at = each.revoked_at or now
    ledger.append(
        session, "role.ended", subject=membership.id, actor=actor.person_id, now=now,
        fields={"role": membership.role.value},
    )  # fmt: skip
    return membership


def staff(session: Session, actor: Actor, limit: int = 300) -> list[Membership]:
    """Staff roles in force, newest first."""
    require(actor, Permission.MEMBERSHIP_EDIT)
    query = select(Membership).where(
        Membership.ended_at.is_(None), Membership.role.not_in((Role.BIDDER, Role.EXPERT))
    )
    return list(session.scalars(query.order_by(Membership.created_at.desc()).limit(limit)))


def tree(session: Session) -> list[Organisation]:
    """The county's tree, parents before children."""
    query = select(Organisation).where(Organisation.kind.in_(TREE))
    found = list(session.scalars(query))
    return sorted(found, key=lambda each: (each.path.count("/"), each.name))
