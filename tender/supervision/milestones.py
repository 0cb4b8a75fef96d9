"""Milestones: any room sets or meets one, a sweep turns missed ones into cards."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.core.actor import SYSTEM
from tender.ledger import service as ledger
from tender.supervision.models import Card, CardColour, Milestone, MilestoneStatus

RED_AFTER = timedelta(days=3)


def schedule(
    session: Session,
    *,
    subject: str,
    scope: str,
    code: str,
    title: str,
    article: str,
    due_at: datetime,
) -> Milestone:
    """Set a dated duty, or move it if it is still open."""
    found = session.scalar(
        select(Milestone).where(Milestone.subject == subject, Milestone.code == code)
    )
    if found is None:
        found = Milestone(
            subject=subject, scope=scope, code=code, title=title, article=article, due_at=due_at,
            status=MilestoneStatus.SCHEDULED,
        )  # fmt: skip
        session.add(found)
    elif found.status is MilestoneStatus.SCHEDULED:
        found.due_at, found.title, found.article = due_at, title, article
    session.flush()
    return found


def meet(session: Session, subject: str, code: str, *, now: datetime) -> None:
    """Note that a duty was done; unknown ones are ignored, late ones keep their card."""
    found = session.scalar(
        select(Milestone).where(Milestone.subject == subject, Milestone.code == code)
    )
    if found is not None and found.status is not MilestoneStatus.MET:
        found.status = MilestoneStatus.MET
        found.met_at = now


def sweep(session: Session, *, now: datetime) -> int:
    """Turn missed duties into cards: yellow at once, red three days later. Gives new cards."""
    new = 0
    missed = select(Milestone).where(
        Milestone.status != MilestoneStatus.MET, Milestone.due_at < now
    )
    for milestone in session.scalars(missed):
        milestone.status = MilestoneStatus.NOT_MET
        colours = [CardColour.YELLOW]
        if milestone.due_at + RED_AFTER < now:
            colours.append(CardColour.RED)
        held = select(Card.colour).where(Card.milestone_id == milestone.id)
        known = set(session.scalars(held))
        for colour in colours:
            if colour not in known:
                session.add(Card(milestone_id=milestone.id, colour=colour, issued_at=now))
                ledger.append(
                    session, "card.issued", subject=milestone.subject, actor=SYSTEM, now=now,
                    fields={"milestone": milestone.code, "colour": colour.value},
                )  # fmt: skip
                new += 1
    return new
