"""The words of notices: finished blocks, OCDS sections and papers, from a tender's rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.encoding import timestamp
from tender.core import presenting
from tender.core.i18n import N_, gettext, speaking
from tender.procedure.custody.opening_records import record_of
from tender.procedure.dealings import dealing_row
from tender.procedure.facts import lots_of, method_row, pricing_of, stated_term, timeline_of
from tender.procedure.law.kinds import Direction, Kind, kind_row
from tender.procedure.lineage import previous_of, related_process
from tender.procedure.models import Lot, Tender, TenderDocument
from tender.publication.models import NoticeKind
from tender.publication.ocds import value
from tender.publication.papers.documents import PlainNotice, TenderNotice
from tender.publication.papers.parts import (
    Block,
    Custodian,
    Head,
    NoticeLot,
    Party,
    SealedFor,
    Step,
)
from tender.publication.service import Attachment, Content

TITLES: dict[Kind, str] = {
    Kind.CONSTRUCTION: N_("Tender notice"),
    Kind.PROCUREMENT: N_("Procurement notice"),
    Kind.LAND: N_("Notice of the granting of land use rights"),
    Kind.PROPERTY: N_("Notice of the transfer of property rights"),
    Kind.VILLAGE: N_("Village tender notice"),
}
FACT_LABELS: dict[str, str] = {
    "decision": N_("Decision to let or to procure"),
    "subject": N_("Subject"),
    "place": N_("Place"),
    "term_text": N_("Term"),
    "payment": N_("Payment"),
    "bidders": N_("Who may bid"),
    "conditions": N_("Conditions"),
    "evaluation": N_("How the winner is found"),
    "contract_text": N_("Contract"),
}
_APPROVAL = N_("Approval that this tender rests on")
OCDS_STATUS = "active"


def fact_label(tender: Tender, name: str) -> str:
    """What a fact is called; only a village decides by vote (村民会议), others by approval."""
    approved = name == "decision" and tender.kind is not Kind.VILLAGE
    return _APPROVAL if approved else FACT_LABELS[name]


def tender_notice(session: Session, tender: Tender, *, now: datetime, url: str) -> Content:
    """The tender notice (招标公告): everything that a bidder must know, printed and on the page."""
    lots = lots_of(session, tender.id)
    with speaking("zh"):
        steps = paper_steps(tender, now)
        title = f"{tender.title}{gettext(TITLES[tender.kind])}"
        blocks = (*_blocks(tender, lots), *_lineage(session, tender))
    sealed_for = tuple(_sealed_for(session, lot) for lot in lots)

    def paper(head: Head) -> TenderNotice:
        return TenderNotice(
            head=head,
            direction=tender.direction.value.lower(),
            kind=kind_row(tender.kind.value).name,
            method=method_row(tender).name,
            parties=parties(tender),
            lots=tuple(paper_lot(lot, tender) for lot in lots),
            steps=steps,
            sealed_for=sealed_for,
            blocks=blocks,
            notice_url=url,
            title=TITLES[tender.kind],
        )

    return Content(
        kind=NoticeKind.TENDER,
        title=title,
        blocks=blocks,
        tag="tender",
        sections={
            "tender": ocds_tender(tender, lots),
            **_related(session, tender, url.rpartition("/")[0]),
        },
        paper=paper,
        attachments=_attachments(session, tender),
    )


def _lineage(session: Session, tender: Tender) -> tuple[Block, ...]:
    """Which tender this one follows."""
    previous = previous_of(session, tender)
    if previous is None:
        return ()
    rows = ((N_("Earlier tender, ended without award"), f"{previous.number} {previous.title}"),)
    return (Block(heading=N_("Tendered again"), rows=rows),)


def _related(session: Session, tender: Tender, base: str) -> dict[str, Any]:
    previous = previous_of(session, tender)
    if previous is None:
        return {}
    process = related_process(session, previous, "unsuccessfulProcess", base)
    return {"relatedProcesses": [process]} if process else {}


def _attachments(session: Session, tender: Tender) -> tuple[Attachment, ...]:
    query = (
        select(TenderDocument)
        .where(TenderDocument.tender_id == tender.id, TenderDocument.public.is_(True))
        .where(TenderDocument.superseded_at.is_(None))
        .order_by(TenderDocument.added_at, TenderDocument.id)
    )
    return tuple(
        Attachment(
            title=each.title,
            name=each.file.name,
            media_type=each.file.media_type,
            size=each.file.size,
            sha256=each.file.sha256,
        )
        for each in session.scalars(query)
    )


def plain_notice(
    tender: Tender,
    kind: NoticeKind,
    title: str,
    blocks: Sequence[Block],
    *,
    tag: str = "tenderUpdate",
    sections: dict[str, Any] | None = None,
    steps: tuple[Step, ...] = (),
) -> Content:
    """Any notice that is blocks under a title: 澄清, 变更, 延期, 终止, 流标."""

    def paper(head: Head) -> PlainNotice:
        return PlainNotice(
            head=head, title=title, blocks=tuple(blocks), steps=steps, contacts=parties(tender)
        )

    return Content(
        kind=kind, title=title, blocks=tuple(blocks), tag=tag, sections=sections or {}, paper=paper
    )


def paper_steps(tender: Tender, now: datetime) -> tuple[Step, ...]:
    """The timeline as the paper prints it, in the present language."""
    return tuple(
        Step(
            label=step.name().text(),
            at=timestamp(step.at),
            article="；".join(article.wording().text() for article in step.articles),
            note="；".join(explanation.text() for explanation in step.explanations[:2]),
        )
        for step in timeline_of(tender, now=now)
    )


def parties(tender: Tender) -> tuple[Party, ...]:
    """Who is behind the tender and whom to call."""
    contact = tender.facts.get("contact") or {}
    role = N_("Tenderer") if tender.direction is Direction.PURCHASE else N_("Lessor or seller")
    return (
        Party(
            role=role,
            name=tender.organisation.name,
            contact=str(contact.get("name", "")),
            phone=str(contact.get("phone", "")),
            address=str(contact.get("address", "")),
        ),
    )


def paper_lot(lot: Lot, tender: Tender) -> NoticeLot:
    """A lot as the paper prints it."""
    years = stated_term(lot, tender)
    with speaking("zh"):
        basis = pricing_of(lot).wording().text()
        term = gettext("%(years)s years", years=years) if years else ""
    return NoticeLot(
        number=lot.number,
        name=lot.name,
        quantity=f"{lot.quantity.normalize():f}{lot.unit}",
        term=term,
        basis=basis,
        limit_fen=lot.limit_fen,
        bond_fen=tender.bond_fen or None,
    )


def _sealed_for(session: Session, lot: Lot) -> SealedFor:
    record = record_of(session, lot.opening_id or "")
    return SealedFor(
        lot=lot.number,
        part=record.part.value,
        opening_id=record.opening_id,
        record=record.to_bytes().decode(),
        threshold=record.threshold,
        custodians=tuple(Custodian(name=c.name, identity=c.identity) for c in record.custodians),
    )


def _blocks(tender: Tender, lots: Sequence[Lot]) -> tuple[Block, ...]:
    rows = [
        (fact_label(tender, name), _text(tender.facts[name]))
        for name in FACT_LABELS
        if tender.facts.get(name)
    ]
    blocks = [
        Block(
            heading=N_("About this tender"), rows=(*dealing_row(tender), *rows, *_together(tender))
        )
    ]
    for lot in lots:
        limit = (
            N_("Reserve price") if tender.direction is Direction.DISPOSAL else N_("Ceiling price")
        )
        shown = [
            (N_("Quantity"), f"{lot.quantity.normalize():f}{lot.unit}"),
            (N_("Price is bid"), pricing_of(lot).wording().text()),
        ]
        if lot.limit_fen is not None:
            shown.append((limit, f"{presenting.yuan(lot.limit_fen)} 元"))
        blocks.append(Block(heading=f"{lot.number}. {lot.name}", rows=tuple(shown)))
    if tender.bond_fen:
        amount = f"{presenting.yuan(tender.bond_fen)} 元"
        blocks.append(Block(heading=N_("Bid bond"), rows=((N_("Amount"), amount),)))
    return tuple(blocks)


def _together(tender: Tender) -> tuple[tuple[str, str], ...]:
    """Whether bidders may join and hand work on: a notice must say so (REG 37, O87 19)."""
    joint = N_("Accepted") if tender.joint_bids else N_("Not accepted")
    under = N_("Allowed") if tender.subcontracting else N_("Not allowed")
    rows = ((N_("Joint bids (consortia)"), joint), (N_("Subcontracting"), under))
    return rows if tender.direction is Direction.PURCHASE else rows[:1]


def _text(fact: Any) -> str:
    return fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)


def ocds_tender(tender: Tender, lots: Sequence[Lot], status: str = OCDS_STATUS) -> dict[str, Any]:
    """The OCDS tender section."""
    section: dict[str, Any] = {
        "status": status,
        "procurementMethod": "open",
        "awardCriteria": method_row(tender).ocds,
        "lots": [
            {
                "id": lot.number,
                "title": lot.name,
                "status": "active",
                **_limit(tender, lot),
            }
            for lot in lots
        ],
    }
    if tender.deadline is not None:
        section["bidOpening"] = {"date": timestamp(tender.deadline)}
    return section


def _limit(tender: Tender, lot: Lot) -> dict[str, Any]:
    if lot.limit_fen is None:
        return {}
    name = "minValue" if tender.direction is Direction.DISPOSAL else "value"
    return {name: value(pricing_of(lot).total(lot.limit_fen))}
