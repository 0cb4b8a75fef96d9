"""Custody (密钥保管): custodians, their deposited one-time keys, opening records, acceptances.

The platform only brings public keys and statements together. It holds no private half of any of
them, and a record that not every custodian accepted is refused by the sealing page, the kit and
`verify`, so a key of the platform's own making opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from keys import encoding, openings, records, statements
from keys.errors import KeysError
from keys.records import Acceptance, CustodianKey, OpeningRecord, Part
from tender.accounts.models import Organisation, OrganisationKind
from tender.accounts.permissions import Permission, require
from tender.core.actor import SYSTEM, Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.ledger.signing import signing_key
from tender.procedure.models import (
    AcceptanceRow,
    Custodian,
    CustodianKeyRow,
    Lot,
    OpeningRecordRow,
    Tender,
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


def _unused_key(session: Session, custodian: Custodian) -> CustodianKeyRow:
    query = (
        select(CustodianKeyRow)
        .where(
            CustodianKeyRow.custodian_id == custodian.id,
            CustodianKeyRow.opening_id.is_(None),
            CustodianKeyRow.void.is_(False),
        )
        .order_by(CustodianKeyRow.deposited_at, CustodianKeyRow.key_id)
        .limit(1)
    )
    row = session.scalars(query).first()
    if row is None:
        raise conflict(
            "custodian.no_keys",
            N_("%(name)s has no unused key left. Ask it to deposit a new batch of keys."),
            name=custodian.name,
        )
    return row


def _record(
    settings: Settings, tender: Tender, lot: Lot, keys: tuple[CustodianKey, ...]
) -> OpeningRecord:
    if tender.deadline is None:
        raise conflict("tender.no_deadline", N_("Set the deadline for bids first."))
    try:
        return OpeningRecord(
            platform=settings.platform,
            tender=tender.number,
            lot=lot.number,
            part=Part.WHOLE,
            not_before=tender.deadline,
            minimum=tender.minimum,
            threshold=tender.threshold,
            custodians=keys,
            after=None,
        )
    except KeysError as error:
        raise invalid(
            "record.invalid", N_("The opening record cannot be drawn up: %(why)s"), why=str(error)
        ) from error


def draw_up_record(
    session: Session, settings: Settings, tender: Tender, lot: Lot, *, now: datetime
) -> OpeningRecord:
    """Draw up, sign and log the opening record of a lot with a fresh key of each custodian.

    An earlier record of the lot is voided and its keys with it: a key serves one record, ever.
    Raises DomainError `custodian.no_keys` if one has run out.
    """
    void_record(session, lot, now=now)
    custodians = [session.get_one(Custodian, each) for each in tender.custodian_ids]
    rows = [_unused_key(session, custodian) for custodian in custodians]
    keys = tuple(
        CustodianKey(
            name=custodian.name, identity=custodian.identity, key_id=row.key_id, key=row.key
        )
        for custodian, row in zip(custodians, rows, strict=True)
    )
    record = _record(settings, tender, lot, keys)
    signature = openings.sign_record(record, signing_key(settings))
    for row in rows:
        row.opening_id = record.opening_id
    entry = ledger.append(
        session,
        "opening.recorded",
        subject=tender.id,
        actor=SYSTEM,
        now=now,
        fields={
            "opening": record.opening_id,
            "record": encoding.parse(record.to_bytes()),
            "signature": signature,
        },
    )
    session.add(
        OpeningRecordRow(
            opening_id=record.opening_id,
            lot_id=lot.id,
            part=record.part.value,
            record=record.to_bytes(),
            signature=signature,
            created_at=now,
            ledger_seq=entry.seq,
        )
    )
    lot.opening_id = record.opening_id
    session.flush()
    return record


def void_record(session: Session, lot: Lot, *, now: datetime) -> None:
    """Cancel the opening of a lot's present record, if it has one; its keys are spent."""
    if lot.opening_id is None:
        return
    row = session.get_one(OpeningRecordRow, lot.opening_id)
    if row.void_at is None:
        row.void_at = now
        keys = select(CustodianKeyRow).where(CustodianKeyRow.opening_id == row.opening_id)
        for key in session.scalars(keys):
            key.void = True
        ledger.append(
            session,
            "opening.cancelled",
            subject=lot.tender_id,
            actor=SYSTEM,
            now=now,
            fields={"opening": row.opening_id},
        )


def records_awaiting(session: Session, identity: str) -> list[OpeningRecordRow]:
    """Records that still lack this custodian's acceptance."""
    custodian = custodian_of(session, identity)
    query = (
        select(OpeningRecordRow)
        .join(CustodianKeyRow, CustodianKeyRow.opening_id == OpeningRecordRow.opening_id)
        .outerjoin(
            AcceptanceRow,
            (AcceptanceRow.opening_id == OpeningRecordRow.opening_id)
            & (AcceptanceRow.custodian_id == custodian.id),
        )
        .where(
            CustodianKeyRow.custodian_id == custodian.id,
            OpeningRecordRow.void_at.is_(None),
            AcceptanceRow.opening_id.is_(None),
        )
        .order_by(OpeningRecordRow.created_at)
        .limit(200)
    )
    return list(session.scalars(query))


def accept(session: Session, statement: dict[str, Any], *, now: datetime) -> None:
    """Take a custodian's acceptance of a record; asking again changes nothing."""
    try:
        acceptance = Acceptance.from_object(statement)
        row = session.get(OpeningRecordRow, acceptance.opening)
        if row is None or row.void_at is not None:
            raise not_found("record.unknown", N_("There is no such opening record in force."))
        record = OpeningRecord.from_bytes(row.record)
        named = records.check_acceptance(record, acceptance)
    except KeysError as error:
        raise invalid(
            "acceptance.invalid", N_("The acceptance does not hold: %(why)s"), why=str(error)
        ) from error
    custodian = custodian_of(session, named.identity)
    if session.get(AcceptanceRow, (row.opening_id, custodian.id)) is not None:
        return
    session.add(
        AcceptanceRow(
            opening_id=row.opening_id,
            custodian_id=custodian.id,
            statement=acceptance.to_object(),
            received_at=now,
        )
    )
    ledger.append(
        session,
        "opening.accepted",
        subject=row.lot.tender_id,
        actor=custodian.id,
        now=now,
        fields={"opening": row.opening_id, "custodian": custodian.identity},
    )
    session.flush()
    if len(acceptances(session, row.opening_id)) == len(record.custodians):
        row.accepted_at = now


def acceptances(session: Session, opening_id: str) -> list[Acceptance]:
    """The acceptances of a record so far, in the record's order of custodians."""
    rows = session.scalars(select(AcceptanceRow).where(AcceptanceRow.opening_id == opening_id))
    found = [Acceptance.from_object(row.statement) for row in rows]
    order = {
        key.key_id: place for place, key in enumerate(record_of(session, opening_id).custodians)
    }
    return sorted(found, key=lambda each: order[each.key_id])


def record_of(session: Session, opening_id: str) -> OpeningRecord:
    """The opening record with this id."""
    return OpeningRecord.from_bytes(session.get_one(OpeningRecordRow, opening_id).record)


def accepted(session: Session, lots: Sequence[Lot]) -> bool:
    """Whether every lot's record has been accepted by every custodian."""
    for lot in lots:
        row = session.get(OpeningRecordRow, lot.opening_id) if lot.opening_id else None
        if row is None or row.accepted_at is None or row.void_at is not None:
            return False
    return bool(lots)


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
