"""Attachments of the tender documents while they are a draft."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.files import keep_upload
from tender.core.i18n import N_
from tender.procedure.facts import tender_by_id
from tender.procedure.models import TenderDocument, TenderStatus

DOCUMENT_KINDS: dict[str, str] = {
    "tender_documents": N_("Tender documents"),
    "decision": N_("Decision or resolution"),
    "drawing": N_("Drawings and bills"),
    "contract": N_("Draft contract"),
    "photo": N_("Photo"),
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
