"""Findings before people: who may read them, asking the bidder, deciding with a reason.

A finding is never a verdict. Strength C is for supervision alone and never a ground to reject;
A and B are also the panel's, which may reject a bid by its own decision (REG 40, 51).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.desk import HERE
from evaluation.feeds import INDICATORS
from evaluation.models import FindingDecision, FindingRow, ScreenRun
from evaluation.screening import run_of
from evaluation.screens.finding import Finding, Strength
from evaluation.seating import member_for
from tender.accounts.directory import members_of
from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, allowed, require
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, forbidden, invalid, not_found
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.facts import lots_of, tender_by_id
from tender.procedure.models import Lot, Tender

CODE_NAMES = {
    "P1": N_("Same member of the project team"),
    "P2": N_("Same agent, contact, telephone or mailbox"),
    "P3": N_("Same head, control or management"),
    "H1": N_("Same upload computer"),
    "H5": N_("Same upload address"),
    "D1": N_("Bid bonds from the same account"),
}
STRENGTH_NAMES = {
    Strength.A: N_("A: a case that the law deems collusion, on its face"),
    Strength.B: N_("B: a strong sign; the bidder is asked to explain"),
    Strength.C: N_("C: a statistical sign, for supervision only"),
}
DECISION_NAMES = {
    FindingDecision.OPEN: N_("to decide"),
    FindingDecision.CONFIRMED: N_("confirmed"),
    FindingDecision.REJECTED: N_("explained away"),
    FindingDecision.REFERRED: N_("referred"),
}


@dataclass(frozen=True)
class Side:
    """One bidder of a finding with what the platform recorded of it."""

    organisation: Organisation
    bid: OpenedBid | None
    explanation: str


@dataclass(frozen=True)
class Shown:
    """A finding with both sides for reading."""

    row: FindingRow
    finding: Finding
    sides: list[Side]
    lot: Lot | None


@dataclass(frozen=True)
class Findings:
    """A tender's findings for one reader."""

    tender: Tender
    run: ScreenRun | None
    steps: int
    listed: list[Shown]
    may_decide: bool
    bidder: bool


def findings_for(session: Session, actor: Actor, tender_id: str) -> Findings:
    """What this person may see: supervision all, the panel A and B, a bidder what it was asked."""
    tender = tender_by_id(session, tender_id)
    query = select(FindingRow).where(FindingRow.tender_id == tender.id)
    rows = list(session.scalars(query.order_by(FindingRow.strength, FindingRow.found_at)))
    if actor.role is Role.BIDDER:
        rows = [
            row for row in rows if row.asked_at is not None and actor.organisation_id in row.bidders
        ]
        if not rows:
            raise not_found("finding.none", N_("You are not asked to explain anything here."))
    elif actor.role is Role.EXPERT:
        _seated(session, actor, tender_id)
        rows = [row for row in rows if row.strength != Strength.C]
    else:
        require(actor, Permission.FINDING_READ, on=tender)
    return Findings(
        tender=tender,
        run=run_of(session, tender.id),
        steps=len(INDICATORS) * len(lots_of(session, tender.id)),
        listed=[_shown(session, actor, row) for row in rows],
        may_decide=actor.role is Role.EXPERT or allowed(actor, Permission.FINDING_DECIDE, tender),
        bidder=actor.role is Role.BIDDER,
    )


def ask_bidders(session: Session, actor: Actor, finding_id: str, *, now: datetime) -> FindingRow:
    """Ask the bidders of a finding to explain it."""
    row = _decidable(session, actor, finding_id)
    if row.asked_at is not None:
        raise conflict("finding.asked", N_("The bidders are asked already."))
    row.asked_at = now
    tender = tender_by_id(session, row.tender_id)
    for organisation_id in row.bidders:
        for person in members_of(session, organisation_id, Role.BIDDER):
            messages.tell(
                session, person.id, N_("The supervision of %(tender)s asks you to explain."),
                now=now, link=f"/findings/{tender.id}", subject=row.id, email=person.email,
                tender=tender.number,
            )  # fmt: skip
    return row


def explain(session: Session, actor: Actor, finding_id: str, text: str, *, now: datetime) -> None:
    """A bidder's own explanation."""
    require(actor, Permission.OBJECTION_FILE)
    row = session.get(FindingRow, finding_id)
    if row is None or row.asked_at is None or actor.organisation_id not in row.bidders:
        raise not_found("finding.none", N_("You are not asked to explain anything here."))
    if row.decision is not FindingDecision.OPEN:
        raise conflict("finding.decided", N_("This finding is decided."))
    if not 2 <= len(text.strip()) <= 4000:
        raise invalid(
            "finding.explanation", N_("Explain it in 2 to 4,000 characters."),
            {"text": N_("2 to 4,000 characters.")},
        )  # fmt: skip
    row.explanations = {**row.explanations, actor.organisation_id: text.strip()}
    messages.settle(session, row.id, now=now, person_id=actor.person_id)


def decide(
    session: Session,
    actor: Actor,
    finding_id: str,
    decision: str,
    reason: str,
    *,
    now: datetime,
) -> FindingRow:
    """Confirm a finding, reject it with the reason, or refer it; the ledger keeps who did."""
    row = _decidable(session, actor, finding_id)
    problems = {}
    if decision not in (FindingDecision.CONFIRMED, FindingDecision.REJECTED, "referred"):
        problems["decision"] = N_("Choose a decision.")
    if not 2 <= len(reason.strip()) <= 2000:
        problems["reason"] = N_("2 to 2,000 characters.")
    if problems:
        raise invalid("finding.form", N_("A decision needs its reason."), problems)
    row.decision = FindingDecision(decision)
    row.reason, row.decided_by, row.decided_at = reason.strip(), actor.person_id, now
    name = actor.person_id
    if actor.role is Role.EXPERT:
        name = member_for(session, actor, row.tender_id).id
    ledger.append(
        session, "finding.decided", subject=row.tender_id, actor=name, now=now,
        fields={"finding": row.id, "code": row.code, "decision": row.decision.value},
        private={"reason": row.reason},
    )  # fmt: skip
    return row


def _decidable(session: Session, actor: Actor, finding_id: str) -> FindingRow:
    row = session.get(FindingRow, finding_id)
    if row is None:
        raise not_found("finding.unknown", N_("There is no such finding."))
    if actor.role is Role.EXPERT:
        _seated(session, actor, row.tender_id)
        if row.strength == Strength.C:
            raise not_found("finding.unknown", N_("There is no such finding."))
    else:
        require(actor, Permission.FINDING_DECIDE, on=row)
    if row.decision is not FindingDecision.OPEN:
        raise conflict("finding.decided", N_("This finding is decided."))
    return row


def _seated(session: Session, actor: Actor, tender_id: str) -> None:
    member = member_for(session, actor, tender_id)
    if member.status not in HERE:
        raise forbidden("sheet.not_seated", N_("Confirm first that you take part."))


def _shown(session: Session, actor: Actor, row: FindingRow) -> Shown:
    lot = session.get(Lot, row.lot_id) if row.lot_id else None
    bids = {bid.organisation_id: bid for bid in judged_bids(session, lot.id)} if lot else {}
    sides = [
        Side(session.get_one(Organisation, each), bids.get(each), row.explanations.get(each, ""))
        for each in row.bidders
        if actor.role is not Role.BIDDER or each == actor.organisation_id
    ]
    return Shown(row, Finding.from_json(row.content), sides, lot)
