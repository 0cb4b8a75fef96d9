"""Until when an objection or complaint may be made, when it is answered, whether it pauses.

Everything comes from the law's data. Disposals outside the tendering law follow the rules for
candidates by analogy, as the data marks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tender.core.i18n import N_
from tender.objections.models import Objection, ObjectionStage
from tender.procedure.facts import timeline_of
from tender.procedure.law.kinds import Kind
from tender.procedure.law.law import law
from tender.procedure.law.quantities import Unit
from tender.procedure.law.rules import Direction, Rule
from tender.procedure.local_law.binding import calendar_of, overrides_of
from tender.procedure.models import Tender, TenderStatus
from tender.procedure.timeline.calendar import Calendar, day_of, ends
from tender.procedure.timeline.milestones import MilestoneCode
from tender.procedure.timeline.timeline import milestones_by_code

STAGE_NAMES = {
    ObjectionStage.DOCUMENTS: N_("to the tender documents"),
    ObjectionStage.OPENING: N_("to the opening"),
    ObjectionStage.CANDIDATES: N_("to the result of the evaluation"),
}
ANSWER = {
    ObjectionStage.DOCUMENTS: "objection_documents_answer",
    ObjectionStage.OPENING: "objection_candidates_answer",
    ObjectionStage.CANDIDATES: "objection_candidates_answer",
}
AFTER_OPENING = (TenderStatus.OPENED, TenderStatus.EVALUATED)


@dataclass(frozen=True)
class Term:
    """The term of one stage: open until when, and what an objection brings about."""

    stage: ObjectionStage
    until: datetime
    pauses: bool
    rule: Rule
    days: Calendar

    def answer_due(self, now: datetime) -> datetime:
        """When an objection made now is answered at the latest."""
        return counted(self.rule, now, self.days)


def open_terms(tender: Tender, *, now: datetime) -> list[Term]:
    """The stages to which an objection may be made now."""
    found = []
    for stage in ObjectionStage:
        term = term_of(tender, stage, now=now)
        if term is not None and now < term.until:
            found.append(term)
    return found


def term_of(tender: Tender, stage: ObjectionStage, *, now: datetime) -> Term | None:
    """The term of a stage as it stands now; None while the stage is not reached or is over."""
    until = _until(tender, stage, now)
    if until is None:
        return None
    own = _answer_rules(tender, stage)
    rule = own or _required(tender, ANSWER[ObjectionStage.CANDIDATES])
    pauses = stage is not ObjectionStage.OPENING and own is not None
    if tender.kind is Kind.PROCUREMENT:
        pauses = stage is ObjectionStage.CANDIDATES
    return Term(stage, until, pauses, rule, calendar_of(tender))


def complaint_until(tender: Tender, objection: Objection) -> datetime | None:
    """Until when a complaint may follow an objection; None while its answer is not due."""
    if objection.answered_at is None:
        return _counted(tender, "complaint_within", objection.answer_due)
    return _counted(tender, "complaint_within", objection.answered_at)


def complaint_dates(tender: Tender, now: datetime) -> tuple[datetime, datetime]:
    """When a complaint made now is reviewed and when it is decided, at the latest."""
    review = _counted(tender, "complaint_review", now)
    return review, _counted(tender, "complaint_decided", now)


def complaint_articles(tender: Tender) -> str:
    """The articles that date the decision on a complaint, as the data cites them."""
    return "; ".join(str(each) for each in _required(tender, "complaint_decided").articles)


def last_complaint(tender: Tender, last: datetime) -> datetime:
    """When nobody can complain any more of what happened at `last` or before.

    As if it were objected to on the last day, answered on the last day, and complained of then.
    """
    first = "challenge_within" if tender.kind is Kind.PROCUREMENT else "complaint_within"
    for code in (first, ANSWER[ObjectionStage.CANDIDATES], "complaint_within"):
        last = _counted(tender, code, last)
    return last


def _counted(tender: Tender, code: str, start: datetime) -> datetime:
    return counted(_required(tender, code), start, calendar_of(tender))


def counted(rule: Rule, start: datetime, days: Calendar) -> datetime:
    """The end of a period that a rule grants from a moment: 24:00 of its last day."""
    value, day = rule.required, day_of(start)
    if value.unit is Unit.WORKING_DAYS:
        return ends(days.add_working_days(day, value.whole))
    return ends(days.add_days(day, value.whole))


def _until(tender: Tender, stage: ObjectionStage, now: datetime) -> datetime | None:
    dates = milestones_by_code(timeline_of(tender, now=now))
    procurement = tender.kind is Kind.PROCUREMENT
    if stage is ObjectionStage.DOCUMENTS:
        if tender.status is not TenderStatus.PUBLISHED or tender.deadline is None:
            return None
        last = dates.get(MilestoneCode.OBJECTION)
        if procurement and (notice := dates.get(MilestoneCode.NOTICE_END)) is not None:
            return min(
                tender.deadline,
                _end_of_challenges(tender, notice.day),
            )
        return last.latest if last is not None and last.latest else tender.deadline
    if stage is ObjectionStage.OPENING:
        if tender.status not in AFTER_OPENING or tender.opened_at is None:
            return None
        # The moment on the spot has passed; it can still be said while the bids are evaluated.
        return _counted(tender, "complaint_within", tender.opened_at)
    if procurement:
        end = dates.get(MilestoneCode.CHALLENGE_END)
        return end.at if end is not None and tender.status is TenderStatus.AWARDED else None
    return tender.standstill_until if tender.status is TenderStatus.CANDIDATES else None


def _end_of_challenges(tender: Tender, notice_end: date) -> datetime:
    value = _required(tender, "challenge_within").required
    return ends(calendar_of(tender).add_working_days(notice_end, value.whole))


def _answer_rules(tender: Tender, stage: ObjectionStage) -> Rule | None:
    code = "challenge_answer" if tender.kind is Kind.PROCUREMENT else ANSWER[stage]
    return _find(tender.kind, tender.direction, code, tender)


def _required(tender: Tender, code: str) -> Rule:
    """The rule of this kind, or of works by analogy where the law has none for it."""
    if tender.kind is Kind.PROCUREMENT and code.startswith("objection"):
        code = "challenge_answer"
    found = _find(tender.kind, tender.direction, code, tender)
    found = found or _find(Kind.CONSTRUCTION, Direction.PURCHASE, code, tender)
    if found is None:
        raise LookupError(f"the law has no rule {code}")
    return found


def _find(kind: Kind, direction: Direction, code: str, tender: Tender) -> Rule | None:
    day = day_of(tender.published_at or tender.created_at)
    own = overrides_of(tender, now=tender.created_at)
    found = law().find(kind.value, code=code, on=day, direction=direction, overrides=own)
    return found[0] if found else None
