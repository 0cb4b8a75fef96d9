"""What staff see of an evaluation: seats by number, bids, results, the next step, and why not yet.

Names of members and any sheet appear only once the law lets them: names with the result, sheets
when all are submitted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from evaluation.award.award import awards_of
from evaluation.award.contracting import contracts_of
from evaluation.award.ties import ties_of
from evaluation.dates import has_candidates
from evaluation.low_price.desk import Overseen, overseen
from evaluation.models import (
    Award,
    Contract,
    ContractTie,
    Evaluation,
    PanelDraw,
    PanelMember,
    Rejection,
    ScoreChange,
)
from evaluation.panel.panel import draw_of, empty_seats, members_of
from evaluation.panel.profiles import changes_of, profiles_of
from evaluation.panel.review import rejections_of
from evaluation.panel.sheets import Marks, judged_criteria, locked, locked_sheets
from evaluation.result.result import evaluations_of
from evaluation.scoring.criteria import scale_of
from evaluation.scoring.deviation import Profile
from tender.accounts.permissions import Permission, allowed, require
from tender.core.actor import Actor
from tender.objections.models import Objection
from tender.objections.standing import open_objections
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.facts import lots_of, method_row, pricing_of, tender_by_id
from tender.procedure.models import Criterion, Lot, Tender, TenderStatus

NAMED = (TenderStatus.AWARDED, TenderStatus.CONTRACTED)


@dataclass(frozen=True)
class LotView:
    """One lot with everything that was decided about its bids."""

    lot: Lot
    bids: list[OpenedBid]
    result: Evaluation | None
    award: Award | None
    contract: Contract | None
    ties: list[ContractTie]

    def total(self, price_fen: int) -> int:
        """A price over the lot's term."""
        return pricing_of(self.lot).total(price_fen)

    @property
    def basis(self) -> str:
        """What one price means."""
        return pricing_of(self.lot).wording().text()


@dataclass(frozen=True)
class Overview:
    """The evaluation of one tender as the page shows it."""

    tender: Tender
    scored: bool
    candidates: bool
    draw: PanelDraw | None
    seats: list[PanelMember]
    empty: int
    locked: bool
    named: bool
    lots: list[LotView]
    rejections: dict[str, Rejection]
    criteria: list[Criterion]
    objections: list[Objection]
    standstill_over: bool
    low_prices: Overseen
    sheets: list[tuple[PanelMember, Marks]] = field(default_factory=list)
    profiles: dict[str, Profile] = field(default_factory=dict)
    changes: list[ScoreChange] = field(default_factory=list)

    @property
    def step(self) -> str:
        """The next act, as the page's one primary action; empty when all is done."""
        if self.tender.paused_at is not None:
            return "paused"
        match self.tender.status:
            case TenderStatus.OPENED:
                return self._before_result()
            case TenderStatus.EVALUATED:
                return "candidates" if self.candidates else "award"
            case TenderStatus.CANDIDATES:
                return "award" if self.standstill_over else "standstill"
            case TenderStatus.AWARDED:
                return "contract"
        return ""

    def _before_result(self) -> str:
        if not self.scored and self.draw is None and not self.low_prices.due:
            return "run"
        if self.draw is None:
            return "pool"
        if self.draw.drawn_at is None:
            return "draw"
        if not self.locked:
            return "scoring"
        return "low_price" if self.low_prices.due else "run"


def overview(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> Overview:
    """The page's data for staff and supervision."""
    tender = tender_by_id(session, tender_id)
    if not allowed(actor, Permission.EVALUATION_RUN, tender):
        require(actor, Permission.EVALUATION_READ, on=tender)
    made = draw_of(session, tender.id)
    seats = members_of(session, tender.id)
    results, awards = evaluations_of(session, tender.id), awards_of(session, tender.id)
    contracts = contracts_of(session, tender.id)
    lots = [
        LotView(
            lot, judged_bids(session, lot.id), results.get(lot.id), awards.get(lot.id),
            contracts.get(lot.id), ties_of(session, lot.id),
        )
        for lot in lots_of(session, tender.id)
    ]  # fmt: skip
    end = tender.standstill_until
    closed = locked(session, tender.id)
    return Overview(
        tender=tender,
        scored=method_row(tender).scored,
        candidates=has_candidates(tender),
        draw=made,
        seats=seats,
        empty=empty_seats(made, seats) if made and made.drawn_at else 0,
        locked=closed,
        named=tender.status in NAMED,
        lots=lots,
        rejections=rejections_of(session, tender.id),
        criteria=judged_criteria(session, tender),
        objections=open_objections(session, tender.id),
        standstill_over=end is not None and now >= end,
        low_prices=overseen(session, tender, now=now),
        **(_opened_sheets(session, tender) if closed else {}),
    )


def _opened_sheets(session: Session, tender: Tender) -> dict[str, Any]:
    sheets = locked_sheets(session, tender.id)
    return {
        "sheets": sheets,
        "profiles": {each.expert: each for each in profiles_of(session, tender, sheets)},
        "changes": changes_of(session, tender.id),
    }


def scales_for(tender: Tender, criteria: list[Criterion]) -> dict[str, Any]:
    """The criteria's scales by code, for the page."""
    return {row.code: scale_of(row, tender) for row in criteria}
