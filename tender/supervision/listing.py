"""Reading milestones and cards: by place and state, the next date, the history of a card."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, contains_eager

from tender.accounts.permissions import GRANTS, Permission
from tender.core.actor import Actor
from tender.supervision.issuing import ROLES
from tender.supervision.models import (
    Card,
    CardColour,
    CardExplanation,
    CardStatus,
    Holder,
    Milestone,
    MilestoneStatus,
)
from tender.supervision.states import WAITING

COLOUR_ORDER = {CardColour.RED: 0, CardColour.YELLOW: 1}


@dataclass(frozen=True)
class Wanted:
    """Which cards: of these tenders (all in scope if None), colour, state, issued in a span."""

    subjects: Select[str] | None = None
    colour: CardColour | None = None
    statuses: Collection[CardStatus] | None = None
    since: datetime | None = None
    until: datetime | None = None


def own_holders(actor: Actor) -> list[Holder]:
    """Whose duties' cards this person may see: all for supervision, else those of the role."""
    if Permission.SUPERVISE in GRANTS[actor.role]:
        return list(Holder)
    return [holder for holder, roles in ROLES.items() if actor.role in roles]


def cards_of(session: Session, actor: Actor, wanted: Wanted, *, limit: int) -> list[Card]:
    """Cards under the actor's organisation: red before yellow, then the oldest date first."""
    query = (
        select(Card)
        .join(Milestone, Milestone.id == Card.milestone_id)
        .options(contains_eager(Card.milestone))
        .where(*_conditions(actor, wanted))
        .order_by(Card.colour, Card.due_at, Card.id)  # "red" stands before "yellow"
        .limit(limit)
    )
    return list(session.scalars(query))


def count_cards(session: Session, actor: Actor, wanted: Wanted) -> dict[CardColour, int]:
    """How many of each colour."""
    query = (
        select(Card.colour, func.count())
        .join(Milestone, Milestone.id == Card.milestone_id)
        .where(*_conditions(actor, wanted))
        .group_by(Card.colour)
    )
    return dict(session.execute(query).all())


def _conditions(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [
        Milestone.scope.startswith(actor.scope, autoescape=True),
        Milestone.holder.in_(own_holders(actor)),
    ]
    if wanted.subjects is not None:
        found.append(Milestone.subject.in_(wanted.subjects))
    if wanted.colour is not None:
        found.append(Card.colour == wanted.colour)
    if wanted.statuses is not None:
        found.append(Card.status.in_(wanted.statuses))
    if wanted.since is not None:
        found.append(Card.issued_at >= wanted.since)
    if wanted.until is not None:
        found.append(Card.issued_at < wanted.until)
    return found


def coming(
    session: Session, actor: Actor, subjects: Select[str], *, until: datetime, limit: int
) -> list[Milestone]:
    """Duties whose term runs and ends by a moment, next first."""
    running = (Milestone.status == MilestoneStatus.SCHEDULED, Milestone.due_at < until)
    return _duties(session, actor, subjects, *running, limit=limit)


def noted_by_hand(
    session: Session, actor: Actor, subjects: Select[str], *, limit: int
) -> list[Milestone]:
    """Duties of this person's that are done outside the platform and not noted yet."""
    open_ones = (MilestoneStatus.SCHEDULED, MilestoneStatus.NOT_MET)
    own = (
        Milestone.holder.in_(own_holders(actor)),
        Milestone.by_hand.is_(True),
        Milestone.status.in_(open_ones),
    )
    return _duties(session, actor, subjects, *own, limit=limit)


def _duties(
    session: Session,
    actor: Actor,
    subjects: Select[str],
    *conditions: ColumnElement[bool],
    limit: int,
) -> list[Milestone]:
    """Duties in the actor's area that no pause holds, by date."""
    query = (
        select(Milestone)
        .where(
            Milestone.scope.startswith(actor.scope, autoescape=True),
            Milestone.subject.in_(subjects),
            Milestone.held_at.is_(None),
            *conditions,
        )
        .order_by(Milestone.due_at, Milestone.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def next_duties(session: Session, subjects: Collection[str]) -> dict[str, Milestone]:
    """The next open duty of each tender."""
    query = (
        select(Milestone)
        .where(Milestone.subject.in_(subjects), Milestone.status == MilestoneStatus.SCHEDULED)
        .order_by(Milestone.due_at.desc(), Milestone.id.desc())
    )
    return {each.subject: each for each in session.scalars(query)}


def waiting_cards(session: Session, subjects: Collection[str]) -> dict[str, CardColour]:
    """The gravest card of each tender that somebody must still act on."""
    query = (
        select(Milestone.subject, Card.colour)
        .join(Card, Card.milestone_id == Milestone.id)
        .where(Milestone.subject.in_(subjects), Card.status.in_(WAITING))
    )
    found: dict[str, CardColour] = {}
    for subject, colour in session.execute(query):
        known = found.get(subject, colour)
        found[subject] = min(known, colour, key=COLOUR_ORDER.__getitem__)
    return found


def duties_of(session: Session, subject: str) -> list[Milestone]:
    """A tender's duties by date."""
    query = select(Milestone).where(Milestone.subject == subject)
    return list(session.scalars(query.order_by(Milestone.due_at, Milestone.id)))


def cards_on(session: Session, milestones: Iterable[Milestone]) -> list[Card]:
    """Every card of some duties, oldest first."""
    ids = [each.id for each in milestones]
    query = select(Card).where(Card.milestone_id.in_(ids))
    return list(session.scalars(query.order_by(Card.issued_at, Card.colour.desc())))


def history(session: Session, cards: Iterable[Card]) -> dict[str, list[CardExplanation]]:
    """Every version of the explanation of some cards, oldest first, by card."""
    found: dict[str, list[CardExplanation]] = {card.id: [] for card in cards}
    query = select(CardExplanation).where(CardExplanation.card_id.in_(found))
    for each in session.scalars(query.order_by(CardExplanation.version)):
        found[each.card_id].append(each)
    return found
