"""Which stored files the public side keeps for good, and signed papers that go after their time."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.core.retention import Purge, in_pieces
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


def purge_private_papers(purge: Purge) -> None:
    """Let go of letters and reports; their hashes stay in the ledger, a copy still checks."""
    for piece in in_pieces(purge.tenders("private_papers")):
        papers = private_papers(purge.session, piece)
        drop_papers(
            purge, "private_papers", [p for p in papers if p.recipient_id not in purge.held]
        )


def private_papers(session: Session, subjects: Iterable[str]) -> list[IssuedDocument]:
    """Signed papers about some subjects that are not public."""
    query = select(IssuedDocument).where(
        IssuedDocument.tender_id.in_(list(subjects)), IssuedDocument.public.is_(False)
    )
    return list(session.scalars(query))


def drop_papers(purge: Purge, kind: str, papers: Iterable[IssuedDocument]) -> None:
    """Delete signed papers with their bytes."""
    for paper in papers:
        if paper.sha256 is not None:
            purge.blobs.add(paper.sha256)
        purge.session.delete(paper)
        purge.note(kind)
