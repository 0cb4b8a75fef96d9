"""The opening record (开标记录, O20 art. 32): published as page, release and signed PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.encoding import timestamp
from tender.core import presenting
from tender.core.actor import SYSTEM
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.ledger.models import LedgerCheckpoint
from tender.opening.models import Opening, OpeningObjection, OpeningStatus
from tender.opening.releases import releases_of
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.custody.opening_records import record_of
from tender.procedure.facts import lots_of, pricing_of, public_facts
from tender.procedure.models import Lot, Tender, TenderStatus
from tender.procedure.notices import plain_notice
from tender.publication.models import NoticeKind
from tender.publication.ocds import value
from tender.publication.papers import parts
from tender.publication.papers.documents import OpeningRecordPaper
from tender.publication.service import Content, publish, set_stage
from tender.supervision.milestones import meet

VERDICTS: dict[str, str] = {
    "opened": N_("Opened"),
    "bidder_fault": N_("Not opened: the bidder's own fault (deemed revoked)"),
    "custody_fault": N_("Not opened: not the bidder's fault (deemed withdrawn)"),
    "not_released": N_("Not released"),
}


def publish_closing(
    session: Session,
    settings: Settings,
    tender: Tender,
    openings: Sequence[Opening],
    *,
    now: datetime,
) -> None:
    """Move the public stage on; a tender whose every lot has too few bids gets its notice."""
    facts = public_facts(session, tender, now=now)
    if tender.status is not TenderStatus.FAILED:
        set_stage(session, tender.id, tender.status.value)
        return
    with speaking("zh"):
        title = gettext(N_("%(title)s: the tender has failed"), title=tender.title)
        reason = gettext(
            N_("Fewer than %(minimum)s bids came in. Nothing was opened; a new tender may follow."),
            minimum=tender.minimum,
        )
    rows = tuple((f"{lot.number}. {lot.name}", reason) for lot in lots_of(session, tender.id))
    content = plain_notice(
        tender,
        NoticeKind.FAILURE,
        title,
        [parts.Block(heading=title, rows=rows)],
        sections={"tender": {"status": "unsuccessful"}},
    )
    publish(session, settings, facts, content, actor_id=SYSTEM, now=now)


def publish_record(session: Session, settings: Settings, opening_id: str, *, now: datetime) -> None:
    """Publish the opening record once every lot of the tender has been opened or has failed."""
    opening = session.get_one(Opening, opening_id)
    tender = session.get_one(Tender, opening.tender_id)
    if tender.status is not TenderStatus.OPENED:
        return
    meet(session, tender.id, "opening", now=now)
    lots = lots_of(session, tender.id)
    with speaking("zh"):
        title = gettext(N_("%(title)s: record of the bid opening"), title=tender.title)
        blocks = tuple(_block(session, lot) for lot in lots)
    papers = tuple(_paper_lot(session, lot) for lot in lots)
    objections = _objections(session, tender.id)

    def paper(head: parts.Head) -> OpeningRecordPaper:
        return OpeningRecordPaper(
            head=head,
            direction=tender.direction.value.lower(),
            deadline=timestamp(tender.deadline) if tender.deadline else "",
            closed_at=timestamp(tender.closed_at) if tender.closed_at else "",
            opened_at=timestamp(now),
            host=tender.organisation.name,
            lots=papers,
            objections=objections,
            checkpoint=_checkpoint(session, opening.closed_seq),
        )

    content = Content(
        kind=NoticeKind.OPENING,
        title=title,
        blocks=blocks,
        tag="tenderUpdate",
        sections={"tender": {"status": "active"}, "bids": _ocds_bids(session, lots)},
        paper=paper,
    )
    facts = public_facts(session, tender, now=now)
    publish(session, settings, facts, content, actor_id=SYSTEM, now=now)


def _block(session: Session, lot: Lot) -> parts.Block:
    opening = session.get(Opening, lot.opening_id) if lot.opening_id else None
    heading = f"{lot.number}. {lot.name}"
    if opening is None or opening.status is OpeningStatus.TOO_FEW:
        return parts.Block(
            heading=heading, paragraphs=(N_("Too few bids came in; nothing was opened."),)
        )
    return parts.Block(
        heading=heading,
        rows=tuple((bid.name, _outcome(bid)) for bid in judged_bids(session, lot.id)),
    )


def _outcome(bid: OpenedBid) -> str:
    if bid.price_fen is not None:
        return f"{presenting.yuan(bid.price_fen)} 元"
    return gettext(VERDICTS[bid.verdict])


def _paper_lot(session: Session, lot: Lot) -> parts.OpenedLot:
    opening = session.get_one(Opening, lot.opening_id)
    record = record_of(session, opening.opening_id)
    given = {each.key_id: each for each in releases_of(session, record)}
    with speaking("zh"):
        basis = pricing_of(lot).wording().text()
    return parts.OpenedLot(
        number=lot.number,
        name=lot.name,
        opening_id=opening.opening_id,
        threshold=record.threshold,
        basis=basis,
        limit_fen=lot.limit_fen,
        received=opening.count,
        minimum=record.minimum,
        bids=tuple(
            parts.OpenedBid(
                bidder=bid.name,
                submitted_at=timestamp(bid.submitted_at),
                verdict=bid.verdict,
                price_fen=bid.price_fen,
                reason=bid.reason or "",
                files=bid.files,
                sha256=bid.envelope_sha256,
            )
            for bid in judged_bids(session, lot.id)
        ),
        releases=tuple(
            parts.Release(
                custodian=key.name,
                released_at=timestamp(given[key.key_id].released_at) if key.key_id in given else "",
            )
            for key in record.custodians
        ),
        note=N_("Too few bids came in; nothing was opened.")
        if opening.status is OpeningStatus.TOO_FEW
        else "",
    )


def _objections(session: Session, tender_id: str) -> tuple[parts.SpotObjection, ...]:
    query = (
        select(OpeningObjection)
        .join(Opening, Opening.opening_id == OpeningObjection.opening_id)
        .where(Opening.tender_id == tender_id)
        .order_by(OpeningObjection.filed_at)
    )
    return tuple(
        parts.SpotObjection(
            by=each.organisation_name,
            at=timestamp(each.filed_at),
            text=each.text,
            answer=each.answer or "",
        )
        for each in session.scalars(query)
    )


def _checkpoint(session: Session, seq: int) -> str:
    query = (
        select(LedgerCheckpoint)
        .where(LedgerCheckpoint.size > seq)
        .order_by(LedgerCheckpoint.size)
        .limit(1)
    )
    found = session.scalars(query).first()
    return "" if found is None else f"{found.size} {found.root.hex()}"


def _ocds_bids(session: Session, lots: Sequence[Lot]) -> dict[str, object]:
    details = []
    for lot in lots:
        for bid in judged_bids(session, lot.id):
            row: dict[str, object] = {
                "id": bid.bid_id,
                "date": timestamp(bid.submitted_at),
                "status": "pending" if bid.verdict == "opened" else "disqualified",
                "tenderers": [{"id": bid.party_id, "name": bid.name}],
                "relatedLots": [lot.number],
            }
            if bid.price_fen is not None:
                row["value"] = value(pricing_of(lot).total(bid.price_fen))
            details.append(row)
    return {"details": details}
