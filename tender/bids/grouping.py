"""What the database says about a group of SEALs: read once for all of them, under the lock.

Four statements however many bids wait, each answered from an index, so a tender's thousandth bid
costs what its first did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from tender.accounts.models import BidderKey
from tender.bids.models import SealedBid, Upload
from tender.bids.submission import SealRequest
from tender.procedure.models import Lot, LotStatus, Tender

Pair = tuple[str, str]

LOTS = (
    select(Lot.id, Lot.opening_id, Lot.status, Tender.deadline)
    .join(Tender, Tender.id == Lot.tender_id)
    .where(Lot.id.in_(bindparam("ids", expanding=True)))
)
GOOD_KEYS = select(BidderKey.certificate_sha256).where(
    BidderKey.certificate_sha256.in_(bindparam("hashes", expanding=True)),
    BidderKey.revoked_at.is_(None),
)
LAST = (
    select(SealedBid.organisation_id, func.max(SealedBid.sequence))
    .where(
        SealedBid.opening_id == bindparam("opening"),
        SealedBid.organisation_id.in_(bindparam("organisations", expanding=True)),
    )
    .group_by(SealedBid.organisation_id)
)
ANSWERED = select(
    SealedBid.organisation_id,
    SealedBid.idempotency_key,
    SealedBid.envelope_sha256,
    SealedBid.opening_id,
    SealedBid.receipt,
)


@dataclass(slots=True)
class Taken:
    """A bid that is taken in this group; `receipt` is there once its entry is made."""

    request: SealRequest
    id: str
    replaces: int | None  # the sequence of the bidder's newest bid that stands in the database
    superseded: bool = False  # by a later bid of the same group
    receipt: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A SEAL that was answered before, or is taken earlier in this group."""

    envelope_sha256: str
    opening_id: str
    given: dict[str, Any] | Taken


@dataclass(frozen=True, slots=True)
class LotState:
    """What a bid is judged by: its lot's opening, status and deadline."""

    opening_id: str | None
    status: LotStatus
    deadline: datetime | None


@dataclass
class Situation:
    """The database's state and, as the group is judged, what its earlier bids change in it."""

    lots: dict[str, LotState]
    good_keys: set[str]  # SHA-256 of the certificates that are not revoked
    answered: dict[Pair, Answered]  # (organisation, idempotency key)
    last: dict[Pair, int]  # (opening, organisation) -> greatest sequence ever taken
    uploads: dict[str, Upload]
    standing: dict[Pair, Taken]  # the newest bids of this group

    def take(self, request: SealRequest, bid_id: str) -> Taken:
        """Note a bid as taken, for the judging of those that follow."""
        pair = (request.opening_id, request.organisation_id)
        before = self.standing.get(pair)
        if before is not None:
            before.superseded = True
        taken = Taken(request, bid_id, None if before else self.last.get(pair))
        self.standing[pair] = taken
        self.last[pair] = request.sequence
        self.answered[request.organisation_id, request.idempotency_key] = Answered(
            request.envelope_sha256, request.opening_id, taken
        )
        if request.upload_id is not None:
            self.uploads[request.upload_id].sealed_by = bid_id
        return taken


def read_situation(session: Session, requests: Sequence[SealRequest]) -> Situation:
    """All that a group is judged by. The caller holds the write lock."""
    return Situation(
        lots=_lots(session, {each.lot_id for each in requests}),
        good_keys=_good_keys(session, {each.certificate_sha256 for each in requests}),
        answered=_answered(session, requests),
        last=_last(session, requests),
        uploads=_uploads(session, {each.upload_id for each in requests if each.upload_id}),
        standing={},
    )


def _lots(session: Session, ids: Iterable[str]) -> dict[str, LotState]:
    rows = session.connection().execute(LOTS, {"ids": sorted(ids)})
    return {lot: LotState(opening, status, deadline) for lot, opening, status, deadline in rows}


def _good_keys(session: Session, hashes: Iterable[str]) -> set[str]:
    return set(session.connection().execute(GOOD_KEYS, {"hashes": sorted(hashes)}).scalars())


@lru_cache
def _pairs(count: int) -> Select[Any]:
    """The answers to so many pairs; kept, because making and compiling it costs more than asking.

    SQLite answers this chain from the unique index; for a list of pairs it scans the table.
    """
    return ANSWERED.where(
        or_(
            *(
                and_(
                    SealedBid.organisation_id == bindparam(f"organisation_{number}"),
                    SealedBid.idempotency_key == bindparam(f"key_{number}"),
                )
                for number in range(count)
            )
        )
    )


def _answered(session: Session, requests: Sequence[SealRequest]) -> dict[Pair, Answered]:
    asked = sorted({(each.organisation_id, each.idempotency_key) for each in requests})
    # The last pair fills up to a power of two, so that few statements serve groups of any size.
    asked += asked[-1:] * ((1 << (len(asked) - 1).bit_length()) - len(asked))
    values: dict[str, str] = {}
    for number, (organisation, key) in enumerate(asked):
        values[f"organisation_{number}"], values[f"key_{number}"] = organisation, key
    rows = session.connection().execute(_pairs(len(asked)), values)
    return {
        (organisation, key): Answered(sha256, opening, receipt)
        for organisation, key, sha256, opening, receipt in rows
    }


def _last(session: Session, requests: Sequence[SealRequest]) -> dict[Pair, int]:
    bidders: dict[str, set[str]] = {}
    for each in requests:
        bidders.setdefault(each.opening_id, set()).add(each.organisation_id)
    found = {}
    for opening, organisations in bidders.items():
        asked = {"opening": opening, "organisations": sorted(organisations)}
        for organisation, last in session.connection().execute(LAST, asked):
            found[opening, organisation] = last
    return found


def _uploads(session: Session, ids: Iterable[str]) -> dict[str, Upload]:
    wanted = sorted(ids)
    if not wanted:
        return {}
    return {each.id: each for each in session.scalars(select(Upload).where(Upload.id.in_(wanted)))}
