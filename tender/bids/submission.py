"""What a SEAL request says and everything that can be checked without the write lock."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from keys import encoding, envelope, statements
from keys.errors import KeysError
from keys.records import OpeningRecord
from tender.accounts.models import BidderKey, Organisation, Standing
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import DomainError, conflict, invalid, late, not_found
from tender.core.i18n import N_
from tender.procedure.models import Lot, LotStatus, OpeningRecordRow, Tender

MAX_ENVELOPE = 2 * 1024 * 1024  # bytes: a manifest of 1 MiB, padded, with its header
KEY = re.compile(r"[0-9A-Za-z_-]{16,64}")
OPENING_ID = re.compile(r"[0-9a-f]{64}")
UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
STATEMENT = frozenset(
    {
        "v", "opening", "bidder", "sequence", "envelope_sha256", "envelope_size", "files_digest",
        "files_size", "idempotency_key", "signature",
    }
)  # fmt: skip
BIDDER = (  # a row for each key that is not revoked, or one without a key
    select(
        Organisation.status,
        Organisation.party_id,
        BidderKey.public_key,
        BidderKey.certificate_sha256,
    )
    .outerjoin(
        BidderKey,
        and_(BidderKey.organisation_id == Organisation.id, BidderKey.revoked_at.is_(None)),
    )
    .where(Organisation.id == bindparam("id"))
)
OPENING = (
    select(
        OpeningRecordRow.void_at,
        OpeningRecordRow.record,
        Lot.id,
        Lot.tender_id,
        Lot.status,
        Tender.deadline,
    )
    .join(Lot, Lot.id == OpeningRecordRow.lot_id)
    .join(Tender, Tender.id == Lot.tender_id)
    .where(OpeningRecordRow.opening_id == bindparam("id"))
)
LATE = N_(
    "The deadline for bids has passed at %(deadline)s; this bid arrived at %(now)s and was refused."
)


@dataclass(frozen=True)
class SealRequest:
    """A checked SEAL request, ready to be judged and written under the lock."""

    opening_id: str
    tender_id: str
    lot_id: str
    organisation_id: str
    party_id: str
    person_id: str
    sequence: int
    envelope: bytes
    envelope_sha256: str
    files_digest: str | None
    files_size: int
    upload_id: str | None
    certificate_sha256: str
    statement: dict[str, Any]
    idempotency_key: str
    address: str | None
    agent: str | None


def open_lot(session: Session, opening_id: str, *, now: datetime) -> Lot:
    """The lot that takes bids under this opening record at `now`.

    Raises DomainError `opening.unknown`, `bid.late` or `bid.closed`. A first look only: the
    deadline that counts is compared under the lock.
    """
    row = session.get(OpeningRecordRow, opening_id)
    if row is None or row.void_at is not None:
        raise unknown_opening()
    check_open(row.lot, now)
    return row.lot


def unknown_opening() -> DomainError:
    """The refusal of a bid for an opening that does not exist or was replaced."""
    return not_found(
        "opening.unknown",
        N_("There is no such opening. Reload the tender's page and seal the bid again."),
    )


def check_open(lot: Lot, now: datetime) -> None:
    """Refuse late bids, and bids for a lot that takes none."""
    check_takes_bids(lot.tender.deadline, lot.status, now)


def check_takes_bids(deadline: datetime | None, status: LotStatus, now: datetime) -> None:
    """The same by a lot's status and its tender's deadline."""
    if deadline is not None and now >= deadline:
        raise late("bid.late", LATE, deadline=encoding.timestamp(deadline), now=now.isoformat())
    if status is not LotStatus.OPEN:
        raise conflict("bid.closed", N_("This lot does not take bids now."))


def check_approved(status: Standing | None) -> None:
    """Refuse bidders whom the county has not approved: anybody can register."""
    if status is not Standing.APPROVED:
        raise conflict(
            "bidder.not_approved",
            N_("Your registration is not approved yet. You may prepare, but not submit, a bid."),
        )


def signing_certificate(session: Session, organisation_id: str, statement: dict[str, Any]) -> str:
    """SHA-256 of the certificate of the bidder's unrevoked key under which a statement is signed.

    Raises DomainError `bid.signature` if none of its keys fits.
    """
    rows = session.connection().execute(BIDDER, {"id": organisation_id}).all()
    return _certificate(rows, statement)


def _certificate(rows: Sequence[Any], statement: dict[str, Any]) -> str:
    for row in rows:
        try:
            statements.check_ecdsa(statement, encoding.unb64u(row.public_key, 65))
        except KeysError:
            continue
        return str(row.certificate_sha256)
    raise invalid(
        "bid.signature",
        N_("The bid is not signed with a key registered for you. Enrol this browser's key first."),
    )


@lru_cache(maxsize=64)
def parsed_record(data: bytes) -> OpeningRecord:
    """The opening record of these bytes; it checks every custodian's key, so it is kept."""
    return OpeningRecord.from_bytes(data)


