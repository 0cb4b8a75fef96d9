"""Who may download what: attachments are everybody's, letters their recipient's."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.permissions import Permission, allowed
from tender.core.actor import STAFF, Actor
from tender.core.errors import DomainError, Kind, not_found
from tender.core.i18n import N_
from tender.publication.models import (
    DocumentStatus,
    IssuedDocument,
    PublicAttachment,
    PublicTender,
)


def attachment(session: Session, public: PublicTender, sha256: str) -> PublicAttachment:
    """A published attachment by its hash; DomainError `attachment.unknown` otherwise."""
    found = session.scalar(
        select(PublicAttachment).where(
            PublicAttachment.tender_id == public.id, PublicAttachment.sha256 == sha256
        )
    )
    if found is None:
        raise not_found("attachment.unknown", N_("This tender has no such attachment."))
    return found


def readable_document(session: Session, actor: Actor | None, name: str) -> IssuedDocument:
    """An issued document that this reader may have.

    Whoever may not read a letter is told the same as for a name that does not exist, so that
    nobody learns who was written to. Raises DomainError `document.unknown` or
    `document.waiting` (503).
    """
    found = session.scalar(select(IssuedDocument).where(IssuedDocument.name == name))
    if found is None or not (found.public or _entitled(session, actor, found)):
        raise not_found("document.unknown", N_("There is no document of this name for you."))
    if found.status is not DocumentStatus.ISSUED:
        raise DomainError(
            Kind.UNAVAILABLE,
            "document.waiting",
            N_("The signed document is being made. Try again in a minute."),
        )
    return found


def _entitled(session: Session, actor: Actor | None, document: IssuedDocument) -> bool:
    if actor is None:
        return False
    if document.recipient_id is not None and document.recipient_id == actor.organisation_id:
        return True
    public = session.get(PublicTender, document.tender_id)
    return (
        actor.role in STAFF
        and public is not None
        and allowed(actor, Permission.EVALUATION_READ, on=public)
    )
