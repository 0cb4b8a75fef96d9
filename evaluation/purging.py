"""Blanking what the evaluation keeps of people: frozen pools, panels' words, prices explained."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from evaluation.findings.purging import purge_findings
from evaluation.low_price.models import LowPriceReview, LowPriceVote
from evaluation.models import (
    Contract,
    ContractTie,
    PanelDraw,
    PanelMember,
    Rejection,
    ScoreChange,
    ScoreItem,
)
from tender.core.retention import Purge, in_pieces
from tender.procedure.models import Lot


def experts_take_part(purge: Purge) -> None:
    """Tell the run who sat, or may still be drawn, on which panel."""
    session = purge.session
    members = select(PanelMember.tender_id, PanelMember.person_id)
    for tender_id, person_id in session.execute(members):
        purge.takes_part(person_id, tender_id)
    for tender_id, pool in session.execute(select(PanelDraw.tender_id, PanelDraw.pool)):
        if tender_id not in purge.ended:
            for expert in pool:
                purge.takes_part(expert["id"], tender_id)


def purge_evaluation(purge: Purge) -> None:
    """Blank draws, panels' words and reviews, let go of contracts, delete findings."""
    for piece in in_pieces(purge.tenders("panel_draw")):
        _purge_draws(purge, piece)
    for piece in in_pieces(purge.tenders("panel_papers")):
        _purge_words(purge, piece)
    for piece in in_pieces(purge.tenders("low_price")):
        _purge_reviews(purge, piece)
    for piece in in_pieces(purge.tenders("contract_file")):
        _purge_contracts(purge, piece)
    purge_findings(purge)


def _purge_draws(purge: Purge, tenders: Sequence[str]) -> None:
    """Blank pools and parties; of the order the places stay, without the reasons that name kin."""
    query = select(PanelDraw).where(PanelDraw.tender_id.in_(tenders))
    for draw in purge.session.scalars(query).all():
        if draw.pool:
            draw.pool, draw.parties = [], {}
            draw.order = [{**place, "reasons": []} for place in draw.order]
            draw.contributions = [
                {name: value for name, value in each.items() if name != "words"}
                for each in draw.contributions
            ]
            purge.note("panel_draw")


def _purge_words(purge: Purge, tenders: Sequence[str]) -> None:
    """Blank what members gave as reasons; scores, votes and grounds stay."""
    session, kind = purge.session, "panel_papers"
    members = select(PanelMember).where(PanelMember.tender_id.in_(tenders))
    for member in session.scalars(members).all():
        if member.reason or member.outlier_reason or member.dissent:
            member.reason = member.outlier_reason = member.dissent = None
            purge.note(kind)
    seats = select(PanelMember.id).where(PanelMember.tender_id.in_(tenders))
    for model in (ScoreItem, ScoreChange, LowPriceVote):
        said = update(model).where(model.member_id.in_(seats), model.reason != "")
        done = session.execute(said.values(reason="").returning(model.member_id))
        purge.note(kind, len(done.all()))
    for rejection in session.scalars(
        select(Rejection).where(Rejection.tender_id.in_(tenders), Rejection.reason != "")
    ).all():
        rejection.reason, rejection.wording = "", None
        purge.note(kind)


def _purge_reviews(purge: Purge, tenders: Sequence[str]) -> None:
    """Blank why a price was asked about and how it was explained, with the papers."""
    query = select(LowPriceReview).where(LowPriceReview.tender_id.in_(tenders))
    for review in purge.session.scalars(query).all():
        told = review.question or review.answer or review.files
        if not told or review.organisation_id in purge.held:
            continue
        for paper in review.files:
            purge.drop_id(paper["file"])
        review.question, review.files = "", []
        review.answer = None if review.answer is None else ""
        purge.note("low_price")


def _purge_contracts(purge: Purge, tenders: Sequence[str]) -> None:
    """Let go of scanned contracts, and of who carries out parts of them."""
    session = purge.session
    lots = select(Lot.id).where(Lot.tender_id.in_(tenders))
    scanned = select(Contract).where(Contract.lot_id.in_(lots), Contract.file_id.is_not(None))
    for contract in session.scalars(scanned).all():
        purge.drop_id(contract.file_id)
        contract.file_id = None
        purge.note("contract_file")
    named = select(ContractTie).where(ContractTie.lot_id.in_(lots), ContractTie.name != "-")
    for tie in session.scalars(named).all():
        tie.name, tie.code, tie.work = "-", "", ""
        purge.note("contract_file")
