"""What supervision sees of all tenders in its area: cards, duties coming up, where each stands.

It stands above every room because it looks into all of them, and it only looks. Before the
opening it holds nothing of bidders: no name, no number, no question's author, no bond.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from evaluation.models import FindingDecision, FindingRow
from tender.accounts.models import Organisation, OrganisationKind
from tender.accounts.permissions import Permission, allowed, require
from tender.core.actor import Actor
from tender.core.i18n import gettext
from tender.objections.models import Complaint, ComplaintStatus, Objection, ObjectionStatus
from tender.procedure.law.articles import read_article
from tender.procedure.law.law import law
from tender.procedure.models import Tender, TenderStatus
from tender.publication.kinds import Kind
from tender.supervision import listing
from tender.supervision.listing import Wanted
from tender.supervision.models import Card, CardColour, Milestone
from tender.supervision.states import WAITING
from tender.supervision.wording import HOLDER_NAMES

PAGE = 30
SHOWN = 100  # cards on one page; the list of a period shows the rest
AHEAD = timedelta(days=14)
E = TypeVar("E", bound=StrEnum)

HIDDEN = (
    TenderStatus.DRAFT,
    TenderStatus.IN_REVIEW,
    TenderStatus.APPROVED,
    TenderStatus.PUBLISHED,
    TenderStatus.CLOSED,
)
"""Before the opening: findings do not exist yet, and nothing of bids may show."""


@dataclass(frozen=True)
class Filter:
    """What the reader asked for; unknown values count as not given."""

    township: str = ""
    kind: Kind | None = None
    colour: CardColour | None = None
    state: TenderStatus | None = None
    page: int = 1

    def arguments(self) -> dict[str, str]:
        """The filter as an address carries it, without the page."""
        found = {
            "township": self.township, "kind": self.kind or "", "colour": self.colour or "",
            "state": self.state or "",
        }  # fmt: skip
        return {name: str(value) for name, value in found.items() if value}


def read_filter(form: Mapping[str, str]) -> Filter:
    """A filter from an address."""
    page = form.get("page", "")
    return Filter(
        township=form.get("township", "")[:32],
        kind=_member(Kind, form.get("kind")),
        colour=_member(CardColour, form.get("colour")),
        state=_member(TenderStatus, form.get("state")),
        page=int(page) if page.isascii() and page.isdigit() and 0 < int(page[:6]) < 10_000 else 1,
    )


def _member(members: type[E], value: str | None) -> E | None:
    return next((each for each in members if each.value == value), None)


@dataclass(frozen=True)
class CardView:
    """A card with its duty and its tender."""

    card: Card
    duty: Milestone
    tender: Tender
    unit: str
    article: str


@dataclass(frozen=True)
class DutyView:
    """A duty with its tender."""

    duty: Milestone
    tender: Tender
    unit: str
    article: str


@dataclass(frozen=True)
class Standing:
    """One tender of the list."""

    tender: Tender
    next: Milestone | None
    card: CardColour | None
    objections: int
    complaints: int
    findings: int


@dataclass(frozen=True)
class Overview:
    """The supervisor's page."""

    counts: Mapping[CardColour, int]
    cards: list[CardView]
    coming: list[DutyView]
    tenders: list[Standing]
    townships: list[Organisation]
    more: bool


def overview(session: Session, actor: Actor, wanted: Filter, *, now: datetime) -> Overview:
    """Cards first, then duties of the next fortnight, then all tenders in the area."""
    require(actor, Permission.SUPERVISE)
    ids = tender_ids(session, actor, wanted)
    cards = Wanted(ids, wanted.colour, WAITING)
    rows = list(
        session.scalars(
            select(Tender)
            .where(*_conditions(session, actor, wanted))
            .order_by(Tender.changed_at.desc(), Tender.id)
            .offset((wanted.page - 1) * PAGE)
            .limit(PAGE + 1)
        )
    )
    due = listing.coming(session, actor, ids, until=now + AHEAD, limit=SHOWN)
    return Overview(
        counts=listing.count_cards(session, actor, cards),
        cards=card_views(session, listing.cards_of(session, actor, cards, limit=SHOWN)),
        coming=duty_views(session, due),
        tenders=_standings(session, rows[:PAGE]),
        townships=townships_of(session, actor),
        more=len(rows) > PAGE,
    )


