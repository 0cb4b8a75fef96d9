"""Closing (截止): the entry `opening.closed`, after which no bid comes in and nothing is postponed.

What is due follows from the stored deadline and the clock; whichever process ticks first closes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from keys import encoding
from tender.bids.models import BidStatus, SealedBid
from tender.core.actor import SYSTEM
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.opening.models import Opening, OpeningStatus
from tender.procedure.models import Lot, LotStatus, Tender, TenderStatus
from tender.procedure.states import LOT, TENDER
from tender.supervision.milestones import end


def due_to_close(session: Session, *, now: datetime) -> list[Tender]:
    """Published tenders whose deadline has passed; a paused one waits."""
    query = (
        select(Tender)
        .where(
            Tender.status == TenderStatus.PUBLISHED,
            Tender.deadline <= now,
            Tender.paused_at.is_(None),
        )
        .order_by(Tender.deadline)
    )
    return list(session.scalars(query))


def lots_of(session: Session, tender_id: str) -> list[Lot]:
    """A tender's lots in order."""
    query = select(Lot).where(Lot.tender_id == tender_id).order_by(Lot.number)
    return sorted(session.scalars(query), key=lambda lot: (len(lot.number), lot.number))


def close_tender(session: Session, tender: Tender, *, now: datetime) -> list[Opening]:
    """Close every lot of a tender whose deadline has passed. Needs the write lock.

    Fewer bids than the record's minimum: nothing will be released, the lot has failed.
    """
    closed = []
    for lot in lots_of(session, tender.id):
        if lot.status is LotStatus.OPEN and lot.opening_id is not None:
            closed.append(_close_lot(session, tender, lot, lot.opening_id, now))
    advance(tender, TenderStatus.CLOSED, TENDER)
    tender.closed_at = now
    if closed and all(each.status is OpeningStatus.TOO_FEW for each in closed):
        advance(tender, TenderStatus.FAILED, TENDER)
        end(session, tender.id, now=now)
    return closed


def _close_lot(
    session: Session, tender: Tender, lot: Lot, opening_id: str, now: datetime
) -> Opening:
    standing = (SealedBid.opening_id == opening_id, SealedBid.status == BidStatus.PENDING)
    count = session.scalar(select(func.count()).select_from(SealedBid).where(*standing)) or 0
    last = ledger.last_entry(session)
    if last is None or tender.deadline is None:
        raise RuntimeError("a published tender without deadline or ledger")
    entry = ledger.append(
        session,
        "opening.closed",
        subject=tender.id,
        actor=SYSTEM,
        now=now,
        fields={
            "opening": opening_id,
            "count": count,
            "last": last.seq,
            "deadline": encoding.timestamp(tender.deadline),
        },
    )
    ledger.reveal(session, opening_id)
    enough = count >= tender.minimum
    opening = Opening(
        opening_id=opening_id,
        tender_id=tender.id,
        lot_id=lot.id,
        status=OpeningStatus.CLOSED if enough else OpeningStatus.TOO_FEW,
        count=count,
        last_seq=last.seq,
        closed_seq=entry.seq,
        closed_at=now,
    )
    session.add(opening)
    advance(lot, LotStatus.CLOSED, LOT)
    if not enough:
        advance(lot, LotStatus.FAILED, LOT)
    session.flush()
    return opening
