"""Blanking the opened files of bids when the archive's time is over; verdicts and prices stay."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.bids.models import SealedBid
from tender.core.retention import Purge, in_pieces
from tender.opening.models import VerdictRow


def purge_opened_files(purge: Purge) -> None:
    """Let go of the opened files of ended tenders."""
    for piece in in_pieces(purge.tenders("bid_files")):
        query = (
            select(VerdictRow)
            .join(SealedBid, SealedBid.id == VerdictRow.bid_id)
            .where(SealedBid.tender_id.in_(piece))
        )
        for verdict in purge.session.scalars(query).all():
            if verdict.stored:
                purge.blobs.update(each["sha256"] for each in verdict.stored)
                purge.note("bid_files", len(verdict.stored))
                verdict.stored = []


def uses_of_opened_files(session: Session, digests: frozenset[str]) -> set[str]:
    """Digests of files that opened bids still list."""
    if not digests:
        return set()
    listed = session.scalars(select(VerdictRow.stored))
    return {each["sha256"] for stored in listed for each in stored} & digests
