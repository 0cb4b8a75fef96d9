"""Findings before people: who may read them, and what each reader sees.

A finding is never a verdict and decides no score. Strength C is for supervision alone and never a
ground to reject; A and B are also the panel's, as are files that could not be read. A bidder sees
its own side of what it was asked, and nobody else anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from evaluation.findings.feeds import INDICATORS, UNREAD
from evaluation.findings.inputs.exhibits import Exhibit, Seen, seen_from
from evaluation.findings.inputs.lot_files import numbered_apart
from evaluation.findings.screening import run_of, screened_lots
from evaluation.models import FindingDecided, FindingDecision, FindingRow, PanelMember, ScreenRun
from evaluation.panel.desk import HERE
from evaluation.panel.seating import member_for
from evaluation.screens.finding import Strength
from tender.accounts.models import Organisation, Person
from tender.accounts.permissions import Permission, allowed, require
from tender.core.actor import Actor, Role
from tender.core.errors import forbidden, not_found
from tender.core.i18n import N_, gettext
from tender.opening.results import judged_bids
from tender.procedure.facts import tender_by_id
from tender.procedure.models import Lot, Tender

DECISION_NAMES = {
    FindingDecision.OPEN: N_("to decide"),
    FindingDecision.CONFIRMED: N_("confirmed"),
    FindingDecision.REJECTED: N_("explained away"),
    FindingDecision.REFERRED: N_("referred"),
}
UNKNOWN = N_("There is no such finding.")
MOST_LISTED = 500


@dataclass(frozen=True)
class Past:
    """One decision of a finding's history: the newest counts, the others stay."""

    decision: FindingDecided
    by: str


@dataclass(frozen=True)
class Shown:
    """A finding for one reader, with bidders' names by id, as far as he sees them.

    `names` are those of whom it speaks; `beside` are those who only stand in its exhibits.
    """

    row: FindingRow
    seen: Seen
    lot: Lot | None
    names: Mapping[str, str]
    beside: Mapping[str, str]
    history: Sequence[Past] = ()

    def called(self, bidder: str) -> str:
        """A bidder's name; its id if this reader does not see it."""
        return self.names.get(bidder) or self.beside.get(bidder, bidder)

    @property
    def explained(self) -> list[tuple[str, str]]:
        """Who explained what, the bidder's name first."""
        return [
            (name, self.row.explanations[key])
            for key, name in self.names.items()
            if key in self.row.explanations
        ]


@dataclass(frozen=True)
class Findings:
    """A tender's findings for one reader."""

    tender: Tender
    run: ScreenRun | None
    steps: int
    listed: list[Shown]
    may_decide: bool
    bidder: bool

    @property
    def done(self) -> int:
        """How many indicators of how many lots are through."""
        return min(self.steps, len(self.run.progress)) if self.run else 0

    @property
    def unfinished(self) -> list[dict[str, str]]:
        """Indicators that reached their limits."""
        return [row for row in (self.run.progress if self.run else []) if row.get("failed")]

    @property
    def now_running(self) -> str:
        """The name of the indicator at work: the first of the table that is not through."""
        through = Counter(row["code"] for row in (self.run.progress if self.run else []))
        lots = self.steps // len(INDICATORS)
        return next((each.name for each in INDICATORS if through[each.code] < lots), "")


