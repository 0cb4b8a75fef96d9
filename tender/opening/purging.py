"""Blanking opened files and objections on the spot after their time; verdicts and prices stay."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.bids.models import SealedBid
from tender.core.retention import Purge, in_pieces
from tender.opening.models import Opening, OpeningObjection, VerdictRow


def purge_openings(purge: Purge) -> None:
    """Everything of this room."""
    _purge_opened_files(purge)
    _purge_objections(purge)


def _purge_objections(purge: Purge) -> None:
    """Blank what was said at the opening, and by whom."""
    for piece in in_pieces(purge.tenders("objection_papers")):
        query = (
            select(OpeningObjection)
            .join(Opening, Opening.opening_id == OpeningObjection.opening_id)
            .where(Opening.tender_id.in_(piece), OpeningObjection.text != "")
        )
        for objection in purge.session.scalars(query).all():
            if objection.organisation_id in purge.held:
                continue
            objection.text, objection.organisation_name = "", "-"
            objection.answer = None if objection.answer is None else ""
            purge.note("objection_papers")


def _purge_opened_files(purge: Purge) -> None:
    """Let go of the opened files of ended tenders."""
    for piece in in_pieces(purge.tenders("bid_files")):
        query = (
            select(VerdictRow, SealedBid.organisation_id)
            .join(SealedBid, SealedBid.id == VerdictRow.bid_id)
            .where(SealedBid.tender_id.in_(piece))
        )
        for verdict, organisation_id in purge.session.execute(query).all():
            if verdict.stored and organisation_id not in purge.held:
                purge.blobs.update(each["sha256"] for each in verdict.stored)
                purge.note("bid_files", len(verdict.stored))
                verdict.stored = []


def uses_of_opened_files(session: Session, digests: frozenset[str]) -> set[str]:
    """Digests of files that opened bids still list."""
    if not digests:
        return set()
    listed = session.scalars(select(VerdictRow.stored))
    return {each["sha256"] for stored in listed for each in stored} & digests
