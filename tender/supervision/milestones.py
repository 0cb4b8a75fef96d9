"""Milestones: any room sets, holds, meets or ends one; a sweep turns missed ones into cards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from tender.core.states import advance
from tender.supervision import rules
from tender.supervision.issuing import issue
from tender.supervision.models import CardColour, Holder, Milestone, MilestoneStatus
from tender.supervision.states import MILESTONE

S = MilestoneStatus
BATCH = 20  # duties judged under one write lock, so that no bidder waits behind a long sweep


@dataclass(frozen=True)
class Terms:
    """What sort of duty it is: whose, whether a pause holds it, and the patience before a card.

    `by_hand`: it is done outside the platform, so people note here that it was.
    """

    holder: Holder = Holder.UNIT
    pausable: bool = False
    by_hand: bool = False
    patience: timedelta = timedelta(0)


OWN_CLOCK = Terms()


def schedule(
    session: Session,
    *,
    subject: str,
    reference: str,
    scope: str,
    code: str,
    title: str,
    article: str,
    due_at: datetime,
    terms: Terms = OWN_CLOCK,
) -> Milestone:
    """Set a dated duty, or move it if it is still open and the law now dates it otherwise.

    The same lawful date told again leaves the time alone that a pause has given.
    """
    found = _find(session, subject, code)
    card_at = due_at + terms.patience
    if found is None:
        found = Milestone(
            subject=subject, reference=reference, scope=scope, code=code, title=title,
            article=article, holder=terms.holder, pausable=terms.pausable, by_hand=terms.by_hand,
            lawful_at=due_at, due_at=due_at, card_at=card_at, status=S.SCHEDULED, round=1,
        )  # fmt: skip
        session.add(found)
    elif found.status is S.CANCELLED:
        found.ended_at = found.held_at = found.red_at = None
        advance(found, S.SCHEDULED, MILESTONE)
        found.round += 1
        found.lawful_at, found.due_at, found.card_at = due_at, due_at, card_at
    elif found.status is S.SCHEDULED:
        found.title, found.article = title, article
        if found.lawful_at != due_at:
            found.lawful_at, found.due_at, found.card_at = due_at, due_at, card_at
    session.flush()
    return found


def meet(
    session: Session, subject: str, code: str, *, now: datetime, note: str | None = None
) -> None:
    """Note that a duty was done; unknown ones are ignored, late ones get and keep their card.

    A late act is judged here and not only by the sweep, so that the card does not depend on
    which of the two came first.
    """
    found = _find(session, subject, code)
    if found is None or found.status not in (S.SCHEDULED, S.NOT_MET):
        return
    _judge(session, found, now)
    found.met_at, found.note = now, note
    advance(found, S.MET, MILESTONE)
    found.red_at = found.held_at = None
    session.flush()


def hold(session: Session, subject: str, *, now: datetime) -> None:
    """The tender is paused: its duties are held; what was missed before stays missed."""
    for milestone in _open(session, subject):
        if milestone.held_at is None:
            _judge(session, milestone, now)
            milestone.held_at = now
    session.flush()


def release(session: Session, subject: str, *, now: datetime) -> None:
    """The tender goes on: every held duty gets the time of the pause (rules.py says why)."""
    for milestone in _open(session, subject):
        if milestone.held_at is None:
            continue
        since, patience = milestone.held_at, milestone.card_at - milestone.due_at
        milestone.due_at = rules.moved(milestone.due_at, held_at=since, now=now)
        milestone.card_at = max(
            milestone.due_at + patience,
            rules.moved(milestone.card_at, held_at=since, now=now),
        )
        if milestone.red_at is not None:
            milestone.red_at = rules.moved(milestone.red_at, held_at=since, now=now)
        milestone.held_at = None
    session.flush()


def end(session: Session, subject: str, *, now: datetime) -> None:
    """The tender was terminated or has failed: nothing more is due, and no card grows.

    Cards already issued stay: terminating a tender is no way to be rid of one.
    """
    for milestone in _open(session, subject):
        _judge(session, milestone, now)
        _cancel(milestone, now)
    session.flush()


def fall(session: Session, subject: str, codes: Collection[str], *, now: datetime) -> None:
    """A result has fallen: duties that followed from it fall, done or not, to be set anew."""
    query = select(Milestone).where(Milestone.subject == subject, Milestone.code.in_(codes))
    for milestone in session.scalars(query):
        if milestone.status is not S.CANCELLED:
            _cancel(milestone, now)
    session.flush()


def met_moments(session: Session, subject: str) -> dict[str, datetime]:
    """When each duty of a tender was done, by code."""
    query = select(Milestone).where(Milestone.subject == subject, Milestone.status == S.MET)
    return {each.code: each.met_at for each in session.scalars(query) if each.met_at is not None}


def is_due(session: Session, *, now: datetime) -> bool:
    """Whether a sweep would find anything."""
    return session.scalar(_missed(now).limit(1)) is not None


def sweep(session: Session, *, now: datetime) -> int:
    """Turn missed duties into cards: yellow when missed, red three days later. Gives new cards."""
    query = _missed(now).order_by(Milestone.card_at).limit(BATCH)
    return sum(_judge(session, each, now) for each in list(session.scalars(query)))


def _missed(now: datetime) -> Select[Milestone]:
    return select(Milestone).where(
        Milestone.held_at.is_(None),
        or_(
            (Milestone.status == S.SCHEDULED) & (Milestone.card_at < now),
            (Milestone.status == S.NOT_MET) & (Milestone.red_at < now),
        ),
    )


def _judge(session: Session, milestone: Milestone, now: datetime) -> int:
    """Issue the cards that a duty has earned by now; gives how many."""
    issued, held = 0, milestone.held_at is not None
    scheduled = milestone.status is S.SCHEDULED
    if scheduled and rules.missed(milestone.card_at, held=held, now=now):
        advance(milestone, S.NOT_MET, MILESTONE)
        milestone.red_at = milestone.card_at + rules.RED_AFTER
        issue(session, milestone, CardColour.YELLOW, now=now)
        issued += 1
    grown = milestone.status is S.NOT_MET
    if grown and rules.turns_red(milestone.red_at, held=held, now=now):
        milestone.red_at = None
        issue(session, milestone, CardColour.RED, now=now)
        issued += 1
    return issued


def _cancel(milestone: Milestone, now: datetime) -> None:
    milestone.ended_at, milestone.met_at = now, None
    advance(milestone, S.CANCELLED, MILESTONE)
    milestone.red_at = milestone.held_at = None


def _find(session: Session, subject: str, code: str) -> Milestone | None:
    return session.scalar(
        select(Milestone).where(Milestone.subject == subject, Milestone.code == code)
    )


def _open(session: Session, subject: str) -> list[Milestone]:
    query = select(Milestone).where(
        Milestone.subject == subject,
        Milestone.pausable.is_(True),
        Milestone.status.in_((S.SCHEDULED, S.NOT_MET)),
    )
    return list(session.scalars(query))
