"""Which files a lot's document screens compare (标段文件): its bids, the tender's, earlier bids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.inputs.reading import HeldFile
from tender.bids.models import SealedBid
from tender.core.files import StoredFile
from tender.opening.models import Opening, VerdictRow
from tender.opening.results import OpenedBid
from tender.opening.stated import is_statement
from tender.procedure.models import Lot, TenderDocument

# The newest earlier bids count as background; more would make every comparison slow.
MOST_EARLIER = 600


@dataclass(frozen=True)
class LotFiles:
    """The files of a lot: of its bids, of the tender itself, and of others' earlier bids."""

    bids: tuple[HeldFile, ...]
    tender: tuple[HeldFile, ...]
    earlier: tuple[HeldFile, ...]


def files_of(session: Session, lot: Lot, bids: Sequence[OpenedBid]) -> LotFiles:
    """Everything that is compared for a lot, the names of each bidder's files made different."""
    documents = (
        select(StoredFile)
        .join(TenderDocument, TenderDocument.file_id == StoredFile.id)
        .where(TenderDocument.tender_id == lot.tender_id)
        .order_by(TenderDocument.added_at, TenderDocument.id)
    )
    own = tuple(
        HeldFile(bid.organisation_id, name, bid.stored[place - 1]["sha256"])
        for bid in bids
        for name, place in numbered_apart(bid.stored)
        if not is_statement(bid.stored[place - 1])
    )
    tender = tuple(HeldFile("", file.name, file.sha256) for file in session.scalars(documents))
    bidders = {bid.organisation_id for bid in bids}
    return LotFiles(own, tender, _earlier(session, lot, bidders))


def numbered_apart(stored: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Names of one owner's files with their places from 1; a manifest may name two files alike."""
    seen: Counter[str] = Counter()
    names = []
    for place, row in enumerate(stored, start=1):
        name = str(row["name"])
        seen[name] += 1
        names.append((name if seen[name] == 1 else f"{name} ({seen[name]})", place))
    return names


def _earlier(session: Session, lot: Lot, bidders: set[str]) -> tuple[HeldFile, ...]:
    """Files of bids opened before this lot, of firms that do not bid in it, the newest first."""
    here = session.scalar(select(Opening.performed_seq).where(Opening.lot_id == lot.id))
    query = (
        select(SealedBid.organisation_id, VerdictRow.stored)
        .join(VerdictRow, VerdictRow.bid_id == SealedBid.id)
        .join(Opening, Opening.opening_id == VerdictRow.opening_id)
        .where(
            Opening.performed_seq < (here or 0),
            Opening.tender_id != lot.tender_id,
            SealedBid.organisation_id.not_in(bidders),
        )
        .order_by(Opening.performed_seq.desc(), SealedBid.id)
        .limit(MOST_EARLIER)
    )
    return tuple(
        HeldFile(owner, stored["name"], stored["sha256"])
        for owner, every in session.execute(query)
        for stored in every
        if not is_statement(stored)
    )[:MOST_EARLIER]
