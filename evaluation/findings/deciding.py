"""Asking, explaining and deciding about findings (线索处置): people's acts, kept in the ledger.

The ledger's entry is public, and nobody may learn from it that a tender has a finding: it stands
under the finding's own random id, and everything else is private data of the entry.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.access import UNKNOWN, for_panel, require_seat
from evaluation.models import FindingDecided, FindingDecision, FindingRow
from tender.accounts.directory import members_of
from tender.accounts.permissions import Permission, require
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, forbidden, invalid, not_found
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.procedure.facts import tender_by_id

TO_EXPLAIN = timedelta(days=2)
DECISIONS = (FindingDecision.CONFIRMED, FindingDecision.REJECTED, FindingDecision.REFERRED)


def ask_bidders(session: Session, actor: Actor, finding_id: str, *, now: datetime) -> FindingRow:
    """Ask the bidders of a finding to explain it: a dated task in their inboxes."""
    row = _finding(session, actor, finding_id)
    if row.decision is not FindingDecision.OPEN:
        raise conflict("finding.decided", N_("This finding is decided."))
    if row.asked_at is not None:
        raise conflict("finding.asked", N_("The bidders are asked already."))
    row.asked_at = now
    tender = tender_by_id(session, row.tender_id)
    for organisation_id in row.bidders:
        for person in members_of(session, organisation_id, Role.BIDDER):
            messages.tell(
                session, person.id, N_("The supervision of %(tender)s asks you to explain."),
                now=now, link=f"/findings/{tender.id}/{row.id}", subject=row.id,
                due_at=now + TO_EXPLAIN, email=person.email, tender=tender.number,
            )  # fmt: skip
    return row


def explain(session: Session, actor: Actor, finding_id: str, text: str, *, now: datetime) -> None:
    """A bidder's own explanation; a later one takes its place until the finding is decided."""
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
    for person in members_of(session, actor.organisation_id, Role.BIDDER):
        messages.settle(session, row.id, now=now, person_id=person.id)


def decide(
    session: Session, actor: Actor, finding_id: str, decision: str, reason: str, *, now: datetime
) -> FindingRow:
    """Confirm a finding, reject it with the reason, or refer it.

    A decision is undone by another one only; the history keeps them all. The panel does not
    change what supervision decided.
    """
    row = _finding(session, actor, finding_id)
    problems = {}
    if decision not in DECISIONS:
        problems["decision"] = N_("Choose a decision.")
    if not 2 <= len(reason.strip()) <= 2000:
        problems["reason"] = N_("2 to 2,000 characters.")
    if problems:
        raise invalid("finding.form", N_("A decision needs its reason."), problems)
    if row.decision == decision:
        raise conflict("finding.same", N_("That is the decision already. A new one must differ."))
    by = actor.person_id
    if actor.role is Role.EXPERT:
        by = require_seat(session, actor, row.tender_id).id
        _not_supervisions(session, row)
    entry = ledger.append(
        session, "finding.decided", subject=row.id, actor=by, now=now,
        private={
            "tender": row.tender_id, "code": row.code, "decision": decision,
            "reason": reason.strip(),
        },
    )  # fmt: skip
    row.decision, row.reason = FindingDecision(decision), reason.strip()
    row.decided_by, row.decided_at = by, now
    session.add(
        FindingDecided(
            finding_id=row.id, decision=row.decision, reason=row.reason, by=by,
            role=actor.role.value, decided_at=now, ledger_seq=entry.seq,
        )
    )  # fmt: skip
    session.flush()
    messages.settle(session, row.id, now=now)
    return row


def _not_supervisions(session: Session, row: FindingRow) -> None:
    query = select(FindingDecided.role).where(FindingDecided.finding_id == row.id)
    last = session.scalars(query.order_by(FindingDecided.ledger_seq.desc()).limit(1)).first()
    if last == Role.SUPERVISOR.value:
        raise forbidden(
            "finding.supervision",
            N_("Supervision has decided this; only supervision may change it."),
        )


def _finding(session: Session, actor: Actor, finding_id: str) -> FindingRow:
    row = session.get(FindingRow, finding_id)
    if row is None:
        raise not_found("finding.unknown", UNKNOWN)
    if actor.role is Role.EXPERT:
        require_seat(session, actor, row.tender_id)
        if not for_panel(row):
            raise not_found("finding.unknown", UNKNOWN)
    else:
        require(actor, Permission.FINDING_DECIDE, on=row)
    return row
