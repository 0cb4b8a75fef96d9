"""What staff see of their tenders: the list by what is next, and one tender's state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Organisation, OrganisationKind
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.i18n import N_
from tender.procedure.custody import opening_records
from tender.procedure.facts import lots_of, tender_by_id
from tender.procedure.models import (
    AcceptanceRow,
    Custodian,
    DraftVersion,
    Lot,
    OpeningRecordRow,
    Question,
    Tender,
    TenderDocument,
    TenderStatus,
)

STATUS_NAMES: dict[TenderStatus, str] = {
    TenderStatus.DRAFT: N_("Draft"),
    TenderStatus.IN_REVIEW: N_("In review"),
    TenderStatus.APPROVED: N_("Approved, not yet published"),
    TenderStatus.PUBLISHED: N_("Open for bids"),
    TenderStatus.CLOSED: N_("Closed, being opened"),
    TenderStatus.OPENED: N_("Opened, to be evaluated"),
    TenderStatus.EVALUATED: N_("Evaluated"),
    TenderStatus.CANDIDATES: N_("Candidates published"),
    TenderStatus.AWARDED: N_("Awarded"),
    TenderStatus.CONTRACTED: N_("Contract signed"),
    TenderStatus.FAILED: N_("Failed"),
    TenderStatus.CANCELLED: N_("Terminated"),
}


@dataclass(frozen=True)
class CustodyState:
    """Who has accepted a lot's opening record, and who has not yet."""

    lot: Lot
    row: OpeningRecordRow
    custodians: list[tuple[str, bool]]


def tenders_of(session: Session, actor: Actor, limit: int = 200) -> list[Tender]:
    """Tenders under the actor's organisation, those changed last first."""
    require(actor, Permission.TENDER_READ_DRAFT)
    query = select(Tender).where(Tender.scope.startswith(actor.scope, autoescape=True))
    return list(session.scalars(query.order_by(Tender.changed_at.desc()).limit(limit)))


def tender_for(session: Session, actor: Actor, tender_id: str) -> Tender:
    """A tender that the actor may see before it is public."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_READ_DRAFT, on=tender)
    return tender


def organisations_for(session: Session, actor: Actor) -> list[Organisation]:
    """Organisations that the actor may make tenders for, by name."""
    kinds = (
        OrganisationKind.VILLAGE,
        OrganisationKind.TOWNSHIP,
        OrganisationKind.DEPARTMENT,
        OrganisationKind.COUNTY,
    )
    query = select(Organisation).where(
        Organisation.path.startswith(actor.scope, autoescape=True), Organisation.kind.in_(kinds)
    )
    return list(session.scalars(query.order_by(Organisation.kind.desc(), Organisation.name)))


def custody_states(session: Session, tender: Tender) -> list[CustodyState]:
    """Acceptances of every lot's record."""
    states = []
    for lot in lots_of(session, tender.id):
        row = session.get(OpeningRecordRow, lot.opening_id) if lot.opening_id else None
        if row is None:
            continue
        accepted = select(Custodian.identity).join(
            AcceptanceRow, AcceptanceRow.custodian_id == Custodian.id
        )
        given = set(session.scalars(accepted.where(AcceptanceRow.opening_id == row.opening_id)))
        record = opening_records.record_of(session, row.opening_id)
        names = [(each.name, each.identity in given) for each in record.custodians]
        states.append(CustodyState(lot, row, names))
    return states


def questions_of(session: Session, tender: Tender) -> list[Question]:
    """Questions on the documents, oldest first; who asked stays hidden."""
    query = select(Question).where(Question.tender_id == tender.id)
    return list(session.scalars(query.order_by(Question.asked_at)))


def documents_of(session: Session, tender_id: str) -> list[TenderDocument]:
    """Attachments of the tender documents."""
    query = select(TenderDocument).where(TenderDocument.tender_id == tender_id)
    return list(session.scalars(query.order_by(TenderDocument.added_at)))


def can_undo(session: Session, tender: Tender) -> bool:
    """Whether there is an earlier version of a draft."""
    query = select(DraftVersion.id).where(DraftVersion.tender_id == tender.id).limit(1)
    return session.scalar(query) is not None


def accepted_at(session: Session, tender: Tender) -> datetime | None:
    """When the last custodian accepted the last record; None while one is missing."""
    states = custody_states(session, tender)
    moments = [state.row.accepted_at for state in states]
    if not moments or any(moment is None for moment in moments):
        return None
    return max(moment for moment in moments if moment is not None)
