"""Opening records (开标记录): drawn up with the custodians' keys, accepted by them, voided.

The platform only brings public keys and statements together. A record that not every custodian
accepted is refused by the sealing page, the kit and `verify`, so a key of the platform's own
making opens nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import encoding, openings, records
from keys.errors import KeysError
from keys.records import Acceptance, CustodianKey, OpeningRecord, Part
from tender.core.actor import SYSTEM
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.ledger.signing import signing_key
from tender.procedure.custody.custodians import custodian_of
from tender.procedure.models import (
    AcceptanceRow,
    Custodian,
    CustodianKeyRow,
    Lot,
    OpeningRecordRow,
    Tender,
)


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
