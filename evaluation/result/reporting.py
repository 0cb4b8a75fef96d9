"""The evaluation report (评标报告): signed by each member, dissent recorded, made as a PDF.

It names seats, not people: names are secret until the result (TBL 37) and stand in the result
notice. A member who neither signs nor states a dissent counts as agreeing (REG 53).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.low_price.papers import report_parts
from evaluation.models import Evaluation
from evaluation.panel.panel import draw_of, members_of
from evaluation.panel.seating import member_for
from evaluation.panel.sheets import judged_criteria, locked, locked_sheets
from evaluation.result.papers import (
    basis_text,
    criterion_lines,
    ranked_bids,
    ranked_name,
    rejected_bids,
    result_block,
)
from evaluation.scoring.criteria import scale_of
from evaluation.scoring.sheet import subtotal
from keys.encoding import timestamp
from tender.core.actor import Actor
from tender.core.errors import conflict
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.procedure.facts import lots_of, method_row, public_facts, tender_by_id
from tender.procedure.models import Lot, LotStatus, Tender, TenderStatus
from tender.procedure.notices import plain_notice
from tender.procedure.states import LOT, TENDER
from tender.publication.models import IssuedDocument, NoticeKind
from tender.publication.papers import parts
from tender.publication.papers.documents import TITLES, DocumentKind, EvaluationReport
from tender.publication.service import issue_document, publish
from tender.supervision.milestones import end

SEAT = N_("Member in seat %(seat)s")


def reports_at_once(session: Session, tender: Tender) -> bool:
    """Whether nobody needs to sign: a ranking by price alone has no panel."""
    return not members_of(session, tender.id)


def sign_report(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    dissent: str,
    *,
    now: datetime,
) -> None:
    """A member signs the report, or states a dissent (不同意见); the last one lets it be made."""
    member = member_for(session, actor, tender_id)
    tender = tender_by_id(session, tender_id)
    if tender.status is not TenderStatus.EVALUATED or member.submitted_at is None:
        raise conflict("report.not_yet", N_("There is no evaluation report to sign now."))
    if member.signed_at is not None:
        raise conflict("report.signed", N_("You have signed this report already."))
    member.signed_at = now
    member.dissent = dissent.strip()[:4000] or None
    results = session.scalars(select(Evaluation).where(Evaluation.tender_id == tender.id))
    ledger.append(
        session, "report.signed", subject=tender.id, actor=member.id, now=now,
        fields={
            "tender": tender.number, "results": sorted(row.ledger_seq for row in results),
            "dissent": member.dissent is not None,
        },
        private={"dissent": member.dissent} if member.dissent else None,
    )  # fmt: skip
    session.flush()
    if all(each.signed_at is not None for each in members_of(session, tender.id)):
        issue_report(session, settings, tender, now=now)


def issue_report(session: Session, settings: Settings, tender: Tender, *, now: datetime) -> None:
    """Order the report's PDF once for each evaluation; asking again changes nothing."""
    kind = DocumentKind.EVALUATION_REPORT.value
    made = select(IssuedDocument.id).where(
        IssuedDocument.tender_id == tender.id,
        IssuedDocument.kind == kind,
        IssuedDocument.created_at >= tender.evaluated_at,
    )
    if session.scalar(made) is not None:
        return
    with speaking("zh"):
        title = f"{tender.title}{gettext(TITLES[DocumentKind.EVALUATION_REPORT])}"
        body = _report(session, tender)

    def paper(head: parts.Head) -> EvaluationReport:
        return EvaluationReport(head=head, **body)

    issue_document(
        session, settings, public_facts(session, tender, now=now), kind=kind, title=title,
        paper=paper, now=now, public=False, recipient_id=tender.organisation_id,
    )  # fmt: skip


def tell_failed(
    session: Session, settings: Settings, actor: Actor, tender: Tender, *, now: datetime
) -> None:
    """End a tender whose every lot has failed, with its notice (流标公告)."""
    results = {
        row.lot_id: row
        for row in session.scalars(select(Evaluation).where(Evaluation.tender_id == tender.id))
    }
    blocks = [
        result_block(session, tender, lot, results.get(lot.id), 0)
        for lot in lots_of(session, tender.id)
    ]
    for lot in lots_of(session, tender.id):
        if lot.status is LotStatus.OPENED:
            advance(lot, LotStatus.FAILED, LOT)
    advance(tender, TenderStatus.FAILED, TENDER)
    end(session, tender.id, now=now)
    with speaking("zh"):
        title = gettext(N_("%(title)s: the tender has failed"), title=tender.title)
    content = plain_notice(
        tender, NoticeKind.FAILURE, title, blocks, sections={"tender": {"status": "unsuccessful"}}
    )
    facts = public_facts(session, tender, now=now)
    publish(session, settings, facts, content, actor_id=actor.person_id, now=now)


def _report(session: Session, tender: Tender) -> dict[str, Any]:
    members = members_of(session, tender.id)
    made = draw_of(session, tender.id)
    results = {
        row.lot_id: row
        for row in session.scalars(select(Evaluation).where(Evaluation.tender_id == tender.id))
    }
    began = (made.drawn_at if made else None) or tender.opened_at or tender.deadline
    return {
        "direction": tender.direction.value.lower(),
        "method": method_row(tender).name,
        "began_at": timestamp(began) if began else "",
        "ended_at": timestamp(tender.evaluated_at) if tender.evaluated_at else "",
        "panel": tuple(
            parts.PanelMember(name=gettext(SEAT, seat=m.position), role=N_("Member"))
            for m in members
        ),
        "lots": tuple(
            _lot(session, tender, lot, results.get(lot.id)) for lot in lots_of(session, tender.id)
        ),
        "draw": gettext(
            N_("Drawn at random from a frozen pool; its hash is %(hash)s."), hash=made.pool_sha256
        )
        if made
        else "",
        "clarifications": report_parts(session, tender),
        "dissent": tuple((gettext(SEAT, seat=m.position), m.dissent) for m in members if m.dissent),
    }


def _lot(
    session: Session, tender: Tender, lot: Lot, result: Evaluation | None
) -> parts.EvaluatedLot:
    ranking = result.ranking if result else []
    names = "、".join(f"{row['rank']}. {ranked_name(row)}" for row in ranking[:3])
    reason = result.failed_reason if result else N_("Too few bids came in; nothing was opened.")
    said = gettext(N_("Recommended in this order: %(names)s."), names=names) if names else ""
    return parts.EvaluatedLot(
        number=lot.number,
        name=lot.name,
        basis=basis_text(lot),
        ranked=ranked_bids(session, tender, result, steps=True) if result else (),
        rejected=rejected_bids(session, tender, lot, result),
        criteria=criterion_lines(session, tender),
        sheets=_sheets(session, tender, [row["bid"] for row in ranking]),
        recommendation=said or gettext(reason or ""),
    )


def _sheets(session: Session, tender: Tender, bids: list[str]) -> tuple[parts.Sheet, ...]:
    if not locked(session, tender.id):
        return ()
    scales = [scale_of(row, tender) for row in judged_criteria(session, tender)]
    return tuple(
        parts.Sheet(
            member=gettext(SEAT, seat=member.position),
            totals=tuple(f"{subtotal(scales, bid, marks):f}" for bid in bids),
        )
        for member, marks in locked_sheets(session, tender.id)
    )