def read_request(
    session: Session, actor: Actor, body: dict[str, Any], *, now: datetime, agent: str | None
) -> SealRequest:
    """Check a SEAL request as far as it can be without the key and without the lock.

    Raises DomainError: `bid.form`, `bid.signature`, `bid.not_sealed` ("not sealed for this
    opening", O20 art. 26), `bid.damaged`, `bid.late`.
    """
    require(actor, Permission.BID_SUBMIT)
    statement, data = _parts(body)
    connection = session.connection()
    bidder = connection.execute(BIDDER, {"id": actor.organisation_id}).all()
    check_approved(bidder[0].status)
    if statement["bidder"] != bidder[0].party_id:
        raise invalid("bid.bidder", N_("This bid was sealed for another bidder. Seal it again."))
    opening = connection.execute(OPENING, {"id": statement["opening"]}).first()
    if opening is None or opening.void_at is not None:
        raise unknown_opening()
    check_takes_bids(opening.deadline, opening.status, now)
    certificate = _certificate(bidder, statement)
    _check_envelope(parsed_record(opening.record), statement, data)
    return SealRequest(
        opening_id=statement["opening"],
        tender_id=opening.tender_id,
        lot_id=opening.id,
        organisation_id=actor.organisation_id,
        party_id=bidder[0].party_id,
        person_id=actor.person_id,
        sequence=statement["sequence"],
        envelope=data,
        envelope_sha256=statement["envelope_sha256"],
        files_digest=statement["files_digest"],
        files_size=statement["files_size"],
        upload_id=body.get("upload"),
        certificate_sha256=certificate,
        statement=statement,
        idempotency_key=statement["idempotency_key"],
        address=actor.address,
        agent=agent,
    )


def _check_envelope(record: OpeningRecord, statement: dict[str, Any], data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if digest != statement["envelope_sha256"] or len(data) != statement["envelope_size"]:
        raise invalid("bid.damaged", N_("The envelope arrived damaged. Send it again."))
    try:
        envelope.check_header_for(record, data, statement["bidder"], statement["sequence"])
    except KeysError as error:
        raise not_sealed(error) from error


def not_sealed(error: KeysError) -> DomainError:
    """The refusal of an envelope that is visibly not sealed for this opening."""
    return invalid(
        "bid.not_sealed",
        N_(
            "This bid is not sealed for this opening (%(why)s). Seal it again on the tender's page."
        ),
        why=str(error),
    )


def _fits(form: re.Pattern[str], value: object) -> bool:
    """Whether a value of the request is a text of a form: no other ever reaches the database.

    `upload` is the one part that no signature covers. What the database cannot take would fail
    the whole group of bids that are committed together, and with it other bidders'.
    """
    return isinstance(value, str) and form.fullmatch(value) is not None


def _parts(body: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    statement = body.get("statement")
    text = body.get("envelope")
    if (
        not isinstance(statement, dict)
        or set(statement) != STATEMENT
        or statement["v"] != "seal/v1"
        or not isinstance(text, str)
        or len(text) > MAX_ENVELOPE * 4 // 3 + 4
    ):
        raise invalid("bid.form", N_("This is not a SEAL request of the documented form."))
    numbers = (statement["sequence"], statement["envelope_size"], statement["files_size"])
    upload = body.get("upload")
    if (
        any(type(number) is not int or not 0 <= number < 2**53 for number in numbers)
        or not 0 < statement["sequence"] < 2**31
        or not _fits(OPENING_ID, statement["opening"])
        or not _fits(KEY, statement["idempotency_key"])
        or (statement["files_digest"] is None) != (statement["files_size"] == 0)
        or (upload is None) != (statement["files_digest"] is None)
        or not (upload is None or _fits(UPLOAD_ID, upload))
    ):
        raise invalid("bid.form", N_("This is not a SEAL request of the documented form."))
    try:
        return statement, encoding.unb64u(text)
    except KeysError as error:
        raise invalid("bid.damaged", N_("The envelope arrived damaged. Send it again.")) from error
