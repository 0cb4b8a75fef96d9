"""The expert's desk: what one member of a panel sees, and nothing of any other member's."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import MemberStatus, PanelMember, ScoreChange
from evaluation.panel.profiles import changes_of, profiles_of
from evaluation.panel.seating import member_for
from evaluation.panel.sheets import (
    Marks,
    bids_to_judge,
    judged_criteria,
    locked,
    locked_sheets,
    own_sheet,
    own_subtotals,
)
from evaluation.scoring.criteria import exact, scale_of
from evaluation.scoring.deviation import Profile
from evaluation.scoring.sheet import Scale, ScaleKind, check_sheet
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, not_found
from tender.core.i18n import N_
from tender.opening.results import OpenedBid
from tender.procedure.facts import pricing_of, tender_by_id
from tender.procedure.models import Criterion, Lot, Tender

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
HERE = (MemberStatus.SEATED, MemberStatus.SUBMITTED)


@dataclass(frozen=True)
class DeskBid:
    """A bid on the desk; `label` hides the name where technical bids are judged blind."""

    bid: OpenedBid
    label: str
    total_fen: int | None


@dataclass(frozen=True)
class DeskLot:
    """A lot with the bids to judge."""

    lot: Lot
    basis: str
    bids: list[DeskBid]


@dataclass(frozen=True)
class Desk:
    """Everything on one expert's desk for one tender."""

    tender: Tender
    member: PanelMember
    lots: list[DeskLot]
    criteria: list[Criterion]
    scales: dict[str, Scale]
    marks: Marks
    subtotals: dict[str, Decimal]
    missing: int
    locked: bool
    blind: bool
    bidders: list[str]
    profile: Profile | None
    changes: list[ScoreChange]

    @property
    def maximum(self) -> Decimal:
        """The most points that an expert gives to a bid."""
        scored = (s for s in self.scales.values() if s.kind is ScaleKind.SUBJECTIVE)
        return sum((scale.maximum for scale in scored), Decimal(0))

    def score(self, bid_id: str, code: str) -> str:
        """A cell's score as it was typed; empty if none."""
        mark = self.marks.get((bid_id, code))
        return "" if mark is None or mark.score is None else f"{exact(mark.score):f}"

    def label(self, bid_id: str) -> str:
        """A bid's name on this desk."""
        return next(
            (each.label for row in self.lots for each in row.bids if each.bid.bid_id == bid_id), ""
        )


def panels_of(session: Session, actor: Actor) -> list[tuple[PanelMember, Tender]]:
    """The panels that the expert is or was asked to, the newest first."""
    require(actor, Permission.SHEET_SCORE)
    query = (
        select(PanelMember, Tender)
        .join(Tender, Tender.id == PanelMember.tender_id)
        .where(PanelMember.person_id == actor.person_id)
        .order_by(Tender.deadline.desc())
    )
    return [(member, tender) for member, tender in session.execute(query)]


def desk(session: Session, actor: Actor, tender_id: str) -> Desk:
    """The expert's desk; only members of the panel have one."""
    member, marks = own_sheet(session, actor, tender_id)
    tender = tender_by_id(session, tender_id)
    criteria = judged_criteria(session, tender)
    blind = bool(tender.method_parameters.get("blind", False))
    here = member.status in HERE
    judged = bids_to_judge(session, tender)
    shut = locked(session, tender.id)
    profile = None
    if shut and member.status is MemberStatus.SUBMITTED:
        found = profiles_of(session, tender, locked_sheets(session, tender.id))
        profile = next((each for each in found if each.expert == member.id), None)
    return Desk(
        tender=tender,
        member=member,
        lots=[_lot(lot, bids, blind and not shut) for lot, bids in judged] if here else [],
        criteria=criteria,
        scales={row.code: scale_of(row, tender) for row in criteria},
        marks=marks,
        subtotals=own_subtotals(session, tender, marks),
        missing=_missing(session, tender, marks),
        locked=shut,
        blind=blind and not shut,
        bidders=sorted({bid.name for _, bids in judged for bid in bids}),
        profile=profile,
        changes=[each for each in changes_of(session, tender.id) if each.member_id == member.id],
    )


def progress(session: Session, actor: Actor, tender_id: str) -> tuple[dict[str, Decimal], int]:
    """The expert's sums by bid, and how many entries are missing, after a cell was saved."""
    _, marks = own_sheet(session, actor, tender_id)
    tender = tender_by_id(session, tender_id)
    return own_subtotals(session, tender, marks), _missing(session, tender, marks)


def cells_of(session: Session, actor: Actor, tender_id: str) -> list[tuple[str, str]]:
    """Every cell of the sheet as (bid, criterion code)."""
    member_for(session, actor, tender_id)
    tender = tender_by_id(session, tender_id)
    codes = [row.code for row in judged_criteria(session, tender)]
    bids = [bid.bid_id for _, each in bids_to_judge(session, tender) for bid in each]
    return [(bid, code) for bid in bids for code in codes]


def bid_for(session: Session, actor: Actor, tender_id: str, bid_id: str) -> OpenedBid:
    """An opened bid, for a member who has stated that nothing bars him."""
    member = member_for(session, actor, tender_id)
    if member.status not in HERE:
        raise conflict("sheet.not_seated", N_("Confirm first that you take part."))
    tender = tender_by_id(session, tender_id)
    for _, bids in bids_to_judge(session, tender):
        for bid in bids:
            if bid.bid_id == bid_id:
                return bid
    raise not_found("bid.unknown", N_("There is no such bid on your desk."))


def _lot(lot: Lot, bids: list[OpenedBid], blind: bool) -> DeskLot:
    pricing = pricing_of(lot)
    return DeskLot(
        lot=lot,
        basis=pricing.wording().text(),
        bids=[
            DeskBid(
                bid=bid,
                label=f"{LETTERS[place % 26]}{place // 26 or ''}" if blind else bid.name,
                total_fen=None if bid.price_fen is None else pricing.total(bid.price_fen),
            )
            for place, bid in enumerate(bids)
        ],
    )


def _missing(session: Session, tender: Tender, marks: Marks) -> int:
    scales = [scale_of(row, tender) for row in judged_criteria(session, tender)]
    bids = [bid.bid_id for _, each in bids_to_judge(session, tender) for bid in each]
    return len(check_sheet(scales, bids, {at: marks[at] for at in marks if at[0] in bids}))
