"""Drafts: made, changed, undone, reviewed. Nothing here is public or binding yet."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, require, separate
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.procedure.custody import custodians, opening_records
from tender.procedure.drafting.drafts import (
    CriterionDraft,
    LotDraft,
    TenderDraft,
    as_json,
    from_json,
    read_draft,
)
from tender.procedure.drafting.lawfulness import problems_of
from tender.procedure.facts import lots_of, tender_by_id
from tender.procedure.law.kinds import Direction, OpeningForm, kind_row, minimum_bidders
from tender.procedure.law.law import law
from tender.procedure.local_law.binding import overrides_at
from tender.procedure.models import Criterion, DraftVersion, Lot, LotStatus, Tender, TenderStatus
from tender.procedure.states import TENDER
from tender.procedure.timeline.calendar import day_of

CUSTODIANS = 5


def create_draft(session: Session, actor: Actor, draft: TenderDraft, *, now: datetime) -> Tender:
    """Start a tender as a draft."""
    organisation = session.get(Organisation, draft.organisation_id)
    require(actor, Permission.TENDER_EDIT, on=organisation)
    if organisation is None:
        raise invalid("draft.organisation", N_("Choose the organisation that this tender is for."))
    tender = Tender(
        number=_next_number(session, now),
        scope=organisation.path,
        status=TenderStatus.DRAFT,
        created_by=actor.person_id,
        created_at=now,
        changed_at=now,
        **_columns(session, draft, now),
    )
    session.add(tender)
    session.flush()
    _replace_parts(session, tender, draft)
    ledger.append(
        session, "tender.drafted", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number},
    )  # fmt: skip
    return tender


def change_draft(
    session: Session, actor: Actor, tender_id: str, draft: TenderDraft, *, now: datetime
) -> Tender:
    """Save a draft anew; the version before can be brought back by `undo_draft`."""
    tender = _editable(session, actor, tender_id)
    session.add(
        DraftVersion(
            tender_id=tender.id,
            saved_at=now,
            saved_by=actor.person_id,
            content=as_json(read_draft(session, tender)),
        )
    )
    _write(session, tender, draft, now)
    return tender


def undo_draft(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> Tender:
    """Bring back the version before the last change."""
    tender = _editable(session, actor, tender_id)
    query = (
        select(DraftVersion)
        .where(DraftVersion.tender_id == tender.id)
        .order_by(DraftVersion.saved_at.desc(), DraftVersion.id)
        .limit(1)
    )
    version = session.scalars(query).first()
    if version is None:
        raise conflict("draft.nothing_to_undo", N_("There is no earlier version of this draft."))
    _write(session, tender, from_json(version.content), now)
    session.delete(version)
    return tender


def delete_draft(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> None:
    """Give a draft up; it stays readable as cancelled."""
    tender = _editable(session, actor, tender_id)
    advance(tender, TenderStatus.CANCELLED, TENDER)
    tender.changed_at = now


def missing_in(session: Session, tender: Tender) -> list[tuple[str, str]]:
    """What a draft still lacks, as (field, msgid): the checklist that names each gap."""
    gaps: list[tuple[str, str]] = []
    if not tender.title.strip():
        gaps.append(("title", N_("The tender has no title yet.")))
    if tender.deadline is None:
        gaps.append(("deadline", N_("The deadline for bids is not set yet.")))
    lots = lots_of(session, tender.id)
    if not lots:
        gaps.append(("lots", N_("There is no lot yet.")))
    if any(lot.limit_fen is None for lot in lots) and tender.direction is Direction.DISPOSAL:
        gaps.append(("lots", N_("A lot has no reserve price yet.")))
    if len(tender.custodian_ids) < tender.threshold:
        gaps.append(("custodians", N_("Not enough key custodians are chosen yet.")))
    if not tender.facts.get("contact"):
        gaps.append(("contact", N_("Nobody is named whom bidders can call.")))
    if not tender.facts.get("decision"):
        gaps.append(("decision", N_("The decision that this tender rests on is not recorded yet.")))
    return gaps


def submit_for_review(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> Tender:
    """Send a complete draft to another person for review."""
    tender = _editable(session, actor, tender_id)
    gaps = missing_in(session, tender)
    if gaps:
        raise invalid(
            "draft.incomplete",
            N_("The draft is not complete yet. Fill the gaps that the checklist names."),
            fields=dict(gaps),
        )
    problems = problems_of(session, tender, now=now)
    if problems:
        raise invalid("draft.unlawful", "%(problem)s", problem=problems[0].text())
    advance(tender, TenderStatus.IN_REVIEW, TENDER)
    tender.changed_at = now
    return tender


def return_draft(
    session: Session, actor: Actor, tender_id: str, remark: str, *, now: datetime
) -> Tender:
    """Send a draft back to its author with a remark."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.PROJECT_REVIEW, on=tender)
    if not remark.strip():
        raise invalid("review.remark", N_("Say what must be changed."), {"remark": N_("Required.")})
    for lot in lots_of(session, tender.id):
        opening_records.void_record(session, lot, now=now)
        lot.opening_id = None
    advance(tender, TenderStatus.DRAFT, TENDER)
    tender.remark = remark.strip()
    tender.changed_at = now
    return tender


