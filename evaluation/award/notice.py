"""The result notice (中标结果公告) with the panel's names, and its OCDS award release."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from evaluation.award.candidates import most_candidates
from evaluation.dates import article_of, dates_of
from evaluation.low_price.papers import result_blocks
from evaluation.models import Award, Evaluation
from evaluation.result.papers import (
    TOO_FEW,
    basis_text,
    failed_text,
    ocds_bids,
    ocds_parties,
    ranked_bids,
    ranked_name,
    rejected_bids,
    result_block,
)
from keys.encoding import timestamp
from tender.accounts.models import Organisation
from tender.core import presenting
from tender.core.clock import legal_day
from tender.core.i18n import N_, gettext
from tender.procedure.facts import lots_of
from tender.procedure.models import Lot, Tender
from tender.procedure.notices import ocds_tender, parties
from tender.procedure.timeline.milestones import MilestoneCode
from tender.procedure.timeline.timeline import INSTANT
from tender.publication.models import NoticeKind
from tender.publication.ocds import value
from tender.publication.papers import parts
from tender.publication.papers.documents import TITLES, DocumentKind, ResultNotice
from tender.publication.service import Content

Results = dict[str, Evaluation]


def result_content(
    session: Session,
    tender: Tender,
    awards: Sequence[Award],
    results: Results,
    panel: tuple[str, ...],
    now: datetime,
) -> Content:
    """The notice of who won each lot, who did not and why; failed lots are named."""
    won = {award.lot_id: award for award in awards}
    lots = lots_of(session, tender.id)
    title = f"{tender.title}{gettext(TITLES[DocumentKind.RESULT_NOTICE])}"
    blocks = [_block(session, tender, lot, won.get(lot.id), results.get(lot.id)) for lot in lots]
    blocks += result_blocks(session, tender, lots)
    if panel:
        blocks.append(parts.Block(heading=gettext(N_("The panel")), paragraphs=("、".join(panel),)))
    papers = tuple(_lot(session, tender, lot, won.get(lot.id), results.get(lot.id)) for lot in lots)
    dates = dates_of(tender, now=now)
    end = dates.get(MilestoneCode.AWARD_NOTICE_END)

    def paper(head: parts.Head) -> ResultNotice:
        return ResultNotice(
            head=head,
            direction=tender.direction.value.lower(),
            lots=papers,
            contacts=parties(tender),
            panel=panel,
            public_until=legal_day(end.at - INSTANT) if end else "",
            notice_published_on=legal_day(tender.published_at) if tender.published_at else "",
            article=article_of(dates.get(MilestoneCode.AWARD_NOTICE)),
        )

    return Content(
        kind=NoticeKind.RESULT,
        title=title,
        blocks=tuple(blocks),
        tag="award",
        sections=_sections(session, tender, lots, won),
        paper=paper,
    )


def bidder_name(session: Session, organisation_id: str) -> str:
    """A bidder's name as registered."""
    return session.get_one(Organisation, organisation_id).name


def winner_name(session: Session, award: Award) -> str:
    """The winner as documents name it, with the members of its joint bid."""
    result = session.get_one(Evaluation, award.lot_id)
    return ranked_name(next(row for row in result.ranking if row["bid"] == award.bid_id))


def _block(
    session: Session, tender: Tender, lot: Lot, award: Award | None, result: Evaluation | None
) -> parts.Block:
    ranked = result_block(session, tender, lot, result, most_candidates(tender))
    if award is None:
        return ranked
    rows = (
        (gettext(N_("Winner")), winner_name(session, award)),
        (
            gettext(N_("Price as bid")),
            f"{presenting.yuan(award.price_fen)} 元（{basis_text(lot)}）",
        ),
        (
            gettext(N_("Award amount, total over the term")),
            f"{presenting.yuan(award.total_fen)} 元",
        ),
    )
    reason = (award.reason,) if award.reason else ()
    return parts.Block(heading=ranked.heading, paragraphs=reason, rows=(*rows, *ranked.rows))


def _lot(
    session: Session, tender: Tender, lot: Lot, award: Award | None, result: Evaluation | None
) -> parts.ResultLot:
    ranked = ranked_bids(session, tender, result) if result else ()
    rejected = rejected_bids(session, tender, lot, result)
    if award is None:
        return parts.ResultLot(
            number=lot.number, name=lot.name, ranked=ranked, rejected=rejected,
            failed=failed_text(result) if result else TOO_FEW,
        )  # fmt: skip
    winner = session.get_one(Organisation, award.organisation_id)
    name = winner_name(session, award)
    score = next(each.total for each in ranked if each.bidder == name)
    return parts.ResultLot(
        number=lot.number,
        name=lot.name,
        winner=name,
        winner_address=winner.address or "",
        price_fen=award.price_fen,
        total_fen=award.total_fen,
        basis=basis_text(lot),
        score=score,
        ranked=ranked,
        rejected=rejected,
    )


def _sections(
    session: Session, tender: Tender, lots: list[Lot], won: dict[str, Award]
) -> dict[str, Any]:
    names = {award.organisation_id: award for award in won.values()}
    suppliers = {identity: session.get_one(Organisation, identity).party_id for identity in names}
    awards = [
        {
            "id": f"{tender.number}-award-{lot.number}",
            "title": lot.name,
            "status": "active",
            "date": timestamp(award.awarded_at),
            "value": value(award.total_fen),
            "suppliers": [
                {
                    "id": suppliers[award.organisation_id],
                    "name": bidder_name(session, award.organisation_id),
                }
            ],
            "relatedLots": [lot.number],
            "relatedBids": [award.bid_id],
        }
        for lot in lots
        if (award := won.get(lot.id)) is not None
    ]
    section = ocds_tender(tender, lots, "complete")
    for row, lot in zip(section["lots"], lots, strict=True):
        row["status"] = "complete" if lot.id in won else "unsuccessful"
    return {
        "tender": section,
        "bids": ocds_bids(session, tender),
        "awards": awards,
        "parties": ocds_parties(session, tender, set(suppliers.values())),
    }
