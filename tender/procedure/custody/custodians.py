"""Custodians (密钥保管人) as the platform knows them, and their deposited one-time public keys.

The platform holds no private half of any of them, and its word for who a custodian is convinces
nobody: identities are pinned outside it too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from keys import encoding, statements
from keys.errors import KeysError
from keys.records import CustodianKey
from tender.accounts.models import Organisation, OrganisationKind
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.procedure.models import (
    Custodian,
    CustodianKeyRow,
)

MAX_DEPOSIT = 1000  # keys in one deposit


def register_custodian(
    session: Session,
    actor: Actor,
    *,
    name: str,
    identity: str,
    scope: str,
    sandbox: bool,
    now: datetime,
) -> Custodian:
    """Make an organisation known as a custodian under its Ed25519 identity (base64url).

    The identity is pinned outside the platform too: what this row says convinces nobody.
    """
    require(actor, Permission.CUSTODIAN_EDIT)
    try:
        statements.ed25519_public(encoding.unb64u(identity, 32))
    except KeysError as error:
        raise invalid(
            "custodian.identity",
            N_("This is not a custodian identity: 43 letters and digits are expected."),
        ) from error
    if session.scalar(select(Custodian).where(Custodian.identity == identity)) is not None:
        raise conflict("custodian.known", N_("This custodian identity is already registered."))
    custodian = Custodian(
        name=name, identity=identity, scope=scope, sandbox=sandbox, created_at=now
    )
    session.add(custodian)
    session.flush()
    ledger.append(
        session,
        "custodian.registered",
        subject=custodian.id,
        actor=actor.person_id,
        now=now,
        fields={"name": name, "identity": identity},
    )
    return custodian


def custodian_of(session: Session, identity: str) -> Custodian:
    """The registered custodian with an identity; DomainError `custodian.unknown` otherwise."""
    custodian = session.scalar(select(Custodian).where(Custodian.identity == identity))
    if custodian is None or custodian.retired_at is not None:
        raise not_found(
            "custodian.unknown",
            N_("No custodian with this identity is registered here. Ask the county centre."),
        )
    return custodian


def deposit_keys(session: Session, statement: dict[str, Any], *, now: datetime) -> int:
    """Take a custodian's signed deposit of one-time public keys; asking again changes nothing.

    Gives how many keys are new. Keys and key ids are unique across the platform.
    """
    try:
        identity = str(statement.get("identity"))
        custodian = custodian_of(session, identity)
        statements.check_ed25519(statement, encoding.unb64u(identity, 32))
        if statement.get("v") != "deposit/v1" or len(statement["keys"]) > MAX_DEPOSIT:
            raise invalid("deposit.form", N_("This is not a deposit of at most 1,000 keys."))
        pairs = [(key["key_id"], key["key"]) for key in statement["keys"]]
        for key_id, key in pairs:
            CustodianKey(name=custodian.name, identity=identity, key_id=key_id, key=key)
        batch = str(statement["batch"])
    except (KeysError, KeyError, TypeError) as error:
        raise invalid(
            "deposit.invalid", N_("The deposit does not hold: %(why)s"), why=str(error)
        ) from error
    new = 0
    for key_id, key in pairs:
        known = session.get(CustodianKeyRow, key_id) or session.scalar(
            select(CustodianKeyRow).where(CustodianKeyRow.key == key)
        )
        if known is None:
            row = CustodianKeyRow(
                key_id=key_id, key=key, custodian_id=custodian.id, batch=batch, deposited_at=now
            )
            session.add(row)
            new += 1
        elif (known.key_id, known.key, known.custodian_id) != (key_id, key, custodian.id):
            raise conflict(
                "deposit.taken", N_("A key of this deposit is already in use. Make a fresh batch.")
            )
    if new:
        ledger.append(
            session,
            "custodian.deposited",
            subject=custodian.id,
            actor=custodian.id,
            now=now,
            fields={"batch": batch, "keys": new},
        )
    return new


def custodians_for(session: Session, path: str) -> list[Custodian]:
    """Custodians that may keep keys for an organisation, the nearest first, each with keys left."""
    query = (
        select(Custodian)
        .join(CustodianKeyRow, CustodianKeyRow.custodian_id == Custodian.id)
        .where(
            Custodian.retired_at.is_(None),
            CustodianKeyRow.opening_id.is_(None),
            CustodianKeyRow.void.is_(False),
        )
        .distinct()
    )
    near = [custodian for custodian in session.scalars(query) if path.startswith(custodian.scope)]
    return sorted(near, key=lambda custodian: (-len(custodian.scope), custodian.created_at))


def retire_custodian(session: Session, actor: Actor, custodian_id: str, *, now: datetime) -> None:
    """Draw up no further records with a custodian; those in force stay."""
    require(actor, Permission.CUSTODIAN_EDIT)
    custodian = session.get(Custodian, custodian_id)
    if custodian is None:
        raise not_found("custodian.unknown", N_("There is no such custodian."))
    if custodian.retired_at is None:
        custodian.retired_at = now
        ledger.append(
            session,
            "custodian.retired",
            subject=custodian.id,
            actor=actor.person_id,
            now=now,
            fields={"identity": custodian.identity},
        )


def stock(session: Session, actor: Actor) -> list[tuple[Custodian, int]]:
    """Custodians with their number of unused keys."""
    require(actor, Permission.CUSTODIAN_EDIT)
    unused = (
        select(CustodianKeyRow.custodian_id, func.count().label("unused"))
        .where(CustodianKeyRow.opening_id.is_(None), CustodianKeyRow.void.is_(False))
        .group_by(CustodianKeyRow.custodian_id)
        .subquery()
    )
    query = (
        select(Custodian, unused.c.unused)
        .outerjoin(unused, unused.c.custodian_id == Custodian.id)
        .order_by(Custodian.created_at, Custodian.id)
    )
    return [(custodian, keys or 0) for custodian, keys in session.execute(query)]


def scopes(session: Session) -> list[Organisation]:
    """Organisations whose tenders a custodian may keep keys for."""
    kinds = (OrganisationKind.COUNTY, OrganisationKind.TOWNSHIP, OrganisationKind.VILLAGE)
    query = select(Organisation).where(Organisation.kind.in_(kinds))
    return sorted(session.scalars(query), key=lambda each: (each.path.count("/"), each.name))
