"""Reading the public side: the front page, the list with its filter, results.

Everything here is made from what was published. A page costs the same however many notices
there are: keyset pages, no OFFSET, no COUNT.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from tender.core import money
from tender.core.i18n import N_
from tender.publication import search
from tender.publication.kinds import KIND_NAMES
from tender.publication.models import Notice, NoticeKind, PublicTender
from tender.publication.search import SearchPosting

PAGE = 20
DIRECTIONS: dict[str, str] = {
    "PURCHASE": N_("Purchase: the tenderer pays"),
    "DISPOSAL": N_("Lease or sale: the highest price wins"),
}
WINDOWS: dict[int, str] = {
    1: N_("within 24 hours"),
    3: N_("within 3 days"),
    7: N_("within 7 days"),
    30: N_("within 30 days"),
}


class State(StrEnum):
    """Where a tender stands for the public."""

    OPEN = "open"
    OPENING = "opening"
    CANDIDATES = "candidates"
    AWARDED = "awarded"
    ENDED = "ended"


STATES: dict[State, str] = {
    State.OPEN: N_("Taking bids"),
    State.OPENING: N_("Opening and evaluation"),
    State.CANDIDATES: N_("Candidates published"),
    State.AWARDED: N_("Awarded"),
    State.ENDED: N_("Ended without award"),
}
STAGES: dict[str, State] = {
    "published": State.OPEN,
    "closed": State.OPENING,
    "opened": State.OPENING,
    "evaluated": State.OPENING,
    "candidates": State.CANDIDATES,
    "awarded": State.AWARDED,
    "contracted": State.AWARDED,
    "failed": State.ENDED,
    "cancelled": State.ENDED,
}


def state_of(public: PublicTender, now: datetime) -> State:
    """Where a tender stands; the deadline counts by the clock, not by who has ticked."""
    state = STAGES.get(public.stage, State.OPENING)
    return State.OPENING if state is State.OPEN and public.closes_at <= now else state


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What a reader looks for; its `arguments` are the page's address."""

    text: str = ""
    kind: str = ""
    direction: str = ""
    township: str = ""
    village: str = ""
    state: str = ""
    least: str = ""  # yuan, as typed
    most: str = ""
    days: int | None = None
    order: str = "newest"

    @property
    def closing(self) -> bool:
        """Whether the soonest closing comes first; it shows only tenders that take bids."""
        return self.order == "closing" or self.days is not None

    def arguments(self) -> dict[str, str]:
        """The filter as arguments of an address, empty ones left out."""
        named = {
            "q": self.text, "kind": self.kind, "direction": self.direction,
            "township": self.township, "village": self.village, "state": self.state,
            "least": self.least, "most": self.most,
            "days": str(self.days) if self.days else "",
            "order": "" if self.order == "newest" else self.order,
        }  # fmt: skip
        return {name: value for name, value in named.items() if value}


def read_filter(arguments: Mapping[str, str]) -> Filter:
    """A filter from an address; what is not understood is left out, never an error."""

    def one(name: str, choices: Mapping[Any, str]) -> str:
        value = arguments.get(name, "")
        return value if value in {str(each) for each in choices} else ""

    days = one("days", WINDOWS)
    return Filter(
        text=arguments.get("q", "").strip()[:120],
        kind=one("kind", KIND_NAMES),
        direction=one("direction", DIRECTIONS),
        township=arguments.get("township", "").strip()[:80],
        village=arguments.get("village", "").strip()[:80],
        state=one("state", {each.value: each.value for each in State}),
        least=arguments.get("least", "").strip()[:20],
        most=arguments.get("most", "").strip()[:20],
        days=int(days) if days else None,
        order="closing" if arguments.get("order") == "closing" else "newest",
    )


@dataclass(frozen=True)
class Found:
    """One page of tenders, and the cursor of the next one."""

    rows: list[PublicTender]
    after: str | None


def find(
    session: Session, wanted: Filter, *, now: datetime, after: str = "", limit: int = PAGE
) -> Found:
    """The tenders that fit, newest first, or soonest closing first if the filter says so.

    Notices without a value stay in every range of values: a missing figure hides no tender.
    """
    words = search.words_of(f"{wanted.text} {wanted.village}")
    terms = search.wanted_terms(words) | {
        search.facet(name, value)
        for name in ("kind", "direction", "township")
        if (value := getattr(wanted, name))
    }
    ordered = search.rarest_first(session, terms) if terms else []
    if ordered is None:
        return Found([], None)
    query = _narrow(select(PublicTender), wanted, now)
    for word in words:
        query = query.where(PublicTender.search.contains(word, autoescape=True))
    if wanted.closing:
        query = _by_closing(query, ordered, wanted, now, after)
    else:
        query = _by_newest(query, ordered, after)
    rows = list(session.scalars(query.limit(limit + 1)))
    more = len(rows) > limit
    rows = rows[:limit]
    return Found(rows, _cursor(rows[-1], wanted) if more else None)


