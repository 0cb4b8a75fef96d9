"""Erasing what never counted: withdrawn, superseded and cancelled envelopes, stale uploads.

A thief of custodians' seeds could one day open what still lies about; so it does not lie about
longer than a complaint may need it. Hashes, sizes and receipts stay: the ledger verifies as before,
and a bidder can still prove what it had sent. Bids that counted at the closing stay, because
anybody must be able to compute their verdicts again.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.bids.models import BidStatus, SealedBid, Upload
from tender.bids.uploads import upload_path
from tender.core.actor import SYSTEM
from tender.core.purging import aged, drop_strays
from tender.core.retention import Purge, in_pieces
from tender.ledger import service as ledger
from tender.ledger.models import LedgerEntry
from tender.procedure.models import Lot, OpeningRecordRow

VOID = (BidStatus.WITHDRAWN, BidStatus.SUPERSEDED)
ERASED = "envelopes.erased"


def bidders_take_part(purge: Purge) -> None:
    """Tell the run who bid in which tender."""
    rows = select(SealedBid.tender_id, SealedBid.organisation_id, SealedBid.person_id).distinct()
    for tender_id, organisation_id, person_id in purge.session.execute(rows):
        purge.takes_part(organisation_id, tender_id)
        purge.takes_part(person_id, tender_id)


def purge_bids(purge: Purge) -> None:
    """Everything of this room."""
    _erase_void_bids(purge)
    _erase_counted_files(purge)
    _forget_networks(purge)
    _find_stray_uploads(purge)


def _erase_void_bids(purge: Purge) -> None:
    """Erase envelopes and uploads that do not count, of tenders that nobody can complain of."""
    for tender_id in purge.tenders("envelope_void"):
        query = (
            select(OpeningRecordRow)
            .join(Lot, Lot.id == OpeningRecordRow.lot_id)
            .where(Lot.tender_id == tender_id)
        )
        for record in purge.session.scalars(query).all():
            _erase(purge, record)


def _erase(purge: Purge, record: OpeningRecordRow) -> None:
    """One opening. Of a cancelled one nobody ever learns how many bids it had, nor whether any."""
    cancelled = record.void_at is not None
    query = select(SealedBid).where(
        SealedBid.opening_id == record.opening_id, SealedBid.erased_at.is_(None)
    )
    bids = [
        bid
        for bid in purge.session.scalars(query)
        if (cancelled or bid.status in VOID) and bid.organisation_id not in purge.held
    ]
    for bid in bids:
        bid.envelope = None
        bid.erased_at = purge.now
        bid.address = bid.agent = None
    purge.note("envelope_cancelled" if cancelled else "envelope_void", len(bids))
    _erase_uploads(purge, record.opening_id, {bid.upload_id for bid in bids})
    if bids and not cancelled:
        _tell(purge, record.opening_id, {"count": len(bids)})
    ever = record.lot.opening_id == record.opening_id
    if cancelled and ever and not _told(purge.session, record.opening_id):
        _tell(purge, record.opening_id, {})


def _tell(purge: Purge, opening_id: str, count: dict[str, int]) -> None:
    ledger.append(
        purge.session, ERASED, subject=opening_id, actor=SYSTEM, now=purge.now,
        fields={"opening": opening_id, **count},
    )  # fmt: skip


def _told(session: Session, opening_id: str) -> bool:
    query = select(LedgerEntry.seq).where(
        LedgerEntry.subject == opening_id, LedgerEntry.event == ERASED
    )
    return session.scalar(query.limit(1)) is not None


def _erase_uploads(purge: Purge, opening_id: str, of_bids: set[str | None]) -> None:
    query = select(Upload).where(Upload.opening_id == opening_id, Upload.erased_at.is_(None))
    for upload in purge.session.scalars(query).all():
        mine = upload.sealed_by is None or upload.id in of_bids
        if mine and upload.owner_id not in purge.held:
            upload.erased_at = purge.now
            purge.drop_path(upload_path(purge.settings, upload.id))
            purge.note("upload")


def _erase_counted_files(purge: Purge) -> None:
    """After the archive's time: the sealed files of bids that counted; their envelopes stay."""
    for piece in in_pieces(purge.tenders("bid_files")):
        query = select(SealedBid).where(
            SealedBid.tender_id.in_(piece), SealedBid.upload_id.is_not(None)
        )
        for bid in purge.session.scalars(query).all():
            upload = purge.session.get(Upload, bid.upload_id)
            held = bid.organisation_id in purge.held
            if upload is not None and upload.erased_at is None and not held:
                upload.erased_at = purge.now
                purge.drop_path(upload_path(purge.settings, upload.id))
                purge.note("bid_files")


def _forget_networks(purge: Purge) -> None:
    """Blank the addresses and browsers that bids came from."""
    for piece in in_pieces(purge.tenders("bid_network")):
        known = SealedBid.address.is_not(None) | SealedBid.agent.is_not(None)
        query = select(SealedBid).where(SealedBid.tender_id.in_(piece), known)
        for bid in purge.session.scalars(query).all():
            if bid.organisation_id not in purge.held:
                bid.address = bid.agent = None
                purge.note("bid_network")


def _find_stray_uploads(purge: Purge) -> None:
    """Files of uploads that no row names: their first request failed after the file was made."""
    folder = purge.settings.data / "uploads"
    found = {path.name: path for path in aged(purge, folder.glob("??/*"))}
    for piece in in_pieces(found):
        live = select(Upload.id).where(Upload.id.in_(piece), Upload.erased_at.is_(None))
        known = set(purge.session.scalars(live))
        drop_strays(purge, (found[name] for name in piece if name not in known))
