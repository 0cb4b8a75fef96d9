"""The candidates notice (中标候选人公示): at most three a lot, scores, rejections, standstill."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from evaluation.dates import article_of, dates_of, has_candidates, reschedule
from evaluation.models import Evaluation
from evaluation.panel.review import require_not_paused
from evaluation.result.papers import (
    TOO_FEW,
    basis_text,
    failed_text,
    ocds_bids,
    ocds_parties,
    ranked_name,
    rejected_bids,
    result_block,
    scored_criteria,
)
from evaluation.result.reporting import issue_report
from evaluation.result.result import evaluations_of
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.clock import legal_day
from tender.core.errors import conflict
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.core.states import advance
from tender.procedure.facts import lots_of, public_facts, tender_by_id
from tender.procedure.law.law import law
from tender.procedure.local_law.binding import overrides_of
from tender.procedure.models import Lot, Tender, TenderStatus
from tender.procedure.notices import parties
from tender.procedure.states import TENDER
from tender.procedure.timeline.calendar import day_of
from tender.procedure.timeline.milestones import MilestoneCode
from tender.procedure.timeline.timeline import INSTANT
from tender.publication.models import Notice, NoticeKind
from tender.publication.papers import parts
from tender.publication.papers.documents import TITLES, CandidatesNotice, DocumentKind
from tender.publication.service import Content, publish
from tender.supervision.milestones import meet


def publish_candidates(
    session: Session, actor: Actor, settings: Settings, tender_id: str, *, now: datetime
) -> Notice:
    """Publish the candidates; the standstill runs from now to the end that the law sets."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.CANDIDATES_PUBLISH, on=tender)
    require_not_paused(tender)
    if not has_candidates(tender):
        raise conflict(
            "candidates.none",
            N_("Procurement has no candidates notice. Make the award; its result is published."),
        )
    advance(tender, TenderStatus.CANDIDATES, TENDER)
    issue_report(session, settings, tender, now=now)
    tender.standstill_from, tender.standstill_until = now, None
    tender.changed_at = now
    dates = dates_of(tender, now=now)
    end = dates[MilestoneCode.STANDSTILL_END]
    tender.standstill_until = end.at
    meet(session, tender.id, "candidates", now=now)
    reschedule(session, tender, now=now)
    session.flush()
    with speaking("zh"):
        content = _content(session, tender, article_of(end))
    facts = public_facts(session, tender, now=now)
    return publish(session, settings, facts, content, actor_id=actor.person_id, now=now)


def most_candidates(tender: Tender) -> int:
    """How many ranked candidates the law allows (REG 53)."""
    day = day_of(tender.published_at or tender.created_at)
    own = overrides_of(tender, now=tender.created_at)
    rule = law().lookup(tender.kind.value, "candidates_max", on=day, overrides=own)
    return rule.required.whole


def _content(session: Session, tender: Tender, article: str) -> Content:
    results = evaluations_of(session, tender.id)
    lots = lots_of(session, tender.id)
    most = most_candidates(tender)
    start, end = tender.standstill_from, tender.standstill_until
    if start is None or end is None:
        raise RuntimeError("a candidates notice states its standstill")
    title = f"{tender.title}{gettext(TITLES[DocumentKind.CANDIDATES_NOTICE])}"
    # The standstill ends at 24:00, which is the first moment of the next day.
    last = legal_day(end - INSTANT)
    period = gettext(
        N_("Published from %(start)s to %(end)s; objections until then."),
        start=legal_day(start), end=last,
    )  # fmt: skip
    papers = tuple(_lot(session, tender, lot, results.get(lot.id), most) for lot in lots)
    blocks = (
        parts.Block(heading=title, paragraphs=tuple(p for p in (period, article) if p)),
        *(result_block(session, tender, lot, results.get(lot.id), most) for lot in lots),
    )

    def paper(head: parts.Head) -> CandidatesNotice:
        return CandidatesNotice(
            head=head,
            direction=tender.direction.value.lower(),
            standstill_from=legal_day(start),
            standstill_to=last,
            lots=papers,
            contacts=parties(tender),
            article=article,
        )

    return Content(
        kind=NoticeKind.CANDIDATES,
        title=title,
        blocks=blocks,
        tag="tenderUpdate",
        sections={
            "tender": {"status": "active"},
            "bids": ocds_bids(session, tender),
            "parties": ocds_parties(session, tender, set()),
        },
        paper=paper,
    )


def _lot(
    session: Session, tender: Tender, lot: Lot, result: Evaluation | None, most: int
) -> parts.CandidateLot:
    criteria = {row.code: row.name for row in scored_criteria(session, tender)}
    candidates = tuple(
        parts.Candidate(
            rank=row["rank"],
            bidder=ranked_name(row),
            price_fen=row["price_fen"],
            total=row["total"] if criteria else "",
            facts=tuple((criteria[code], score) for code, score in row["scores"].items()),
        )
        for row in (result.ranking if result else [])[:most]
    )
    return parts.CandidateLot(
        number=lot.number,
        name=lot.name,
        basis=basis_text(lot),
        candidates=candidates,
        rejected=rejected_bids(session, tender, lot, result),
        failed=failed_text(result) if result else TOO_FEW,
    )