def townships_of(session: Session, actor: Actor) -> list[Organisation]:
    """The townships that the actor's role reaches, by name."""
    query = select(Organisation).where(
        Organisation.kind == OrganisationKind.TOWNSHIP,
        Organisation.path.startswith(actor.scope, autoescape=True),
    )
    return list(session.scalars(query.order_by(Organisation.name)))


def tender_ids(session: Session, actor: Actor, wanted: Filter) -> Select[str]:
    """A query for the ids of the tenders that a filter leaves."""
    return select(Tender.id).where(*_conditions(session, actor, wanted))


def _conditions(session: Session, actor: Actor, wanted: Filter) -> list[ColumnElement[bool]]:
    found = [Tender.scope.startswith(actor.scope, autoescape=True)]
    if not allowed(actor, Permission.TENDER_READ_DRAFT):
        found.append(Tender.published_at.is_not(None))
    if wanted.township:
        place = session.get(Organisation, wanted.township)
        known = place is not None and place.path.startswith(actor.scope)
        path = place.path if place is not None and known else "none"
        found.append(Tender.scope.startswith(path, autoescape=True))
    if wanted.kind is not None:
        found.append(Tender.kind == wanted.kind)
    if wanted.state is not None:
        found.append(Tender.status == wanted.state)
    return found


def card_views(session: Session, cards: Collection[Card]) -> list[CardView]:
    """Cards with their tenders, in their order."""
    found = _by_id(session, {card.milestone.subject for card in cards})
    return [
        CardView(
            card, card.milestone, found[card.milestone.subject],
            unit_of(card.milestone, found[card.milestone.subject]),
            article_words(card.milestone.article),
        )
        for card in cards
    ]  # fmt: skip


def duty_views(session: Session, duties: Collection[Milestone]) -> list[DutyView]:
    """Duties with their tenders, in their order."""
    found = _by_id(session, {each.subject for each in duties})
    return [
        DutyView(
            each, found[each.subject], unit_of(each, found[each.subject]),
            article_words(each.article),
        )
        for each in duties
    ]  # fmt: skip


def _by_id(session: Session, ids: Collection[str]) -> dict[str, Tender]:
    return {each.id: each for each in session.scalars(select(Tender).where(Tender.id.in_(ids)))}


def unit_of(duty: Milestone, tender: Tender) -> str:
    """Who is responsible for a duty, by name."""
    name = HOLDER_NAMES.get(duty.holder)
    return gettext(name) if name else tender.organisation.name


def article_words(text: str) -> str:
    """Articles as stored ("TBL 46; REG 57"), as the reader's language cites them."""
    statutes, found = law().statutes, []
    for part in filter(None, (each.strip() for each in text.split(";"))):
        try:
            found.append(read_article(part, statutes).wording().text())
        except KeyError:
            found.append(part)
    return gettext(", ").join(found)


def _standings(session: Session, tenders: list[Tender]) -> list[Standing]:
    ids = [each.id for each in tenders]
    opened = [each.id for each in tenders if each.status not in HIDDEN]
    duties, cards = listing.next_duties(session, ids), listing.waiting_cards(session, ids)
    objections = select(Objection.tender_id, func.count()).where(
        Objection.tender_id.in_(ids), Objection.status == ObjectionStatus.FILED
    )
    complaints = select(Complaint.tender_id, func.count()).where(
        Complaint.tender_id.in_(ids), Complaint.status == ComplaintStatus.FILED
    )
    findings = select(FindingRow.tender_id, func.count()).where(
        FindingRow.tender_id.in_(opened),
        FindingRow.decision == FindingDecision.OPEN,
        FindingRow.gone_at.is_(None),
    )
    objected = dict(session.execute(objections.group_by(Objection.tender_id)).all())
    complained = dict(session.execute(complaints.group_by(Complaint.tender_id)).all())
    suspected = dict(session.execute(findings.group_by(FindingRow.tender_id)).all())
    return [
        Standing(
            each, duties.get(each.id), cards.get(each.id), objected.get(each.id, 0),
            complained.get(each.id, 0), suspected.get(each.id, 0),
        )
        for each in tenders
    ]  # fmt: skip
