"""Blanking what the procedure keeps of people: payers, askers, drafts, remarks of reviewers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from tender.core.retention import Purge, in_pieces
from tender.procedure.models import (
    Amendment,
    AmendmentFile,
    AmendmentStatus,
    Bond,
    DraftVersion,
    Question,
    Tender,
    TenderDocument,
)


def staff_take_part(purge: Purge) -> None:
    """Tell the run who made and reviewed which tender, paid a bond for it or asked about it."""
    session = purge.session
    rows = select(Tender.id, Tender.created_by, Tender.reviewed_by)
    for tender_id, *people in session.execute(rows):
        for person in people:
            if person is not None:
                purge.takes_part(person, tender_id)
    for tender_id, organisation_id in session.execute(select(Bond.tender_id, Bond.organisation_id)):
        purge.takes_part(organisation_id, tender_id)
    for tender_id, asker in session.execute(select(Question.tender_id, Question.asked_by)):
        purge.takes_part(asker, tender_id)


def purge_procedure(purge: Purge) -> None:
    """Everything of this room."""
    for piece in in_pieces(purge.tenders("bond_payer")):
        _purge_bonds(purge, piece)
    for piece in in_pieces(purge.tenders("question_asker")):
        _purge_askers(purge, piece)
    for piece in in_pieces(purge.tenders("draft")):
        _purge_drafts(purge, piece)
    for piece in in_pieces(purge.tenders("staff_papers")):
        _purge_remarks(purge, piece)


def _purge_bonds(purge: Purge, tenders: Sequence[str]) -> None:
    """Blank payers of bonds that went back."""
    bonds = select(Bond).where(Bond.tender_id.in_(tenders), Bond.returned_at.is_not(None))
    for bond in purge.session.scalars(bonds.where(Bond.payer != "")).all():
        if purge.over("bond_payer", bond.returned_at) and bond.organisation_id not in purge.held:
            bond.payer = bond.payer_account = ""
            bond.return_reason = None
            purge.drop_id(bond.proof_id)
            purge.note("bond_payer")


def _purge_askers(purge: Purge, tenders: Sequence[str]) -> None:
    """Blank who asked, and what nobody answered: the rest was published with its answer."""
    questions = select(Question).where(Question.tender_id.in_(tenders), Question.asked_by != "")
    for question in purge.session.scalars(questions).all():
        if question.asked_by in purge.held:
            continue
        question.asked_by = ""
        if question.answer is None:
            question.text = ""
        purge.note("question_asker")


def _purge_drafts(purge: Purge, tenders: Sequence[str]) -> None:
    """Delete earlier versions of drafts, and let go of files that were never published."""
    session = purge.session
    query = select(func.count()).where(DraftVersion.tender_id.in_(tenders))
    purge.note("draft", session.scalar(query) or 0)
    session.execute(delete(DraftVersion).where(DraftVersion.tender_id.in_(tenders)))
    never = select(TenderDocument.file_id).join(Tender, Tender.id == TenderDocument.tender_id)
    given_up = select(AmendmentFile.file_id).join(
        Amendment, Amendment.id == AmendmentFile.amendment_id
    )
    for files in (
        never.where(Tender.id.in_(tenders), Tender.published_at.is_(None)),
        given_up.where(
            Amendment.tender_id.in_(tenders), Amendment.status == AmendmentStatus.WITHDRAWN
        ),
    ):
        for file_id in session.scalars(files).all():
            if not _elsewhere(purge, file_id):
                purge.drop_id(file_id)


def _elsewhere(purge: Purge, file_id: str) -> bool:
    """Whether a tender that is published or still runs has the same file: a draft was copied."""
    query = (
        select(Tender.id, Tender.published_at)
        .join(TenderDocument, TenderDocument.tender_id == Tender.id)
        .where(TenderDocument.file_id == file_id)
    )
    rows = purge.session.execute(query).all()
    return any(row.published_at is not None or row.id not in purge.ended for row in rows)


def _purge_remarks(purge: Purge, tenders: Sequence[str]) -> None:
    """Blank what reviewers said when they sent something back."""
    sent_back = select(Tender).where(Tender.id.in_(tenders), Tender.remark.is_not(None))
    amendments = select(Amendment).where(
        Amendment.tender_id.in_(tenders), Amendment.remark.is_not(None)
    )
    returned: list[Tender | Amendment] = [
        *purge.session.scalars(sent_back), *purge.session.scalars(amendments)
    ]  # fmt: skip
    for row in returned:
        row.remark = None
        purge.note("staff_papers")
