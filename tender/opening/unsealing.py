"""Performing an opening: verdicts of all bids that counted, their prices and their files.

The verdict is a function of public data (docs/sealed-bid.md), so whoever performs it, and however
often, finds the same. Decryption runs outside the write lock; a lease keeps two processes from
doing the same work, and the primary key of `verdict` keeps them from writing it twice.
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.plainfiles import verdicts_digest
from keys.records import OpeningRecord
from keys.verdict import Judgement, Released, gather, judge
from tender.bids.models import BidStatus, SealedBid
from tender.bids.uploads import upload_path
from tender.core.actor import SYSTEM
from tender.core.files import adopt_blob
from tender.core.platform import Platform
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.opening.models import Opening, OpeningStatus, VerdictRow
from tender.opening.releases import releases_of
from tender.procedure.custody.opening_records import record_of
from tender.procedure.models import Lot, LotStatus, Tender, TenderStatus
from tender.procedure.states import LOT, TENDER


@dataclass(frozen=True)
class Judged:
    """One bid with its judgement and where its opened files were stored."""

    bid: SealedBid
    judgement: Judgement
    stored: list[dict[str, Any]]


def ready(session: Session) -> list[str]:
    """Openings that wait and have enough releases."""
    query = select(Opening).where(Opening.status == OpeningStatus.CLOSED)
    found = []
    for opening in session.scalars(query):
        record = record_of(session, opening.opening_id)
        if len(releases_of(session, record)) >= record.threshold:
            found.append(opening.opening_id)
    return found


def counted_bids(session: Session, opening_id: str) -> list[SealedBid]:
    """The bids that counted at the closing, in the order of their ledger entries."""
    counted = (BidStatus.PENDING, BidStatus.OPENED, BidStatus.NOT_OPENED)
    query = (
        select(SealedBid)
        .where(SealedBid.opening_id == opening_id, SealedBid.status.in_(counted))
        .order_by(SealedBid.ledger_seq)
    )
    return list(session.scalars(query))


def judge_opening(platform: Platform, opening_id: str) -> list[Judged]:
    """Judge every bid that counted; the opened files go into the store, nothing else is written.

    As many bids at a time as there are processors: hashing and decryption leave the interpreter
    to others, and while one bid's files are made durable the next is decrypted.
    """
    with platform.database.read() as session:
        record = record_of(session, opening_id)
        released = gather(record, releases_of(session, record))
        bids = counted_bids(session, opening_id)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda bid: _judge(platform, record, released, bid), bids))


def _judge(platform: Platform, record: OpeningRecord, released: Released, bid: SealedBid) -> Judged:
    settings = platform.settings
    files = upload_path(settings, bid.upload_id) if bid.upload_id else None
    with tempfile.TemporaryDirectory(
        prefix="opening-", dir=_working(settings.data), ignore_cleanup_errors=True
    ) as working:
        judgement = judge(
            record,
            released,
            bid.envelope or b"",
            bidder=bid.party_id,
            sequence=bid.sequence,
            sha256=bid.envelope_sha256,
            size=bid.envelope_size,
            files=files,
            files_digest=bid.files_digest,
            files_size=bid.files_size,
            out_dir=Path(working) / "files" if files else None,
        )
        return Judged(bid, judgement, _keep(settings.store, Path(working) / "files", judgement))


def _working(data: Path) -> Path:
    path = data / "run"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _keep(store: Path, directory: Path, judgement: Judgement) -> list[dict[str, Any]]:
    """Store the opened files under the digests that judging has compared with theirs."""
    if judgement.files != "opened" or judgement.manifest is None:
        return []
    stored = []
    for number, file in enumerate(judgement.manifest.files, start=1):
        size = adopt_blob(store, directory / f"{number:04d}", file.sha256)
        stored.append({"name": file.name, "sha256": file.sha256, "size": size})
    return stored


def write_verdicts(
    session: Session, opening_id: str, judged: list[Judged], *, now: datetime
) -> bool:
    """Enter verdicts and prices; False if the opening was performed meanwhile. Needs the lock."""
    opening = session.get_one(Opening, opening_id)
    if opening.status is not OpeningStatus.CLOSED:
        return False
    lot = session.get_one(Lot, opening.lot_id)
    for each in judged:
        opened = each.judgement.verdict == "opened"
        manifest = each.judgement.manifest if opened else None
        session.add(
            VerdictRow(
                bid_id=each.bid.id,
                opening_id=opening_id,
                verdict=each.judgement.verdict.value,
                reason=each.judgement.reason,
                files=each.judgement.files.value,
                price_fen=manifest.prices_fen.get(lot.number) if manifest else None,
                manifest=manifest.to_object() if manifest else None,
                stored=each.stored,
            )
        )
        bid = session.get_one(SealedBid, each.bid.id)
        bid.status = BidStatus.OPENED if opened else BidStatus.NOT_OPENED
    entry = ledger.append(
        session,
        "opening.performed",
        subject=opening.tender_id,
        actor=SYSTEM,
        now=now,
        fields={
            "opening": opening_id,
            "verdicts_sha256": verdicts_digest(_row_of(each) for each in judged),
        },
    )
    opening.status = OpeningStatus.PERFORMED
    opening.performed_at = now
    opening.performed_seq = entry.seq
    advance(lot, LotStatus.OPENED, LOT)
    _finish_tender(session, session.get_one(Tender, opening.tender_id), now)
    return True


def verdict_row(
    bid: SealedBid, verdict: str, files: str, prices_fen: dict[str, int]
) -> dict[str, Any]:
    """One row of verdicts.json, as docs/ledger.md lays it down."""
    return {
        "bid": bid.id,
        "bidder": bid.party_id,
        "sequence": bid.sequence,
        "sha256": bid.envelope_sha256,
        "size": bid.envelope_size,
        "verdict": verdict,
        "files": files,
        "prices_fen": prices_fen,
    }


def _row_of(judged: Judged) -> dict[str, Any]:
    manifest = judged.judgement.manifest
    prices = dict(manifest.prices_fen) if manifest is not None else {}
    return verdict_row(
        judged.bid, judged.judgement.verdict.value, judged.judgement.files.value, prices
    )


def _finish_tender(session: Session, tender: Tender, now: datetime) -> None:
    session.flush()
    waiting = session.scalars(
        select(Opening).where(
            Opening.tender_id == tender.id, Opening.status == OpeningStatus.CLOSED
        )
    ).first()
    if waiting is None and tender.status is TenderStatus.CLOSED:
        advance(tender, TenderStatus.OPENED, TENDER)
        tender.opened_at = now
