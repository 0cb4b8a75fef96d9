"""One tender before the supervisor: its timeline, duties and cards, and where to look further."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.oversight.area import HIDDEN, CardView, DutyView, card_views, duty_views
from tender.accounts.permissions import Permission, allowed, require
from tender.core.actor import Actor
from tender.core.errors import not_found
from tender.core.i18n import N_
from tender.core.presenting import day, moment
from tender.procedure.duties import DUTIES, dated_steps
from tender.procedure.models import Tender, TenderStatus
from tender.procedure.timeline.calendar import begins
from tender.procedure.timeline.milestones import PAUSED_ACTS, PERIOD_ENDS, MilestoneCode
from tender.procedure.timeline.milestones import Milestone as Dated
from tender.supervision import listing
from tender.supervision.models import CardExplanation

ENDED = (TenderStatus.FAILED, TenderStatus.CANCELLED)
ACTS = PAUSED_ACTS - {MilestoneCode.DEADLINE} | DUTIES.keys() | {MilestoneCode.REPORT_DELIVERED}
"""What somebody must do; every other date (the end of a term) passes by itself."""


@dataclass(frozen=True)
class Step:
    """One date of the timeline, as `parts.timeline` draws it."""

    name: str
    at: datetime
    day: str
    state: str
    why: str
    to_check: bool


@dataclass(frozen=True)
class TenderView:
    """The page of one tender."""

    tender: Tender
    steps: list[Step]
    duties: list[DutyView]
    cards: list[CardView]
    history: dict[str, list[CardExplanation]]
    links: list[tuple[str, str]]


def tender_view(session: Session, actor: Actor, number: str, *, now: datetime) -> TenderView:
    """A tender in the actor's area; a draft only for those who may read drafts."""
    require(actor, Permission.SUPERVISE)
    tender = session.scalar(select(Tender).where(Tender.number == number))
    if tender is None or (
        tender.published_at is None and not allowed(actor, Permission.TENDER_READ_DRAFT)
    ):
        raise not_found("tender.unknown", N_("There is no such tender."))
    require(actor, Permission.SUPERVISE, on=tender)
    duties = listing.duties_of(session, tender.id)
    cards = listing.cards_on(session, duties)
    return TenderView(
        tender=tender,
        steps=_steps(session, tender, now),
        duties=duty_views(session, duties),
        cards=card_views(session, cards),
        history=listing.history(session, cards),
        links=links_for(actor, tender),
    )


def links_for(actor: Actor, tender: Tender) -> list[tuple[str, str]]:
    """The pages of this tender that the actor's role may open now."""
    base = f"/tenders/{tender.number}"
    found = []
    if tender.published_at is not None:
        found += [
            (N_("Public notices and results"), base),
            (N_("Opening hall"), f"{base}/hall"),
            (N_("Objections and complaints"), f"{base}/objections"),
        ]
    if tender.status not in HIDDEN and tender.opened_at is not None:
        if allowed(actor, Permission.EVALUATION_READ, tender):
            found.append((N_("Evaluation and result"), f"/work/{tender.id}/evaluation"))
        if allowed(actor, Permission.FINDING_READ, tender):
            found.append((N_("Signs of collusion"), f"/findings/{tender.id}"))
    if allowed(actor, Permission.TENDER_READ_DRAFT, tender):
        found.append((N_("File of the tender"), f"/work/{tender.id}"))
    found.append((N_("Public ledger"), "/ledger"))
    return found


def _steps(session: Session, tender: Tender, now: datetime) -> list[Step]:
    """Every legal date, with what has happened; nothing is "next" once the tender has ended."""
    if tender.deadline is None:
        return []
    dated, happened = dated_steps(session, tender, now=now)
    found: list[Step] = []
    ended = tender.status in ENDED
    for each in dated:
        past = each.code in happened or (each.code not in ACTS and each.at <= now)
        if ended and not past:
            continue
        first = not past and not any(step.state == "now" for step in found)
        state = "past" if past else "now" if first else "next"
        found.append(_step(each, state))
    return found


def _step(dated: Dated, state: str) -> Step:
    shown = day(begins(dated.day)) if dated.code in PERIOD_ENDS else moment(dated.at)
    return Step(
        name=dated.name().text(),
        at=dated.at,
        day=shown,
        state=state,
        why="；".join(each.text() for each in dated.explanations),
        to_check=dated.to_check,
    )
