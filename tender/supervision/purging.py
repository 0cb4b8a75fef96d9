"""Blanking what staff and supervision wrote about duties, once the archive's time is over."""

from __future__ import annotations

from sqlalchemy import select

from tender.core.retention import Purge, in_pieces
from tender.supervision.models import Card, CardExplanation, Milestone

KIND = "staff_papers"


def purge_supervision(purge: Purge) -> None:
    """Blank notes on duties, and explanations of cards with whoever gave and judged them."""
    for piece in in_pieces(purge.tenders(KIND)):
        noted = select(Milestone).where(Milestone.subject.in_(piece), Milestone.note.is_not(None))
        for milestone in purge.session.scalars(noted).all():
            milestone.note = None
            purge.note(KIND)
        explained = (
            select(CardExplanation)
            .join(Card, Card.id == CardExplanation.card_id)
            .join(Milestone, Milestone.id == Card.milestone_id)
            .where(Milestone.subject.in_(piece), CardExplanation.given_name != "-")
        )
        for given in purge.session.scalars(explained).all():
            given.text, given.given_name = "", "-"
            given.reason = None if given.reason is None else ""
            given.decided_name = None if given.decided_name is None else "-"
            purge.note(KIND)
