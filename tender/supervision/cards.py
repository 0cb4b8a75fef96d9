"""Cards before people: the unit explains, the supervisor accepts or sends back; none is deleted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.directory import people_with
from tender.accounts.models import Person
from tender.accounts.permissions import Permission, allowed, require, separate
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, forbidden, invalid, not_found
from tender.core.i18n import N_
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.supervision.issuing import ROLES, note, people_of, tell
from tender.supervision.milestones import meet
from tender.supervision.models import (
    Card,
    CardExplanation,
    CardStatus,
    Milestone,
    MilestoneStatus,
)
from tender.supervision.rules import RED_AFTER
from tender.supervision.states import CARD

LEAST, MOST = 10, 2000  # characters of an explanation
LEAST_REASON, MOST_REASON = 2, 1000
EXPLAINED = N_("The card for tender %(number)s, “%(duty)s”, is explained. Please look at it.")
RETURNED = N_(
    "Your explanation for tender %(number)s, “%(duty)s”, was sent back. Please explain again."
)
ACCEPTED = N_("Your explanation for tender %(number)s, “%(duty)s”, is accepted.")


def card_by_id(session: Session, card_id: str) -> Card:
    """The card with this id; DomainError `card.unknown` otherwise."""
    found = session.get(Card, card_id)
    if found is None:
        raise not_found("card.unknown", N_("There is no such card."))
    return found


def readable(session: Session, actor: Actor, card_id: str) -> Card:
    """A card that this person may read: supervision in its area, and those whose duty it was."""
    card = card_by_id(session, card_id)
    if not allowed(actor, Permission.SUPERVISE, card.milestone):
        _require_own(actor, card.milestone, Permission.CARD_EXPLAIN)
    return card


def may_explain(actor: Actor, milestone: Milestone) -> bool:
    """Whether this person explains cards of such a duty."""
    own = actor.role in ROLES[milestone.holder]
    return own and allowed(actor, Permission.CARD_EXPLAIN, milestone)


def explain(
    session: Session, actor: Actor, card_id: str, text: str, *, version: int, now: datetime
) -> CardExplanation:
    """Explain a card; once per version, so that two people do not answer past each other.

    `version` is the one that the page offered. What was said before is kept and shown.
    """
    card = card_by_id(session, card_id)
    milestone = card.milestone
    _require_own(actor, milestone, Permission.CARD_EXPLAIN)
    words = _checked(text, "text", LEAST, MOST)
    if version != card.version + 1:
        raise conflict(
            "card.version",
            N_("Somebody has explained this card in the meantime. Reload the page and read it."),
        )
    advance(card, CardStatus.EXPLAINED, CARD)
    card.version = version
    given = CardExplanation(
        card_id=card.id, version=version, text=words, given_by=actor.person_id,
        given_name=f"{actor.name}（{actor.organisation_name}）", given_at=now,
    )  # fmt: skip
    session.add(given)
    session.flush()
    note(
        session, "card.explained", card, milestone, actor.person_id, now=now, version=version,
        private={"text": words},
    )  # fmt: skip
    messages.settle(session, card.id, now=now)
    watchers = people_with(session, Role.SUPERVISOR, milestone.scope)
    others = [each for each in watchers if each.id != actor.person_id]
    tell(session, card, milestone, others, EXPLAINED, now=now, until=now + RED_AFTER)
    return given


def accept(session: Session, actor: Actor, card_id: str, *, now: datetime) -> Card:
    """Accept the explanation and close the card; the duty itself stays due until it is done."""
    card, given = _to_decide(session, actor, card_id)
    advance(card, CardStatus.ACCEPTED, CARD)
    card.closed_at = now
    _decide(session, actor, card, given, None, now)
    note(
        session, "card.accepted", card, card.milestone, actor.person_id, now=now,
        version=given.version,
    )  # fmt: skip
    people = session.scalars(select(Person).where(Person.id == given.given_by))
    tell(session, card, card.milestone, people, ACCEPTED, now=now)
    return card


def send_back(session: Session, actor: Actor, card_id: str, reason: str, *, now: datetime) -> Card:
    """Send the explanation back with a reason; the unit explains again in the next version."""
    card, given = _to_decide(session, actor, card_id)
    words = _checked(reason, "reason", LEAST_REASON, MOST_REASON)
    advance(card, CardStatus.RETURNED, CARD)
    _decide(session, actor, card, given, words, now)
    note(
        session, "card.returned", card, card.milestone, actor.person_id, now=now,
        version=given.version, private={"reason": words},
    )  # fmt: skip
    people = people_of(session, card.milestone)
    tell(session, card, card.milestone, people, RETURNED, now=now, until=now + RED_AFTER)
    return card


def record_done(
    session: Session, actor: Actor, milestone_id: str, words: str, *, now: datetime
) -> Milestone:
    """Note that a duty was done outside the platform (a report handed over, bonds sent back).

    The words say how it can be checked. What the platform does itself is never noted by hand.
    """
    milestone = session.get(Milestone, milestone_id)
    if milestone is None:
        raise not_found("duty.unknown", N_("There is no such duty."))
    _require_own(actor, milestone, Permission.DUTY_RECORD)
    if not milestone.by_hand:
        raise conflict(
            "duty.by_platform", N_("This duty is met by the act itself on the platform.")
        )
    if milestone.held_at is not None or milestone.status not in (
        MilestoneStatus.SCHEDULED,
        MilestoneStatus.NOT_MET,
    ):
        raise conflict("duty.not_open", N_("This duty is not open. Reload the page."))
    text = _checked(words, "words", LEAST_REASON, MOST_REASON)
    meet(session, milestone.subject, milestone.code, now=now, note=text)
    ledger.append(
        session, "duty.recorded", subject=milestone.subject, actor=actor.person_id, now=now,
        fields={"tender": milestone.reference, "milestone": milestone.code},
        private={"words": text},
    )  # fmt: skip
    return milestone


def _require_own(actor: Actor, milestone: Milestone, permission: Permission) -> None:
    require(actor, permission, on=milestone)
    if actor.role not in ROLES[milestone.holder]:
        raise forbidden(
            "card.not_yours", N_("This duty belongs to others; only they can explain it.")
        )


def _checked(text: str, name: str, least: int, most: int) -> str:
    words = text.strip()
    if not least <= len(words) <= most:
        told = {
            "text": N_("Write 10 to 2,000 characters."),
            "reason": N_("Give the reason in 2 to 1,000 characters."),
            "words": N_("Say in 2 to 1,000 characters how it was done."),
        }[name]
        raise invalid("card.text", told, {name: told})
    return words


def _to_decide(session: Session, actor: Actor, card_id: str) -> tuple[Card, CardExplanation]:
    card = card_by_id(session, card_id)
    require(actor, Permission.CARD_DECIDE, on=card.milestone)
    if card.status is not CardStatus.EXPLAINED:
        raise conflict(
            "card.not_explained", N_("There is no explanation to decide on. Reload the page.")
        )
    given = session.scalars(
        select(CardExplanation).where(
            CardExplanation.card_id == card.id, CardExplanation.version == card.version
        )
    ).one()
    separate(actor, given.given_by)
    return card, given


def _decide(
    session: Session,
    actor: Actor,
    card: Card,
    given: CardExplanation,
    reason: str | None,
    now: datetime,
) -> None:
    given.accepted, given.reason = reason is None, reason
    given.decided_by, given.decided_at = actor.person_id, now
    given.decided_name = f"{actor.name}（{actor.organisation_name}）"
    session.flush()
    messages.settle(session, card.id, now=now)
