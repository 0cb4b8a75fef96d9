"""What a SEAL request says and everything that can be checked without the write lock."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import encoding, envelope, statements
from keys.errors import KeysError
from tender.accounts.models import BidderKey, Organisation, Standing
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import DomainError, conflict, invalid, late, not_found
from tender.core.i18n import N_
from tender.procedure.custody import record_of
from tender.procedure.models import Lot, LotStatus, OpeningRecordRow

MAX_ENVELOPE = 2 * 1024 * 1024  # bytes: a manifest of 1 MiB, padded, with its header
STATEMENT = frozenset(
    {
        "v", "opening", "bidder", "sequence", "envelope_sha256", "envelope_size", "files_digest",
        "files_size", "idempotency_key", "signature",
    }
)  # fmt: skip
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
        raise not_found(
            "opening.unknown",
            N_("There is no such opening. Reload the tender's page and seal the bid again."),
        )
    check_open(row.lot, now)
    return row.lot


def check_open(lot: Lot, now: datetime) -> None:
    """Refuse late bids, and bids for a lot that takes none."""
    deadline = lot.tender.deadline
    if deadline is not None and now >= deadline:
        raise late("bid.late", LATE, deadline=encoding.timestamp(deadline), now=now.isoformat())
    if lot.status is not LotStatus.OPEN:
        raise conflict("bid.closed", N_("This lot does not take bids now."))


def approved_bidder(session: Session, actor: Actor) -> Organisation:
    """The actor's organisation, if its registration is approved."""
    organisation = session.get_one(Organisation, actor.organisation_id)
    if organisation.status is not Standing.APPROVED:
        raise conflict(
            "bidder.not_approved",
            N_("Your registration is not approved yet. You may prepare, but not submit, a bid."),
        )
    return organisation


def signing_certificate(session: Session, actor: Actor, statement: dict[str, Any]) -> BidderKey:
    """The bidder's certified key under which a statement is signed.

    Raises DomainError `bid.signature` if none of the unrevoked keys fits.
    """
    query = select(BidderKey).where(
        BidderKey.organisation_id == actor.organisation_id, BidderKey.revoked_at.is_(None)
    )
    for key in session.scalars(query):
        try:
            statements.check_ecdsa(statement, encoding.unb64u(key.public_key, 65))
        except KeysError:
            continue
        return key
    raise invalid(
        "bid.signature",
        N_("The bid is not signed with a key registered for you. Enrol this browser's key first."),
    )


def read_request(
    session: Session, actor: Actor, body: dict[str, Any], *, now: datetime, agent: str | None
) -> SealRequest:
    """Check a SEAL request as far as it can be without the key and without the lock.

    Raises DomainError: `bid.form`, `bid.signature`, `bid.not_sealed` ("not sealed for this
    opening", O20 art. 26), `bid.damaged`, `bid.late`.
    """
    require(actor, Permission.BID_SUBMIT)
    organisation = approved_bidder(session, actor)
    statement, data = _parts(body)
    if statement["bidder"] != organisation.party_id:
        raise invalid("bid.bidder", N_("This bid was sealed for another bidder. Seal it again."))
    lot = open_lot(session, statement["opening"], now=now)
    key = signing_certificate(session, actor, statement)
    digest = hashlib.sha256(data).hexdigest()
    if digest != statement["envelope_sha256"] or len(data) != statement["envelope_size"]:
        raise invalid("bid.damaged", N_("The envelope arrived damaged. Send it again."))
    try:
        envelope.check_header_for(
            record_of(session, statement["opening"]),
            data,
            statement["bidder"],
            statement["sequence"],
        )
    except KeysError as error:
        raise not_sealed(error) from error
    return SealRequest(
        opening_id=statement["opening"],
        tender_id=lot.tender_id,
        lot_id=lot.id,
        organisation_id=organisation.id,
        party_id=organisation.party_id,
        person_id=actor.person_id,
        sequence=statement["sequence"],
        envelope=data,
        envelope_sha256=digest,
        files_digest=statement["files_digest"],
        files_size=statement["files_size"],
        upload_id=body.get("upload"),
        certificate_sha256=key.certificate_sha256,
        statement=statement,
        idempotency_key=statement["idempotency_key"],
        address=actor.address,
        agent=agent,
    )


def not_sealed(error: KeysError) -> DomainError:
    """The refusal of an envelope that is visibly not sealed for this opening."""
    return invalid(
        "bid.not_sealed",
        N_(
            "This bid is not sealed for this opening (%(why)s). Seal it again on the tender's page."
        ),
        why=str(error),
    )


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
    key = statement["idempotency_key"]
    upload = body.get("upload")
    if (
        any(type(number) is not int or not 0 <= number < 2**53 for number in numbers)
        or not 0 < statement["sequence"] < 2**31
        or not isinstance(key, str)
        or not 16 <= len(key) <= 64
        or (statement["files_digest"] is None) != (statement["files_size"] == 0)
        or (upload is None) != (statement["files_digest"] is None)
        or not (upload is None or isinstance(upload, str))
    ):
        raise invalid("bid.form", N_("This is not a SEAL request of the documented form."))
    try:
        return statement, encoding.unb64u(text)
    except KeysError as error:
        raise invalid("bid.damaged", N_("The envelope arrived damaged. Send it again.")) from error
