"""Blanking what the procedure keeps of people: payers of bonds, and who asked a question."""

from __future__ import annotations

from sqlalchemy import select

from tender.core.files import StoredFile
from tender.core.retention import Purge, in_pieces
from tender.procedure.models import Bond, Question, Tender


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
    """Blank payers of bonds that went back, and askers of questions."""
    session = purge.session
    for piece in in_pieces(purge.tenders("bond_payer")):
        bonds = select(Bond).where(Bond.tender_id.in_(piece), Bond.returned_at.is_not(None))
        for bond in session.scalars(bonds.where(Bond.payer != "")).all():
            if (
                purge.over("bond_payer", bond.returned_at)
                and bond.organisation_id not in purge.held
            ):
                bond.payer = bond.payer_account = ""
                purge.drop(session.get(StoredFile, bond.proof_id or ""))
                purge.note("bond_payer")
    for piece in in_pieces(purge.tenders("question_asker")):
        questions = select(Question).where(Question.tender_id.in_(piece), Question.asked_by != "")
        for question in session.scalars(questions).all():
            question.asked_by = ""
            purge.note("question_asker")