def approve(
    session: Session, actor: Actor, settings: Settings, tender_id: str, *, now: datetime
) -> Tender:
    """Approve a tender and draw up the opening records, which its custodians then accept.

    Another person than the author must do it.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.PROJECT_REVIEW, on=tender)
    separate(actor, tender.created_by)
    advance(tender, TenderStatus.APPROVED, TENDER)
    tender.reviewed_by = actor.person_id
    tender.changed_at = now
    tender.remark = None
    for lot in lots_of(session, tender.id):
        opening_records.draw_up_record(session, settings, tender, lot, now=now)
    ledger.append(
        session, "tender.approved", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number},
    )  # fmt: skip
    return tender


def _next_number(session: Session, now: datetime) -> str:
    year = day_of(now).year
    prefix = f"T-{year}-"
    last = session.scalar(
        select(func.max(Tender.number)).where(Tender.number.like(f"{prefix}____"))
    )
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04d}"


def _columns(session: Session, draft: TenderDraft, now: datetime) -> dict[str, Any]:
    day = day_of(now)
    choices = {row.code: row for row in kind_row(draft.kind.value).choices(draft.direction, day)}
    row = choices.get(draft.method)
    if row is None or row.opening is not OpeningForm.SEALED:
        raise invalid(
            "draft.method",
            N_("This method cannot be chosen for this kind. Choose a sealed one."),
            {"method": N_("Choose another method.")},
        )
    minimum, _ = minimum_bidders(
        law(), draft.kind.value, direction=draft.direction, method=draft.method.value, on=day,
        documents=draft.minimum, overrides=overrides_at(session, now),
    )  # fmt: skip
    return {
        "title": draft.title.strip(),
        "kind": draft.kind,
        "direction": draft.direction,
        "method": draft.method,
        "organisation_id": draft.organisation_id,
        "deadline": draft.deadline,
        "questions_until": draft.questions_until,
        "bond_until": draft.deadline,
        "facts": draft.facts,
        "method_parameters": draft.method_parameters,
        "must_tender": draft.must_tender,
        "members_only": draft.members_only,
        "joint_bids": draft.joint_bids,
        # Whoever buys or leases subcontracts nothing.
        "subcontracting": draft.subcontracting and draft.direction is Direction.PURCHASE,
        "minimum": minimum,
        "bond_fen": draft.bond_fen,
        "custodian_ids": list(draft.custodian_ids or _usual_custodians(session, draft)),
        "threshold": draft.threshold,
    }


def _usual_custodians(session: Session, draft: TenderDraft) -> list[str]:
    """The custodians nearest to the organisation: its village's and township's first."""
    organisation = session.get(Organisation, draft.organisation_id)
    path = organisation.path if organisation else "/"
    found = custodians.custodians_for(session, path)
    return [custodian.id for custodian in found[:CUSTODIANS]]


def _write(session: Session, tender: Tender, draft: TenderDraft, now: datetime) -> None:
    for name, value in _columns(session, draft, now).items():
        setattr(tender, name, value)
    tender.changed_at = now
    _replace_parts(session, tender, draft)


def _replace_parts(session: Session, tender: Tender, draft: TenderDraft) -> None:
    session.execute(delete(Lot).where(Lot.tender_id == tender.id))
    session.execute(delete(Criterion).where(Criterion.tender_id == tender.id))
    for number, lot in enumerate(draft.lots, start=1):
        columns = {each.name: getattr(lot, each.name) for each in fields(LotDraft)}
        columns["price_basis"] = lot.price_basis.value
        session.add(
            Lot(tender_id=tender.id, number=str(number), status=LotStatus.PREPARED, **columns)
        )
    for position, row in enumerate(draft.criteria):
        columns = {each.name: getattr(row, each.name) for each in fields(CriterionDraft)}
        session.add(Criterion(tender_id=tender.id, position=position, **columns))
    session.flush()


def _editable(session: Session, actor: Actor, tender_id: str) -> Tender:
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_EDIT, on=tender)
    if tender.status is not TenderStatus.DRAFT:
        raise conflict(
            "draft.not_editable",
            N_("Only a draft can be changed. A published tender changes by an amendment."),
        )
    return tender
