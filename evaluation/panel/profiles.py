"""After the locking: how far each expert lies from the others, and corrections of scores.

Statistics, not accusation: an outlier needs a written reason. A submitted score changes only for
the four causes of O87 art. 64, and both values are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import CorrectionCause, PanelMember, ScoreChange, ScoreItem
from evaluation.panel.review import require_evaluating
from evaluation.panel.seating import member_for
from evaluation.panel.sheets import Marks, bids_to_judge, judged_criteria, locked_sheets
from evaluation.scoring.criteria import exact, scale_of
from evaluation.scoring.deviation import Profile, profiles
from evaluation.scoring.sheet import Mark, ScaleKind, check_mark, subtotal
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.procedure.facts import tender_by_id
from tender.procedure.models import Tender

Sheets = Sequence[tuple[PanelMember, Marks]]

CAUSE_NAMES = {
    CorrectionCause.SUM: N_("The sum was added up wrongly"),
    CorrectionCause.RANGE: N_("The score lies outside the range of the criterion"),
    CorrectionCause.OBJECTIVE: N_("Members scored an objective item differently"),
    CorrectionCause.EXTREME: N_("The panel found the score abnormally high or low"),
}


@dataclass(frozen=True)
class Correction:
    """What an expert asks to correct: cell, new score, cause and reason."""

    bid: str
    code: str
    score: str
    cause: str
    reason: str


def profiles_of(session: Session, tender: Tender, sheets: Sheets) -> tuple[Profile, ...]:
    """Each expert's profile over the bids that every expert scored; empty with nothing to say."""
    scales = [scale_of(row, tender) for row in judged_criteria(session, tender)]
    scored = [scale for scale in scales if scale.kind is ScaleKind.SUBJECTIVE]
    maximum = sum((scale.maximum for scale in scored), Decimal(0))
    bids = [
        bid.bid_id
        for _, each in bids_to_judge(session, tender)
        for bid in each
        if all((bid.bid_id, scale.code) in marks for _, marks in sheets for scale in scored)
    ]
    if len(sheets) < 2 or not bids or not maximum:
        return ()
    totals = {
        member.id: {bid: subtotal(scales, bid, marks) for bid in bids} for member, marks in sheets
    }
    return profiles(totals, maximum)


def require_outlier_reasons(session: Session, tender: Tender, sheets: Sheets) -> None:
    """Refuse to rank while a member who lies far from the others has not said why."""
    waiting = {
        profile.expert for profile in profiles_of(session, tender, sheets) if profile.outliers
    }
    seats = [m.position for m, _ in sheets if m.id in waiting and not m.outlier_reason]
    if seats:
        raise conflict(
            "sheet.outlier",
            N_("Seat %(seats)s scored far from the others and has not given a reason yet."),
            seats=", ".join(str(seat) for seat in seats),
        )


def explain_outlier(
    session: Session, actor: Actor, tender_id: str, reason: str, *, now: datetime
) -> None:
    """The expert's written reason for scores far from the others."""
    member = member_for(session, actor, tender_id)
    locked_sheets(session, tender_id)
    if not 2 <= len(reason.strip()) <= 2000:
        raise invalid(
            "outlier.reason", N_("Give your reason in 2 to 2,000 characters."),
            {"reason": N_("2 to 2,000 characters.")},
        )  # fmt: skip
    member.outlier_reason = reason.strip()
    ledger.append(
        session, "sheet.explained", subject=tender_id, actor=member.id, now=now,
        private={"reason": member.outlier_reason},
    )  # fmt: skip


def correct_score(
    session: Session, actor: Actor, tender_id: str, wanted: Correction, *, now: datetime
) -> ScoreChange:
    """Correct one's own submitted score for one of the four legal causes."""
    member = member_for(session, actor, tender_id)
    tender = tender_by_id(session, tender_id)
    require_evaluating(tender)
    locked_sheets(session, tender_id)
    cause, score = _check(wanted)
    criteria = {row.code: row for row in judged_criteria(session, tender)}
    criterion = criteria.get(wanted.code)
    item = criterion and session.get(ScoreItem, (member.id, wanted.bid, criterion.id))
    if not criterion or not item:
        raise invalid("sheet.unknown", N_("This cell belongs to no bid or criterion. Reload."))
    if problem := check_mark(scale_of(criterion, tender), wanted.bid, Mark(score=score)):
        raise invalid(
            problem.code, "%(problem)s", {"score": N_("Enter a score that fits the criterion.")},
            problem=problem.text(),
        )  # fmt: skip
    before = None if item.score is None else f"{exact(item.score):f}"
    entry = ledger.append(
        session, "score.corrected", subject=tender.id, actor=member.id, now=now,
        fields={
            "tender": tender.number, "bid": wanted.bid, "criterion": wanted.code,
            "cause": cause.value,
        },
        private={"before": before, "after": f"{score:f}", "reason": wanted.reason.strip()},
    )  # fmt: skip
    change = ScoreChange(
        member_id=member.id, bid_id=wanted.bid, criterion_id=criterion.id, cause=cause,
        reason=wanted.reason.strip(), before=item.score, after=score, changed_at=now,
        ledger_seq=entry.seq,
    )  # fmt: skip
    session.add(change)
    item.score, item.saved_at = score, now
    session.flush()
    return change


def changes_of(session: Session, tender_id: str) -> list[ScoreChange]:
    """Every correction of a tender's scores, oldest first."""
    query = (
        select(ScoreChange)
        .join(PanelMember, PanelMember.id == ScoreChange.member_id)
        .where(PanelMember.tender_id == tender_id)
        .order_by(ScoreChange.ledger_seq)
    )
    return list(session.scalars(query))


def _check(wanted: Correction) -> tuple[CorrectionCause, Decimal]:
    problems = {}
    if wanted.cause not in set(CorrectionCause):
        problems["cause"] = N_("Choose one of the four legal causes.")
    if not 2 <= len(wanted.reason.strip()) <= 2000:
        problems["reason"] = N_("2 to 2,000 characters.")
    score = Decimal(0)
    try:
        score = Decimal(wanted.score.strip())
    except InvalidOperation:
        problems["score"] = N_("This is no number. Enter a score such as 8 or 7.5.")
    if problems:
        raise invalid(
            "correction.form", N_("A correction needs its cause, reason and new score."), problems
        )
    return CorrectionCause(wanted.cause), score
