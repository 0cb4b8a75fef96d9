"""The legal dates after the evaluation: duties set, moved and met as the tender goes on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from tender.procedure.duties import set_duties
from tender.procedure.facts import timeline_of
from tender.procedure.law.kinds import kind_row
from tender.procedure.models import Tender
from tender.procedure.timeline.milestones import Milestone, MilestoneCode
from tender.procedure.timeline.timeline import milestones_by_code


def dates_of(tender: Tender, *, now: datetime) -> Mapping[MilestoneCode, Milestone]:
    """The tender's milestones by code, as they stand now."""
    return milestones_by_code(timeline_of(tender, now=now))


def has_candidates(tender: Tender) -> bool:
    """Whether this kind's course has a candidates notice; procurement goes straight to award."""
    flow = kind_row(tender.kind.value).flow(tender.direction)
    return any(stage.milestone == MilestoneCode.CANDIDATES for stage in flow)


def reschedule(session: Session, tender: Tender, *, now: datetime) -> None:
    """Set the duties that now run, and move the open ones to where the law now dates them."""
    set_duties(session, tender, now=now)


def article_of(step: Milestone | None) -> str:
    """The articles that date a step, in the present language; empty if none does."""
    if step is None:
        return ""
    return "；".join(article.wording().text() for article in step.articles)
