"""Which stored files the public side keeps for good: signed documents and attachments."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.core.retention import in_pieces
from tender.publication.models import IssuedDocument, PublicAttachment


def uses_of_published_files(session: Session, digests: frozenset[str]) -> set[str]:
    """Digests of documents and attachments; strangers check them against the ledger for ever."""
    found: set[str] = set()
    for piece in in_pieces(digests):
        documents = select(IssuedDocument.sha256).where(IssuedDocument.sha256.in_(piece))
        found.update(each for each in session.scalars(documents) if each)
        attachments = select(PublicAttachment.sha256).where(PublicAttachment.sha256.in_(piece))
        found.update(session.scalars(attachments))
    return found