def findings_for(session: Session, actor: Actor, tender_id: str) -> Findings:
    """What this person may see: supervision all, the panel A and B, a bidder what it was asked."""
    tender = tender_by_id(session, tender_id)
    query = select(FindingRow).where(FindingRow.tender_id == tender.id)
    order = (FindingRow.strength, FindingRow.code, FindingRow.found_at, FindingRow.id)
    rows = list(session.scalars(query.order_by(*order)))
    if actor.role is Role.BIDDER:
        rows = [row for row in rows if _asked(actor, row)]
        if not rows:
            raise not_found("finding.none", N_("You are not asked to explain anything here."))
    elif actor.role is Role.EXPERT:
        require_seat(session, actor, tender_id)
        rows = [row for row in rows if for_panel(row)]
    else:
        require(actor, Permission.FINDING_READ, on=tender)
    return Findings(
        tender=tender,
        run=run_of(session, tender.id),
        steps=len(INDICATORS) * len(screened_lots(session, tender.id)),
        listed=_shown(session, actor, rows),
        may_decide=actor.role is Role.EXPERT or allowed(actor, Permission.FINDING_DECIDE, tender),
        bidder=actor.role is Role.BIDDER,
    )


def finding_for(session: Session, actor: Actor, tender_id: str, finding_id: str) -> Shown:
    """One finding with its history; DomainError `finding.unknown` for whoever may not see it."""
    row = session.get(FindingRow, finding_id)
    if row is None or row.tender_id != tender_id:
        raise not_found("finding.unknown", UNKNOWN)
    if actor.role is Role.BIDDER and not _asked(actor, row):
        raise not_found("finding.unknown", UNKNOWN)
    if actor.role is Role.EXPERT:
        require_seat(session, actor, row.tender_id)
        if not for_panel(row):
            raise not_found("finding.unknown", UNKNOWN)
    if actor.role not in (Role.EXPERT, Role.BIDDER):
        require(actor, Permission.FINDING_READ, on=row)
    [shown] = _shown(session, actor, [row])
    return shown if actor.role is Role.BIDDER else replace(shown, history=_history(session, row))


@dataclass(frozen=True)
class Listed:
    """A tender with the number of its findings by strength, and of those that wait."""

    tender: Tender
    strengths: Mapping[str, int]
    waiting: int


def tenders_with_findings(session: Session, actor: Actor) -> list[Listed]:
    """Tenders under the reader's scope that have findings, the strongest first."""
    require(actor, Permission.FINDING_READ)
    gone = FindingRow.gone_at.is_not(None)
    columns = (FindingRow.tender_id, FindingRow.strength, FindingRow.decision, gone)
    counted = (
        select(*columns, func.count())
        .where(or_(FindingRow.scope == actor.scope, FindingRow.scope.startswith(actor.scope)))
        .group_by(*columns)
    )
    strengths: dict[str, dict[str, int]] = {}
    waiting: dict[str, int] = {}
    for tender_id, strength, decision, lost, count in session.execute(counted):
        row = strengths.setdefault(tender_id, dict.fromkeys("ABC", 0))
        row[strength] += count
        undecided = decision is FindingDecision.OPEN and not lost
        waiting[tender_id] = waiting.get(tender_id, 0) + count * undecided
    tenders = session.scalars(select(Tender).where(Tender.id.in_(strengths)))
    listed = [Listed(each, strengths[each.id], waiting[each.id]) for each in tenders]
    listed.sort(key=lambda each: (*(-each.strengths[s] for s in "ABC"), each.tender.number))
    return listed[:MOST_LISTED]


def for_panel(row: FindingRow) -> bool:
    """Whether the panel may see it: strong signs, and what it must read by hand."""
    return row.strength != Strength.C or row.code == UNREAD


def require_seat(session: Session, actor: Actor, tender_id: str) -> PanelMember:
    """The expert's seat in this tender's panel; refused before taking part."""
    member = member_for(session, actor, tender_id)
    if member.status not in HERE:
        raise forbidden("sheet.not_seated", N_("Confirm first that you take part."))
    return member


def _asked(actor: Actor, row: FindingRow) -> bool:
    return row.asked_at is not None and actor.organisation_id in row.bidders


