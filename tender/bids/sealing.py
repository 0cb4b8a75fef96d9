"""SEAL: judging and writing sealed bids under the write lock, many in one transaction.

The clock is read inside the lock, never before it: waiting for a lock takes time, and a bid that
waited past the deadline is late. A receipt is given only after the commit, which is durable
(synchronous=FULL; PostgreSQL synchronous_commit on).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.orm import Session

from keys import entries
from tender.bids.grouping import Situation, Taken, read_situation
from tender.bids.models import BidStatus, SealedBid, Upload
from tender.bids.submission import SealRequest, check_takes_bids
from tender.bids.uploads import piece_digest
from tender.core.clock import Clock
from tender.core.errors import DomainError, conflict, invalid
from tender.core.i18n import N_
from tender.core.ids import new_id
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.ledger.models import DataKind
from tender.ledger.signing import signing_key

Outcome = dict[str, Any] | DomainError
BIDS = cast(Table, SealedBid.__table__)
SUPERSEDE = (
    update(BIDS)
    .where(
        BIDS.c.opening_id == bindparam("in_opening"),
        BIDS.c.organisation_id == bindparam("by"),
        BIDS.c.sequence == bindparam("number"),
        BIDS.c.status == BidStatus.PENDING,
    )
    .values(status=BidStatus.SUPERSEDED)
)


def seal_bids(
    session: Session, requests: Sequence[SealRequest], *, clock: Clock, settings: Settings
) -> list[Outcome]:
    """Judge and write waiting SEAL requests; gives a receipt or a refusal for each, in order.

    The caller holds the write lock, commits, and only then answers. All are judged before anything
    is written, each as if those before it were written already. What the database will not hold
    (the committer's UNWRITABLE) fails the group: the caller then tries each alone.
    """
    now = ledger.not_before_last(session, clock.now())
    situation = read_situation(session, requests)
    judged: list[dict[str, Any] | Taken | DomainError] = []
    for request in requests:
        try:
            judged.append(_judge(situation, request, now))
        except DomainError as refusal:
            judged.append(refusal)
    taken = {each.id: each for each in judged if isinstance(each, Taken)}
    _write(session, list(taken.values()), now, settings)
    return [_outcome(each) for each in judged]


def _outcome(judged: dict[str, Any] | Taken | DomainError) -> Outcome:
    if not isinstance(judged, Taken):
        return judged
    if judged.receipt is None:
        raise RuntimeError("a bid was taken without a receipt")
    return judged.receipt


def _judge(situation: Situation, request: SealRequest, now: datetime) -> dict[str, Any] | Taken:
    before = situation.answered.get((request.organisation_id, request.idempotency_key))
    if before is not None:
        if (before.envelope_sha256, before.opening_id) != (
            request.envelope_sha256,
            request.opening_id,
        ):
            raise conflict(
                "bid.key_reused", N_("This request number was used for another bid. Seal it again.")
            )
        return before.given
    lot = situation.lots[request.lot_id]
    if lot.opening_id != request.opening_id:
        raise conflict(
            "opening.replaced", N_("The opening record was replaced. Seal the bid again.")
        )
    check_takes_bids(lot.deadline, lot.status, now)
    _check_sequence(situation, request)
    if request.certificate_sha256 not in situation.good_keys:
        raise invalid("bid.key_revoked", N_("The key that signed this bid has been revoked."))
    _check_files(situation, request)
    return situation.take(request, new_id())


def _write(session: Session, taken: Sequence[Taken], now: datetime, settings: Settings) -> None:
    if not taken:
        return
    made = ledger.append_all(session, [_submitted(each) for each in taken], now=now)
    key = signing_key(settings)
    rows = []
    for each, entry in zip(taken, made, strict=True):
        each.receipt = entries.make_receipt(entry, key)
        rows.append(_row(each, now, entry.seq))
    replaced = [
        {
            "in_opening": each.request.opening_id,
            "by": each.request.organisation_id,
            "number": each.replaces,
        }
        for each in taken
        if each.replaces is not None
    ]
    connection = session.connection()
    if replaced:
        connection.execute(SUPERSEDE, replaced)
    connection.execute(insert(BIDS), rows)


def _submitted(taken: Taken) -> ledger.Fact:
    request = taken.request
    return ledger.Fact(
        "bid.submitted",
        subject=request.lot_id,
        actor=request.party_id,
        fields={
            "opening": request.opening_id,
            "bid": taken.id,
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


def _check_sequence(situation: Situation, request: SealRequest) -> None:
    last = situation.last.get((request.opening_id, request.organisation_id))
    if last is not None and request.sequence <= last:
        raise conflict(
            "bid.sequence",
            N_("A newer bid of yours stands already (number %(last)s). Reload and seal again."),
            last=last,
        )


def _check_files(situation: Situation, request: SealRequest) -> None:
    if request.upload_id is None:
        return
    upload: Upload | None = situation.uploads.get(request.upload_id)
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


def _row(taken: Taken, now: datetime, seq: int) -> dict[str, Any]:
    request = taken.request
    return {
        "id": taken.id,
        "opening_id": request.opening_id,
        "tender_id": request.tender_id,
        "lot_id": request.lot_id,
        "organisation_id": request.organisation_id,
        "party_id": request.party_id,
        "person_id": request.person_id,
        "sequence": request.sequence,
        "status": BidStatus.SUPERSEDED if taken.superseded else BidStatus.PENDING,
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
        "receipt": taken.receipt,
        "address": request.address,
        "agent": request.agent,
    }
