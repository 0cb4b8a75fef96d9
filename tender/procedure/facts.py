"""What the rooms above and the public side need to know of a tender, read in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Organisation, OrganisationKind
from tender.core.errors import not_found
from tender.core.i18n import N_
from tender.core.wording import plain
from tender.procedure.custody.opening_records import record_of
from tender.procedure.dealings import DEALING_NAMES, Dealing, dealing_of
from tender.procedure.law.kinds import Direction, Kind, MethodRow, kind_row
from tender.procedure.law.law import law
from tender.procedure.lineage import lineage_facts
from tender.procedure.local_law.binding import calendar_of, overrides_of
from tender.procedure.models import Lot, Tender, TenderStatus
from tender.procedure.pricing import PriceBasis, Pricing
from tender.procedure.timeline.milestones import PASSING, Course, Milestone, MilestoneCode
from tender.procedure.timeline.timeline import compute
from tender.publication.service import PublicFacts
from tender.supervision import milestones

# Around a deadline nothing but bids and their opening should take the write lock for long.
RUSH_BEFORE, RUSH_AFTER = timedelta(minutes=30), timedelta(minutes=5)


def tender_by_id(session: Session, tender_id: str) -> Tender:
    """The tender with this id; DomainError `tender.unknown` otherwise."""
    tender = session.get(Tender, tender_id)
    if tender is None:
        raise not_found("tender.unknown", N_("There is no such tender."))
    return tender


def bids_close_soon(session: Session, now: datetime) -> bool:
    """Whether a deadline is so near that bids come in now, or has just passed."""
    near = Tender.deadline.between(now - RUSH_AFTER, now + RUSH_BEFORE)
    return session.scalar(select(Tender.id).where(near).limit(1)) is not None


def lots_of(session: Session, tender_id: str) -> list[Lot]:
    """A tender's lots in the order of their numbers."""
    lots = session.scalars(select(Lot).where(Lot.tender_id == tender_id))
    return sorted(lots, key=lambda lot: (len(lot.number), lot.number))


def pricing_of(lot: Lot) -> Pricing:
    """How a lot is priced."""
    return Pricing(PriceBasis(lot.price_basis), lot.quantity, lot.term, lot.unit)


def limit_total(lots: Sequence[Lot]) -> int | None:
    """Reserve or ceiling of all lots over their terms in fen; None if a lot states none."""
    totals = [
        None if lot.limit_fen is None else pricing_of(lot).total(lot.limit_fen) for lot in lots
    ]
    known = [total for total in totals if total is not None]
    return sum(known) if len(known) == len(totals) and known else None


def method_row(tender: Tender) -> MethodRow:
    """The data row of a tender's method."""
    return next(
        row
        for row in kind_row(tender.kind.value).methods
        if row.code is tender.method and row.direction is tender.direction
    )


Moments = Mapping[MilestoneCode, datetime]


def course_of(tender: Tender, *, now: datetime, happened: Moments | None = None) -> Course:
    """The tender's course for the timeline: what is planned and what has happened.

    `happened` adds what other rooms know to have been done.
    """
    planned: dict[MilestoneCode, datetime] = {}
    notice = tender.published_at or now
    planned[MilestoneCode.NOTICE] = notice
    planned[MilestoneCode.DOCUMENTS] = tender.documents_from or notice
    for code, moment in (
        (MilestoneCode.DOCUMENTS_END, tender.documents_until),
        (MilestoneCode.DEADLINE, tender.deadline),
        (MilestoneCode.OPENING, tender.opened_at or tender.deadline),
        (MilestoneCode.REPORT, tender.evaluated_at),
        (MilestoneCode.CANDIDATES, tender.standstill_from),
        (MilestoneCode.STANDSTILL_END, tender.standstill_until),
        (MilestoneCode.AWARD, tender.awarded_at),
        (MilestoneCode.AWARD_LETTER, tender.awarded_at),  # The platform makes both with the award.
        (MilestoneCode.AWARD_NOTICE, tender.awarded_at),
    ):
        if moment is not None:
            planned[code] = moment
    planned.update(happened or {})
    facts = set(kind_row(tender.kind.value).facts)
    if not tender.must_tender:
        facts.discard("must_tender")
    elif tender.kind is Kind.VILLAGE:  # Of a village's purchases only some must be tendered.
        facts.add("must_tender")
    dealing = dealing_of(tender)
    facts = facts - set(Dealing) | ({dealing.value} if dealing else set())
    return Course(
        kind=tender.kind.value,
        direction=tender.direction,
        method=tender.method.value,
        planned=planned,
        facts=frozenset(facts),
    )


