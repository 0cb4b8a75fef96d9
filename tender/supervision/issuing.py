"""Issuing a card: kept, written into the ledger, and told to the people whose duty it was."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.encoding import timestamp
from tender.accounts.directory import people_with
from tender.accounts.models import Person
from tender.core import messages
from tender.core.actor import SYSTEM, Role
from tender.core.i18n import N_, gettext, speaking
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.supervision.models import Card, CardColour, CardStatus, Holder, Milestone
from tender.supervision.rules import RED_AFTER
from tender.supervision.states import CARD, WAITING
from tender.supervision.wording import due_words

ROLES: dict[Holder, tuple[Role, ...]] = {
    Holder.UNIT: (Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK),
    Holder.FINANCE: (Role.FINANCE, Role.COUNTY_CLERK),
    Holder.SUPERVISION: (Role.SUPERVISOR,),
}
"""Who does, and explains, whose duties."""

YELLOW = N_(
    "Yellow card for tender %(number)s: “%(duty)s” was due on %(due)s. "
    "Please do it now and explain the delay; otherwise it becomes a red card."
)
RED = N_(
    "Red card for tender %(number)s: “%(duty)s” was due on %(due)s and three days have passed. "
    "Please do it now and explain the delay."
)
TOLD = {CardColour.YELLOW: YELLOW, CardColour.RED: RED}
RED_FOR_SUPERVISORS = N_("Red card in your area: tender %(number)s, “%(duty)s”, due on %(due)s.")


def issue(session: Session, milestone: Milestone, colour: CardColour, *, now: datetime) -> Card:
    """Issue a card for a duty that was missed. Needs the write lock; once per round and colour.

    A red card takes the place of a yellow one that is not settled, so that one breach is
    explained once.
    """
    card = Card(
        milestone_id=milestone.id, round=milestone.round, colour=colour, status=CardStatus.OPEN,
        due_at=milestone.due_at, issued_at=now, version=0,
    )  # fmt: skip
    if colour is CardColour.RED:
        _replace_yellow(session, milestone, now)
    session.add(card)
    session.flush()
    note(session, "card.issued", card, milestone, SYSTEM, now=now, due=timestamp(milestone.due_at))
    until = (milestone.red_at or now + RED_AFTER) if colour is CardColour.YELLOW else now
    tell(
        session, card, milestone, people_of(session, milestone), TOLD[colour], now=now,
        until=max(until, now),
    )  # fmt: skip
    if colour is CardColour.RED and milestone.holder is not Holder.SUPERVISION:
        watchers = people_with(session, Role.SUPERVISOR, milestone.scope)
        tell(session, card, milestone, watchers, RED_FOR_SUPERVISORS, now=now)
    return card


def people_of(session: Session, milestone: Milestone) -> list[Person]:
    """The people whose duty it is: of the unit, of finance, or of the supervising body."""
    found = {
        person.id: person
        for role in ROLES[milestone.holder]
        for person in people_with(session, role, milestone.scope)
    }
    return list(found.values())


def tell(
    session: Session,
    card: Card,
    milestone: Milestone,
    people: Iterable[Person],
    text: str,
    *,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """A message about a card to each; a task if it has an end.

    The duty's name and date are put in the reader's own language, because a kept message fills
    its places with finished words.
    """
    for person in people:
        with speaking(person.language):
            duty, due = gettext(milestone.title), due_words(card.due_at)
        messages.tell(
            session, person.id, text, now=now, link=f"/supervision/cards/{card.id}",
            subject=card.id, due_at=until, email=person.email,
            number=milestone.reference, duty=duty, due=due,
        )  # fmt: skip


def note(
    session: Session,
    event: str,
    card: Card,
    milestone: Milestone,
    actor: str,
    *,
    now: datetime,
    private: dict[str, str] | None = None,
    **fields: object,
) -> None:
    """The ledger's entry about a card; texts of people go into the private part."""
    ledger.append(
        session, event, subject=milestone.subject, actor=actor, now=now,
        fields={
            "tender": milestone.reference, "milestone": milestone.code,
            "colour": card.colour.value, "card": card.id, **fields,
        },
        private=private,
    )  # fmt: skip


def _replace_yellow(session: Session, milestone: Milestone, now: datetime) -> None:
    query = select(Card).where(
        Card.milestone_id == milestone.id,
        Card.round == milestone.round,
        Card.colour == CardColour.YELLOW,
        Card.status.in_(WAITING),
    )
    for card in session.scalars(query):
        advance(card, CardStatus.REPLACED, CARD)
        messages.settle(session, card.id, now=now)