def _narrow(query: Select[PublicTender], wanted: Filter, now: datetime) -> Select[PublicTender]:
    if wanted.state == State.OPEN:
        query = query.where(PublicTender.stage == "published", PublicTender.closes_at > now)
    elif wanted.state == State.OPENING:
        late = and_(PublicTender.stage == "published", PublicTender.closes_at <= now)
        query = query.where(or_(late, PublicTender.stage.in_(_stages(State.OPENING))))
    elif wanted.state:
        query = query.where(PublicTender.stage.in_(_stages(State(wanted.state))))
    for amount, least in ((_fen(wanted.least), True), (_fen(wanted.most), False)):
        if amount is not None:
            column = PublicTender.value_fen
            fits = column >= amount if least else column <= amount
            query = query.where(or_(column.is_(None), fits))
    return query


def _stages(state: State) -> list[str]:
    return [stage for stage, each in STAGES.items() if each is state]


def _fen(text: str) -> int | None:
    try:
        return money.parse_yuan(text) if text else None
    except ValueError:
        return None


def _by_newest(query: Select[PublicTender], terms: list[str], after: str) -> Select[PublicTender]:
    """Newest first: along the postings of the rarest term if there is one."""
    order = PublicTender.seq
    if terms:
        query = query.join(SearchPosting, SearchPosting.seq == PublicTender.seq)
        query = query.where(SearchPosting.term == terms[0])
        order = SearchPosting.seq
    if after.isdecimal():
        query = query.where(order < int(after[:18]))
    return _carrying(query, terms[1:]).order_by(order.desc())


def _by_closing(
    query: Select[PublicTender],
    terms: list[str],
    wanted: Filter,
    now: datetime,
    after: str,
) -> Select[PublicTender]:
    """Soonest closing first: along the deadlines to come, of which there are few."""
    query = query.where(PublicTender.stage == "published", PublicTender.closes_at > now)
    if wanted.days is not None:
        query = query.where(PublicTender.closes_at <= now + timedelta(days=wanted.days))
    moment, _, seq = after.partition("~")
    if moment and seq.isdecimal():
        try:
            last: datetime | None = datetime.fromisoformat(moment).astimezone(UTC)
        except (ValueError, OverflowError):
            last = None
        if last is not None:
            same = and_(PublicTender.closes_at == last, PublicTender.seq > int(seq[:18]))
            query = query.where(or_(PublicTender.closes_at > last, same))
    return _carrying(query, terms).order_by(PublicTender.closes_at, PublicTender.seq)


def _carrying(query: Select[PublicTender], terms: list[str]) -> Select[PublicTender]:
    for term in terms:
        posted = exists().where(SearchPosting.term == term, SearchPosting.seq == PublicTender.seq)
        query = query.where(posted.correlate(PublicTender))
    return query


def _cursor(last: PublicTender, wanted: Filter) -> str:
    return f"{last.closes_at.isoformat()}~{last.seq}" if wanted.closing else str(last.seq)


@dataclass(frozen=True)
class Front:
    """What the front page shows."""

    today: list[PublicTender]
    soon: list[PublicTender]
    newest: list[PublicTender]
    results: list[tuple[Notice, PublicTender]]


def front(session: Session, *, now: datetime, end_of_day: datetime) -> Front:
    """What closes today, what closes next, what is new, what was decided."""
    closing = find(session, Filter(order="closing"), now=now, limit=12).rows
    return Front(
        today=[each for each in closing if each.closes_at <= end_of_day],
        soon=[each for each in closing if each.closes_at > end_of_day][:8],
        newest=find(session, Filter(), now=now, limit=8).rows,
        results=results(session, limit=6),
    )


def results(session: Session, limit: int) -> list[tuple[Notice, PublicTender]]:
    """The newest results: candidates and awards, each of a tender once."""
    shown: dict[str, tuple[Notice, PublicTender]] = {}
    for kind in (NoticeKind.RESULT, NoticeKind.CANDIDATES):
        query = (
            select(Notice, PublicTender)
            .join(PublicTender, PublicTender.id == Notice.tender_id)
            .where(Notice.kind == kind)
            .order_by(Notice.ledger_seq.desc())
            .limit(limit)
        )
        for notice, public in session.execute(query):
            known = shown.get(public.id)
            if known is None or known[0].ledger_seq < notice.ledger_seq:
                shown[public.id] = (notice, public)
    ordered = sorted(shown.values(), key=lambda each: each[0].ledger_seq, reverse=True)
    return ordered[:limit]


def on_screen(
    session: Session, township: str, *, now: datetime, since: datetime, limit: int
) -> list[PublicTender]:
    """What a hall's display shows: what closed or opened since `since`, then what comes next."""
    query = (
        select(PublicTender)
        .where(PublicTender.closes_at >= since, PublicTender.closes_at <= now)
        .order_by(PublicTender.closes_at.desc(), PublicTender.seq.desc())
    )
    if township:
        query = query.where(PublicTender.township == township)
    past = list(session.scalars(query.limit(limit // 2)))
    wanted = Filter(order="closing", township=township)
    return past[::-1] + find(session, wanted, now=now, limit=limit - len(past)).rows