def timeline_of(
    tender: Tender, *, now: datetime, happened: Moments | None = None
) -> tuple[Milestone, ...]:
    """Every legal date of a tender, computed and explained."""
    return compute(
        course_of(tender, now=now, happened=happened),
        calendar_of(tender),
        law(),
        overrides_of(tender, now=now),
    )


def _place(session: Session, organisation: Organisation) -> tuple[str | None, str | None]:
    township = village = None
    step: Organisation | None = organisation
    while step is not None:
        if step.kind is OrganisationKind.VILLAGE:
            village = step.name
        if step.kind is OrganisationKind.TOWNSHIP:
            township = step.name
        step = session.get(Organisation, step.parent_id) if step.parent_id else None
    return township, village


def public_facts(session: Session, tender: Tender, *, now: datetime) -> PublicFacts:
    """What the public side keeps of a tender; holds nothing of bidders or bids."""
    organisation = session.get_one(Organisation, tender.organisation_id)
    township, village = _place(session, organisation)
    lots = lots_of(session, tender.id)
    if tender.deadline is None:
        raise RuntimeError("a tender without deadline has no public face")
    return PublicFacts(
        id=tender.id,
        number=tender.number,
        title=tender.title,
        kind=tender.kind.value,
        direction=tender.direction.value,
        stage=tender.status.value,
        organisation=organisation.name,
        township=township,
        village=village,
        value_fen=limit_total(lots),
        closes_at=tender.deadline,
        scope=tender.scope,
        facts={
            "method": method_row(tender).name,
            "minimum": tender.minimum,
            "bond_fen": tender.bond_fen,
            "paused": tender.paused_at is not None,
            "members_only": tender.members_only,
            "joint_bids": tender.joint_bids,
            "subcontracting": tender.subcontracting,
            "dealing": DEALING_NAMES[dealing] if (dealing := dealing_of(tender)) else None,
            **lineage_facts(session, tender),
            "lots": [_lot_facts(lot, tender) for lot in lots],
            "timeline": [
                _step_facts(each, now)
                for each in timeline_of(tender, now=now, happened=_contracted(session, tender))
            ],
            "custody": [
                _custody_facts(session, lot)
                for lot in lots
                if lot.opening_id and tender.status is not TenderStatus.DRAFT
            ],
        },
    )


def stated_term(lot: Lot, tender: Tender) -> str:
    """The term in years as far as it says something; a purchase at one sum has none, hence ""."""
    if tender.direction is Direction.PURCHASE and not pricing_of(lot).periodic:
        return ""
    return f"{lot.term.normalize():f}"


def _lot_facts(lot: Lot, tender: Tender) -> dict[str, Any]:
    return {
        "id": lot.id,
        "number": lot.number,
        "name": lot.name,
        "status": lot.status.value,
        "basis": plain(pricing_of(lot).wording()),
        "quantity": f"{lot.quantity.normalize():f}",
        "unit": lot.unit,
        "term": stated_term(lot, tender),
        "limit_fen": lot.limit_fen,
        "total_fen": None if lot.limit_fen is None else pricing_of(lot).total(lot.limit_fen),
        "opening": lot.opening_id,
    }


def _contracted(session: Session, tender: Tender) -> dict[MilestoneCode, datetime]:
    """When the contract was signed and made public; other duties that were done are not public."""
    met = milestones.met_moments(session, tender.id)
    acts = (MilestoneCode.CONTRACT, MilestoneCode.CONTRACT_PUBLIC)
    return {code: met[code.value] for code in acts if code.value in met}


def _step_facts(step: Milestone, now: datetime) -> dict[str, Any]:
    return {
        "code": step.code.value,
        "name": plain(step.name()),
        "at": step.at.isoformat(),
        "planned": step.planned,
        "passes": step.code in PASSING,
        "explanations": [plain(each) for each in step.explanations],
        "articles": [plain(each.wording()) for each in step.articles],
        "to_check": step.to_check,
        "provisional": step.provisional,
    }


def _custody_facts(session: Session, lot: Lot) -> dict[str, Any]:
    record = record_of(session, lot.opening_id or "")
    return {
        "lot": lot.number,
        "opening": record.opening_id,
        "threshold": record.threshold,
        "custodians": [
            {"name": each.name, "identity": each.identity} for each in record.custodians
        ],
    }
