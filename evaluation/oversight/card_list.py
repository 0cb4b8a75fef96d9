"""Cards of a period as a list and as CSV, and one card with what was said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from evaluation.oversight.area import (
    CardView,
    DutyView,
    Filter,
    card_views,
    duty_views,
    tender_ids,
)
from tender.accounts.permissions import Permission, allowed, require
from tender.core.actor import Actor
from tender.core.errors import forbidden, invalid
from tender.core.i18n import N_, gettext
from tender.core.presenting import second
from tender.core.spreadsheets import table
from tender.procedure.timeline.calendar import begins, day_of, ends
from tender.publication.kinds import KIND_NAMES
from tender.supervision import listing
from tender.supervision.cards import may_explain, readable
from tender.supervision.listing import Wanted
from tender.supervision.models import (
    Card,
    CardExplanation,
    CardStatus,
    MilestoneStatus,
)
from tender.supervision.states import WAITING
from tender.supervision.wording import CARD_NAMES, COLOUR_NAMES, DUTY_NAMES, due_figures

ROWS = 5000  # of one export; a longer period is asked for in parts
LISTED = 300
USUAL = timedelta(days=90)
HEAD = (
    N_("Colour"), N_("Tender"), N_("Name of the tender project"), N_("Kind"),
    N_("Responsible unit"), N_("Duty"), N_("Article"), N_("Due date"), N_("Card issued"),
    N_("Date done"), N_("State of the card"), N_("Explanations"), N_("Card closed"),
    N_("Last explanation"), N_("Reply"),
)  # fmt: skip


@dataclass(frozen=True)
class Period:
    """Days of issue, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class Listed:
    """The cards of a period."""

    period: Period
    cards: list[CardView]
    own: list[DutyView]  # open duties that this person notes by hand


@dataclass(frozen=True)
class CardPage:
    """One card, and what this person may do with it."""

    view: CardView
    history: list[CardExplanation]
    may_explain: bool
    may_decide: bool


def read_period(form: Mapping[str, str], *, now: datetime) -> Period:
    """The days from an address; the last ninety if none are given."""
    today, wrong = day_of(now), {}
    days = {"from": today - USUAL, "to": today}
    for name in days:
        text = form.get(name, "").strip()
        if not text:
            continue
        try:
            days[name] = date.fromisoformat(text)
        except ValueError:
            wrong[name] = N_("A day such as 2026-12-01.")
    if not wrong and days["from"] > days["to"]:
        wrong["to"] = N_("The last day lies before the first.")
    if any(not 2000 <= each.year <= 2200 for each in days.values()):
        wrong["from"] = N_("A day such as 2026-12-01.")
    if wrong:
        raise invalid("cards.period", N_("Please correct the period."), wrong)
    return Period(days["from"], days["to"])


def listed(session: Session, actor: Actor, wanted: Filter, period: Period) -> Listed:
    """Cards of a period, closed ones too; those who do the duties see their own."""
    _require_some(actor)
    found = _cards(session, actor, wanted, period, LISTED)
    return Listed(period, card_views(session, found), _noted_by_hand(session, actor, wanted))


def export(session: Session, actor: Actor, wanted: Filter, period: Period) -> str:
    """The cards of a period as CSV, in the reader's language, for files and audits."""
    require(actor, Permission.SUPERVISE)
    cards = _cards(session, actor, wanted, period, ROWS)
    said = listing.history(session, cards)
    rows = [_row(view, said[view.card.id]) for view in card_views(session, cards)]
    return table([gettext(name) for name in HEAD], rows)


def card_page(session: Session, actor: Actor, card_id: str) -> CardPage:
    """One card with its history, for supervision and for those whose duty it was."""
    card = readable(session, actor, card_id)
    history = listing.history(session, [card])[card.id]
    explainable = card.status in (CardStatus.OPEN, CardStatus.RETURNED)
    given_by = history[-1].given_by if history else None
    decides = allowed(actor, Permission.CARD_DECIDE, card.milestone)
    return CardPage(
        view=card_views(session, [card])[0],
        history=history,
        may_explain=explainable and may_explain(actor, card.milestone),
        may_decide=decides and card.status is CardStatus.EXPLAINED and given_by != actor.person_id,
    )


def _require_some(actor: Actor) -> None:
    if not allowed(actor, Permission.SUPERVISE) and not allowed(actor, Permission.CARD_EXPLAIN):
        raise forbidden("forbidden", N_("Your role has no cards."))


def _cards(
    session: Session, actor: Actor, wanted: Filter, period: Period, limit: int
) -> list[Card]:
    asked = Wanted(
        tender_ids(session, actor, wanted), wanted.colour, None, begins(period.first),
        ends(period.last),
    )  # fmt: skip
    found = listing.cards_of(session, actor, asked, limit=limit)
    return sorted(found, key=lambda card: (card.status not in WAITING, -card.issued_at.timestamp()))


def _noted_by_hand(session: Session, actor: Actor, wanted: Filter) -> list[DutyView]:
    if not allowed(actor, Permission.DUTY_RECORD):
        return []
    ids = tender_ids(session, actor, wanted)
    return duty_views(session, listing.noted_by_hand(session, actor, ids, limit=LISTED))


def _row(view: CardView, said: list[CardExplanation]) -> list[str]:
    card, duty, last = view.card, view.duty, said[-1] if said else None
    done = duty.met_at if duty.status is MilestoneStatus.MET else None
    reply = ""
    if last is not None and last.accepted is not None:
        reply = gettext(N_("Explanation accepted")) if last.accepted else last.reason or ""
    return [
        gettext(COLOUR_NAMES[card.colour]), view.tender.number, view.tender.title,
        gettext(KIND_NAMES[view.tender.kind]), view.unit, gettext(duty.title), view.article,
        due_figures(card.due_at), second(card.issued_at),
        second(done) if done else gettext(DUTY_NAMES[duty.status]),
        gettext(CARD_NAMES[card.status]), str(card.version),
        second(card.closed_at) if card.closed_at else "", last.text if last else "", reply,
    ]  # fmt: skip
