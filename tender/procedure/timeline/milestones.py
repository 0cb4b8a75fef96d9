"""The milestones (时限节点) of a tender and what the timeline says of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from tender.core.i18n import N_
from tender.core.wording import Wording
from tender.procedure.law.articles import Article
from tender.procedure.law.kinds import Direction
from tender.procedure.law.rules import Rule


class MilestoneCode(StrEnum):
    """Every milestone that some kind's course knows."""

    ACCEPTANCE = "acceptance"
    VALUATION = "valuation"
    LAND_PLAN = "land_plan"
    NOTICE = "notice"
    NOTICE_END = "notice_end"
    DOCUMENTS = "documents"
    DOCUMENTS_END = "documents_end"
    CLARIFICATION = "clarification"
    OBJECTION = "objection"
    DEADLINE = "deadline"
    OPENING = "opening"
    REPORT = "report"
    REPORT_DELIVERED = "report_delivered"
    CANDIDATES = "candidates"
    STANDSTILL_END = "standstill_end"
    AWARD = "award"
    AWARD_LETTER = "award_letter"
    AWARD_NOTICE = "award_notice"
    AWARD_NOTICE_END = "award_notice_end"
    CHALLENGE_END = "challenge_end"
    SUPERVISION_REPORT = "supervision_report"
    CONTRACT = "contract"
    CONTRACT_PUBLIC = "contract_public"
    CONTRACT_FILED = "contract_filed"
    BOND_RETURN_LOSERS = "bond_return_losers"
    BOND_RETURN_WINNER = "bond_return_winner"


NAMES: Mapping[MilestoneCode, str] = {
    MilestoneCode.ACCEPTANCE: N_("Project accepted"),
    MilestoneCode.VALUATION: N_("Valuation made public"),
    MilestoneCode.LAND_PLAN: N_("Plan sent to the county"),
    MilestoneCode.NOTICE: N_("Tender notice"),
    MilestoneCode.NOTICE_END: N_("End of the tender notice"),
    MilestoneCode.DOCUMENTS: N_("Issue of the tender documents"),
    MilestoneCode.DOCUMENTS_END: N_("End of the issue of documents"),
    MilestoneCode.CLARIFICATION: N_("Last day for clarifications"),
    MilestoneCode.OBJECTION: N_("Last day for objections to the documents"),
    MilestoneCode.DEADLINE: N_("Deadline for bids"),
    MilestoneCode.OPENING: N_("Bid opening"),
    MilestoneCode.REPORT: N_("Evaluation report"),
    MilestoneCode.REPORT_DELIVERED: N_("Report sent to the buyer"),
    MilestoneCode.CANDIDATES: N_("Candidates notice"),
    MilestoneCode.STANDSTILL_END: N_("End of the candidates notice"),
    MilestoneCode.AWARD: N_("Award decision"),
    MilestoneCode.AWARD_LETTER: N_("Award letter"),
    MilestoneCode.AWARD_NOTICE: N_("Result notice"),
    MilestoneCode.AWARD_NOTICE_END: N_("End of the result notice"),
    MilestoneCode.CHALLENGE_END: N_("Last day for challenges to the result"),
    MilestoneCode.SUPERVISION_REPORT: N_("Report to the supervising department"),
    MilestoneCode.CONTRACT: N_("Contract signed"),
    MilestoneCode.CONTRACT_PUBLIC: N_("Contract published"),
    MilestoneCode.CONTRACT_FILED: N_("Contract filed"),
    MilestoneCode.BOND_RETURN_LOSERS: N_("Bid bonds back to the other bidders"),
    MilestoneCode.BOND_RETURN_WINNER: N_("Bid bond back to the winner"),
}

PERIOD_ENDS = frozenset(
    {
        MilestoneCode.NOTICE_END,
        MilestoneCode.DOCUMENTS_END,
        MilestoneCode.STANDSTILL_END,
        MilestoneCode.AWARD_NOTICE_END,
        MilestoneCode.CHALLENGE_END,
    }
)
"""Milestones that mean 24:00 of a day: a moment at midnight belongs to the day that it ends."""

PASSING = frozenset(
    {
        MilestoneCode.NOTICE_END,
        MilestoneCode.DOCUMENTS_END,
        MilestoneCode.CLARIFICATION,
        MilestoneCode.OBJECTION,
    }
)
"""Days that pass by the clock alone once the notice is out; nobody has to act on them."""

PAUSED_ACTS = frozenset(
    {
        MilestoneCode.DEADLINE,
        MilestoneCode.OPENING,
        MilestoneCode.REPORT,
        MilestoneCode.CANDIDATES,
        MilestoneCode.AWARD,
        MilestoneCode.AWARD_LETTER,
        MilestoneCode.AWARD_NOTICE,
        MilestoneCode.CONTRACT,
    }
)
"""Acts that wait while an objection, challenge or complaint pauses the tender (REG 22, 54)."""


@dataclass(frozen=True)
class Pause:
    """A span in which the procedure stands still; `end` None: still paused."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Course:
    """What is known of one tender's course.

    `planned` holds moments that are planned or have happened (aware UTC; the notice is needed);
    ends of periods are 24:00 of their last day. `facts` None means those usual for the kind.
    `terms` are periods that the tender documents state, by rule code, in the rule's unit.
    `hour` is the hour of Shanghai at which a deadline is proposed.
    """

    kind: str
    direction: Direction
    method: str
    planned: Mapping[MilestoneCode, datetime]
    facts: frozenset[str] | None = None
    terms: Mapping[str, int] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    hour: time = time(9, 30)


@dataclass(frozen=True)
class Limit:
    """One rule's say on one milestone, both ends included; None where it says nothing.

    `day` is the legal day that the count ends on; `rolled` that it was moved off a rest day;
    `provisional` that no official list of holidays covers the count yet.
    """

    rule: Rule
    day: date
    earliest: datetime | None
    latest: datetime | None
    wording: Wording
    notes: tuple[Wording, ...] = ()
    provisional: bool = False


@dataclass(frozen=True)
class Milestone:
    """One date of the timeline, with every rule that limits it.

    `at` is the planned moment, or the proposal where none is planned; `day` the legal day it
    belongs to. `earliest` also respects what must come before and closed pauses. `paused`: an
    open pause holds the act up.
    """

    code: MilestoneCode
    at: datetime
    day: date
    planned: bool
    earliest: datetime | None
    latest: datetime | None
    limits: tuple[Limit, ...]
    follows: MilestoneCode | None = None
    paused: bool = False

    def name(self) -> Wording:
        """The milestone's name as a reader knows it."""
        return Wording(NAMES[self.code])

    @property
    def explanations(self) -> tuple[Wording, ...]:
        """Why it lies where it lies: "not before 2026-12-21: at least 20 days from …"."""
        return tuple(w for limit in self.limits for w in (limit.wording, *limit.notes))

    @property
    def articles(self) -> tuple[Article, ...]:
        """Every article that limits it, once."""
        return tuple(dict.fromkeys(a for limit in self.limits for a in limit.rule.articles))

    @property
    def to_check(self) -> bool:
        """Whether any of its rules rests on a summary, a model rule or an analogy."""
        return any(limit.rule.to_check for limit in self.limits)

    @property
    def provisional(self) -> bool:
        """Whether the date may still move when the State Council publishes its list."""
        return any(limit.provisional for limit in self.limits)