def _shown(session: Session, actor: Actor, rows: Sequence[FindingRow]) -> list[Shown]:
    """Findings for one reader; names and lots of all of them are asked for at once."""
    sides = {row.id: _side(actor, row) for row in rows}
    ids = {bidder for bidders, seen in sides.values() for bidder in _standing(bidders, seen)}
    named = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))
    names = {row.id: row.name for row in session.execute(named)}
    wanted = select(Lot).where(Lot.id.in_({row.lot_id for row in rows if row.lot_id}))
    lots = {lot.id: lot for lot in session.scalars(wanted)}
    found = []
    for row in rows:
        bidders, seen = sides[row.id]
        own = {key: names[key] for key in bidders if key in names}
        others = {key: names[key] for key in _standing((), seen) if key in names and key not in own}
        found.append(Shown(row, seen, lots.get(row.lot_id or ""), own, beside=others))
    return found


def _side(actor: Actor, row: FindingRow) -> tuple[list[str], Seen]:
    """Of whom a finding speaks to this reader, and what it shows."""
    seen = seen_from(row.content)
    if actor.role is Role.BIDDER:
        return [actor.organisation_id], own_side(seen, actor.organisation_id)
    return list(row.bidders), seen


def _standing(bidders: Sequence[str], seen: Seen) -> list[str]:
    """Bidders who stand in a finding or its exhibits, each once."""
    shown = [each for exhibit in seen.exhibits for each in exhibit.bidders]
    return list(dict.fromkeys((*bidders, *shown)))


def own_side(seen: Seen, bidder: str) -> Seen:
    """A finding without anything of another bidder: its own columns and rows, no population."""
    shown = []
    for exhibit in seen.exhibits:
        if exhibit.named:
            places = [k for k, name in enumerate(exhibit.columns) if name == bidder]
            rows = tuple(
                replace(row, cells=tuple(row.cells[k] for k in places), params=_own(row.params))
                for row in exhibit.rows
            )
            columns = tuple(exhibit.columns[k] for k in places)
            shown.append(replace(exhibit, columns=columns, rows=rows))
        else:
            shown.append(_own_rows(exhibit, bidder))
    return replace(seen, exhibits=tuple(shown), plot=None, counts={})


def _own(params: Mapping[str, str | int]) -> Mapping[str, str | int]:
    """A ratio of two prices would tell the other's price."""
    return {key: "…" if key == "ratio" else value for key, value in params.items()}


def _own_rows(exhibit: Exhibit, bidder: str) -> Exhibit:
    """The reader's own rows; a step to the neighbour would tell the neighbour's price."""
    rows = tuple(
        replace(row, cells=row.cells[:1]) if row.bidder else row
        for row in exhibit.rows
        if row.bidder in ("", bidder)
    )
    whole = len(exhibit.columns) if not any(row.bidder for row in rows) else 1
    return replace(exhibit, rows=rows, columns=exhibit.columns[:whole])


def _history(session: Session, row: FindingRow) -> list[Past]:
    query = select(FindingDecided).where(FindingDecided.finding_id == row.id)
    found = session.scalars(query.order_by(FindingDecided.ledger_seq.desc()))
    return [Past(each, _who(session, each)) for each in found]


def _who(session: Session, decided: FindingDecided) -> str:
    """A supervisor by name, a panel member by seat: its name is secret until the result."""
    if decided.role == Role.EXPERT.value:
        member = session.get(PanelMember, decided.by)
        return gettext(N_("Member in seat %(seat)s"), seat=member.position if member else "?")
    person = session.get(Person, decided.by)
    return person.name if person else ""


def files_of_evidence(session: Session, shown: Shown) -> list[tuple[str, str, str]]:
    """The opened files that the evidence points at: bidder's name, file, address."""
    if shown.lot is None:
        return []
    named = {(piece.bidder, piece.file) for piece in shown.seen.finding.evidence if piece.file}
    found = []
    for bid in judged_bids(session, shown.lot.id):
        for file, place in numbered_apart(bid.stored):
            if (bid.organisation_id, file) in named:
                url = f"/openings/bids/{bid.bid_id}/files/{place}"
                found.append((bid.name, file, url))
    return found
