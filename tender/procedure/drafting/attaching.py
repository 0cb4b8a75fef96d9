"""Attachments of the tender documents, and bid bonds as finance records them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.files import keep_upload
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.ledger.models import DataKind
from tender.procedure.duties import BOND_DUTIES
from tender.procedure.facts import tender_by_id
from tender.procedure.models import Bond, Tender, TenderDocument, TenderStatus
from tender.supervision.milestones import meet

DOCUMENT_KINDS: dict[str, str] = {
    "tender_documents": N_("Tender documents"),
    "decision": N_("Decision or resolution"),
    "drawing": N_("Drawings and bills"),
    "contract": N_("Draft contract"),
    "photo": N_("Photo"),
}
BOND_FORMS: dict[str, str] = {
    "transfer": N_("Bank transfer"),
    "guarantee": N_("Bank guarantee"),
    "insurance": N_("Insurance"),
}


def attach(
    session: Session,
    actor: Actor,
    store: Path,
    tender_id: str,
    *,
    title: str,
    kind: str,
    name: str,
    chunks: Iterable[bytes],
    now: datetime,
) -> TenderDocument:
    """Add an attachment to a draft; it becomes public with the notice."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_EDIT, on=tender)
    if tender.status not in (TenderStatus.DRAFT, TenderStatus.IN_REVIEW, TenderStatus.APPROVED):
        raise conflict(
            "document.published",
            N_("The documents are published. Add a file by an amendment or a clarification."),
        )
    if kind not in DOCUMENT_KINDS:
        raise invalid("document.kind", N_("Choose what kind of document this is."))
    file = keep_upload(session, store, name=name, chunks=chunks, actor_id=actor.person_id, now=now)
    document = TenderDocument(
        tender_id=tender.id, file_id=file.id, title=title.strip() or file.name, kind=kind,
        public=True, added_at=now,
    )  # fmt: skip
    document.file = file
    session.add(document)
    session.flush()
    return document


def detach(session: Session, actor: Actor, document_id: str) -> str:
    """Take an attachment off a draft; gives the tender's id."""
    document = session.get(TenderDocument, document_id)
    if document is None:
        raise not_found("document.unknown", N_("There is no such attachment."))
    tender = tender_by_id(session, document.tender_id)
    require(actor, Permission.TENDER_EDIT, on=tender)
    if tender.status is not TenderStatus.DRAFT:
        raise conflict("document.published", N_("Only a draft's attachments can be removed."))
    session.delete(document)
    return tender.id


def record_bond(
    session: Session,
    actor: Actor,
    tender_id: str,
    *,
    code: str,
    form: str,
    amount_fen: int,
    payer: str,
    payer_account: str,
    now: datetime,
) -> Bond:
    """Record a bid bond that came in; nobody but finance sees it before the opening."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.BOND_RECORD, on=tender)
    organisation = session.scalar(select(Organisation).where(Organisation.code == code.strip()))
    if organisation is None:
        raise invalid(
            "bond.bidder",
            N_("No bidder is registered under this number. Compare it with the transfer."),
            {"code": N_("Not registered.")},
        )
    if form not in BOND_FORMS or amount_fen <= 0 or not payer.strip():
        raise invalid("bond.form", N_("Amount, form and payer are required."))
    known = select(Bond).where(Bond.tender_id == tender.id, Bond.organisation_id == organisation.id)
    if session.scalar(known) is not None:
        raise conflict("bond.recorded", N_("This bidder's bond is recorded already."))
    bond = Bond(
        tender_id=tender.id, organisation_id=organisation.id, form=form, amount_fen=amount_fen,
        payer=payer.strip(), payer_account=payer_account.strip(), received_at=now,
        recorded_by=actor.person_id,
    )  # fmt: skip
    session.add(bond)
    session.flush()
    return bond


def return_bond(
    session: Session, actor: Actor, bond_id: str, reason: str, *, now: datetime
) -> Bond:
    """Record that a bond went back (REG art. 57)."""
    bond = session.get(Bond, bond_id)
    if bond is None:
        raise not_found("bond.unknown", N_("There is no such bond."))
    require(actor, Permission.BOND_RECORD, on=tender_by_id(session, bond.tender_id))
    if bond.returned_at is not None:
        raise conflict("bond.returned", N_("This bond went back already."))
    bond.returned_at = now
    bond.return_reason = reason.strip() or None
    ledger.append(
        session, "bond.returned", subject=bond.tender_id, actor=actor.person_id, now=now,
        private={"organisation": bond.organisation_id, "amount_fen": bond.amount_fen},
        kind=DataKind.PERSON,
    )  # fmt: skip
    session.flush()
    kept = select(Bond.id).where(Bond.tender_id == bond.tender_id, Bond.returned_at.is_(None))
    if session.scalar(kept.limit(1)) is None:
        for code in BOND_DUTIES:
            meet(session, bond.tender_id, code.value, now=now)
    return bond


def bonds_of(session: Session, actor: Actor, tender_id: str) -> list[tuple[Bond, Organisation]]:
    """Bonds of a tender, for finance of its own county or township: they tell who bids (TBL 22)."""
    require(actor, Permission.BOND_READ, on=tender_by_id(session, tender_id))
    query = (
        select(Bond, Organisation)
        .join(Organisation, Organisation.id == Bond.organisation_id)
        .where(Bond.tender_id == tender_id)
        .order_by(Bond.received_at)
    )
    return [(bond, organisation) for bond, organisation in session.execute(query)]


def tenders_with_bonds(session: Session, actor: Actor) -> list[Tender]:
    """Tenders that ask for a bond, newest first."""
    require(actor, Permission.BOND_READ)
    query = select(Tender).where(
        Tender.bond_fen > 0,
        Tender.published_at.is_not(None),
        Tender.scope.startswith(actor.scope, autoescape=True),
    )
    return list(session.scalars(query.order_by(Tender.published_at.desc()).limit(200)))
