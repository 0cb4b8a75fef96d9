"""SEAL: judging and writing sealed bids under the write lock, many in one transaction.

The clock is read inside the lock, never before it: waiting for a lock takes time, and a bid that
waited past the deadline is late. A receipt is given only after the commit, which is durable
(synchronous=FULL; PostgreSQL synchronous_commit on).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from keys import entries
from tender.accounts.models import BidderKey
from tender.bids.models import BidStatus, SealedBid, Upload
from tender.bids.submission import SealRequest, check_open
from tender.bids.uploads import piece_digest
from tender.core.clock import Clock
from tender.core.errors import DomainError, conflict, invalid
from tender.core.i18n import N_
from tender.core.ids import new_id
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.ledger.models import DataKind
from tender.ledger.signing import signing_key
from tender.procedure.models import Lot

Outcome = dict[str, Any] | DomainError


def seal_bids(
    session: Session, requests: Sequence[SealRequest], *, clock: Clock, settings: Settings
) -> list[Outcome]:
    """Judge and write waiting SEAL requests; gives a receipt or a refusal for each, in order.

    The caller holds the write lock, commits, and only then answers. One refused request does not
    touch the others: all checks of a request come before its first write.
    """
    now = ledger.not_before_last(session, clock.now())
    outcomes: list[Outcome] = []
    for request in requests:
        try:
            outcomes.append(_seal(session, request, now, settings))
        except DomainError as refusal:
            outcomes.append(refusal)
    return outcomes


def _seal(
    session: Session, request: SealRequest, now: datetime, settings: Settings
) -> dict[str, Any]:
    repeated = _answered_before(session, request)
    if repeated is not None:
        return repeated
    lot = session.get_one(Lot, request.lot_id)
    if lot.opening_id != request.opening_id:
        raise conflict(
            "opening.replaced", N_("The opening record was replaced. Seal the bid again.")
        )
    check_open(lot, now)
    _check_sequence(session, request)
    _check_key(session, request)
    upload = _check_files(session, request)
    bid_id = new_id()
    entry = _submitted(session, request, bid_id, now)
    receipt = entries.make_receipt(entry, signing_key(settings))
    session.execute(
        update(SealedBid)
        .where(
            SealedBid.opening_id == request.opening_id,
            SealedBid.organisation_id == request.organisation_id,
            SealedBid.status == BidStatus.PENDING,
        )
        .values(status=BidStatus.SUPERSEDED)
        .execution_options(synchronize_session=False)
    )
    session.execute(insert(SealedBid), [_row(request, bid_id, now, entry.seq, receipt)])
    if upload is not None:
        upload.sealed_by = bid_id
    return receipt


def _submitted(session: Session, request: SealRequest, bid_id: str, now: datetime) -> entries.Entry:
    return ledger.append(
        session,
        "bid.submitted",
        subject=request.lot_id,
        actor=request.party_id,
        now=now,
        fields={
            "opening": request.opening_id,
            "bid": bid_id,
            "bidder": request.party_id,
            "sequence": request.sequence,
            "envelope_sha256": request.envelope_sha256,
            "envelope_size": len(request.envelope),
            "files_digest": request.files_digest,
            "files_size": request.files_size,
            "certificate_sha256": request.certificate_sha256,
        },
        private={"statement": request.statement},
        kind=DataKind.PROCEDURE,
        hidden_by=request.opening_id,
    )


def _answered_before(session: Session, request: SealRequest) -> dict[str, Any] | None:
    row = session.execute(
        select(SealedBid.receipt, SealedBid.envelope_sha256, SealedBid.opening_id).where(
            SealedBid.organisation_id == request.organisation_id,
            SealedBid.idempotency_key == request.idempotency_key,
        )
    ).first()
    if row is None:
        return None
    if (row.envelope_sha256, row.opening_id) != (request.envelope_sha256, request.opening_id):
        raise conflict(
            "bid.key_reused", N_("This request number was used for another bid. Seal it again.")
        )
    receipt: dict[str, Any] = row.receipt
    return receipt


def _check_sequence(session: Session, request: SealRequest) -> None:
    last = session.scalar(
        select(func.max(SealedBid.sequence)).where(
            SealedBid.opening_id == request.opening_id,
            SealedBid.organisation_id == request.organisation_id,
        )
    )
    if last is not None and request.sequence <= last:
        raise conflict(
            "bid.sequence",
            N_("A newer bid of yours stands already (number %(last)s). Reload and seal again."),
            last=last,
        )


def _check_key(session: Session, request: SealRequest) -> None:
    revoked = session.execute(
        select(BidderKey.revoked_at).where(
            BidderKey.certificate_sha256 == request.certificate_sha256
        )
    ).one()
    if revoked[0] is not None:
        raise invalid("bid.key_revoked", N_("The key that signed this bid has been revoked."))


def _check_files(session: Session, request: SealRequest) -> Upload | None:
    if request.upload_id is None:
        return None
    upload = session.get(Upload, request.upload_id)
    if (
        upload is None
        or upload.owner_id != request.organisation_id
        or upload.opening_id != request.opening_id
        or upload.erased_at is not None
    ):
        raise invalid(
            "upload.unknown", N_("This upload does not exist any more. Send the files again.")
        )
    if upload.offset != upload.length or upload.length != request.files_size:
        raise conflict(
            "bid.incomplete",
            N_("Only %(offset)s of %(length)s bytes of the files have arrived. Finish the upload."),
            offset=upload.offset,
            length=request.files_size,
        )
    if upload.sealed_by is not None:
        raise conflict("upload.taken", N_("These files belong to an earlier bid. Send them again."))
    if piece_digest(upload) != request.files_digest:
        raise invalid("bid.files_damaged", N_("The files that arrived are not the ones sealed."))
    return upload


def _row(
    request: SealRequest, bid_id: str, now: datetime, seq: int, receipt: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": bid_id,
        "opening_id": request.opening_id,
        "tender_id": request.tender_id,
        "lot_id": request.lot_id,
        "organisation_id": request.organisation_id,
        "party_id": request.party_id,
        "person_id": request.person_id,
        "sequence": request.sequence,
        "status": BidStatus.PENDING,
        "envelope": request.envelope,
        "envelope_sha256": request.envelope_sha256,
        "envelope_size": len(request.envelope),
        "files_digest": request.files_digest,
        "files_size": request.files_size,
        "upload_id": request.upload_id,
        "certificate_sha256": request.certificate_sha256,
        "statement": request.statement,
        "idempotency_key": request.idempotency_key,
        "submitted_at": now,
        "ledger_seq": seq,
        "receipt": receipt,
        "address": request.address,
        "agent": request.agent,
    }
