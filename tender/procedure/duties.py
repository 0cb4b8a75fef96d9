"""A tender's dated duties for supervision: which they are, from when they run, when they end.

Of the timeline only those steps are duties that somebody must do by a day. A step is dated from
another one; it becomes a duty once that one has happened, because a term that has not begun to
run cannot be missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from tender.core.i18n import speaking
from tender.procedure.facts import timeline_of
from tender.procedure.models import Tender, TenderStatus
from tender.procedure.timeline.milestones import Milestone, MilestoneCode
from tender.supervision import milestones
from tender.supervision.milestones import Terms
from tender.supervision.models import Holder

M = MilestoneCode

ACT = Terms(pausable=True)
BONDS = Terms(holder=Holder.FINANCE, pausable=True, by_hand=True)

DUTIES: Mapping[MilestoneCode, Terms] = {
    # The custodians' releases take their time after the deadline; half an hour of it is normal.
    M.OPENING: Terms(pausable=True, patience=timedelta(minutes=30)),
    M.CANDIDATES: ACT,
    M.AWARD: ACT,
    M.AWARD_NOTICE: ACT,
    M.AWARD_LETTER: ACT,
    M.SUPERVISION_REPORT: Terms(pausable=True, by_hand=True),
    M.CONTRACT: ACT,
    M.CONTRACT_PUBLIC: ACT,
    M.CONTRACT_FILED: ACT,
    M.BOND_RETURN_LOSERS: BONDS,
    M.BOND_RETURN_WINNER: BONDS,
}
BOND_DUTIES = frozenset({M.BOND_RETURN_LOSERS, M.BOND_RETURN_WINNER})
KNOWN = frozenset(code.value for code in M)
RESULT_DUTIES = (M.CANDIDATES, M.AWARD, M.AWARD_NOTICE, M.AWARD_LETTER)


def dated_steps(
    session: Session, tender: Tender, *, now: datetime
) -> tuple[tuple[Milestone, ...], Mapping[MilestoneCode, datetime]]:
    """The tender's timeline with what has really happened, and when that was, by code."""
    happened = _happened(tender) | {
        M(code): moment
        for code, moment in milestones.met_moments(session, tender.id).items()
        if code in KNOWN
    }
    return timeline_of(tender, now=now, happened=happened), happened


def set_duties(session: Session, tender: Tender, *, now: datetime) -> None:
    """Set the duties whose term runs, and move open ones to where the law now dates them."""
    if tender.published_at is None or tender.status in (
        TenderStatus.FAILED,
        TenderStatus.CANCELLED,
    ):
        return
    session.flush()
    steps, happened = dated_steps(session, tender, now=now)
    running = happened.keys() | ({M.DEADLINE} if tender.deadline else set())
    for step in steps:
        terms = DUTIES.get(step.code)
        if terms is None or step.latest is None or not _begun(step, running):
            continue
        if step.code in BOND_DUTIES and not tender.bond_fen:
            continue
        with speaking("en"):
            article = "; ".join(str(each) for each in step.articles)
        milestones.schedule(
            session, subject=tender.id, reference=tender.number, scope=tender.scope,
            code=step.code.value, title=step.name().msgid, article=article[:120],
            due_at=step.latest, terms=terms,
        )  # fmt: skip
    if tender.paused_at is not None:
        milestones.hold(session, tender.id, now=now)


def _happened(tender: Tender) -> dict[MilestoneCode, datetime]:
    """What is known to have been done; the platform makes a report and an award known at once."""
    known = {
        M.NOTICE: tender.published_at,
        M.DOCUMENTS: tender.documents_from or tender.published_at,
        M.OPENING: tender.opened_at,
        M.REPORT: tender.evaluated_at,
        M.REPORT_DELIVERED: tender.evaluated_at,
        M.CANDIDATES: tender.standstill_from,
        M.AWARD: tender.awarded_at,
        M.AWARD_LETTER: tender.awarded_at,
        M.AWARD_NOTICE: tender.awarded_at,
    }
    return {code: moment for code, moment in known.items() if moment is not None}


def _begun(step: Milestone, running: frozenset[MilestoneCode] | set[MilestoneCode]) -> bool:
    anchors = {
        M(limit.rule.counted.anchor)
        for limit in step.limits
        if limit.latest is not None and limit.rule.counted
    }
    return anchors <= running
