"""Publishing: one call makes the notice, its OCDS release, its ledger entry and its PDF's order.

Rooms above hand over finished blocks; this room cannot import a draft or a sealed bid, so it
cannot show one. The PDF follows from the outbox, made by the worker or by a subprocess of the
tick, and enters the ledger as `document.issued`; until then the page says that it is being made.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from keys import encoding
from tender.core import outbox
from tender.core.clock import legal_day
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.publication import search
from tender.publication.models import (
    DocumentStatus,
    IssuedDocument,
    Notice,
    NoticeKind,
    PublicAttachment,
    PublicTender,
)
from tender.publication.ocds import release
from tender.publication.papers.documents import Document, job
from tender.publication.papers.parts import Block, Head

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that reads like something else
PRODUCE = "document.produce"


@dataclass(frozen=True, kw_only=True)
class PublicFacts:
    """What the public side keeps of a tender: handed over anew with every notice.

    `facts` holds what the portal's page shows besides notices: lots, timeline, custody.
    """

    id: str
    number: str
    title: str
    kind: str
    direction: str
    stage: str
    organisation: str
    township: str | None
    village: str | None
    value_fen: int | None
    closes_at: datetime
    scope: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A stored file that becomes public with a notice (招标文件附件).

    `replaces` is the hash of a file that it takes the place of; that one stays downloadable.
    """

    title: str
    name: str
    media_type: str
    size: int
    sha256: str
    replaces: str = ""


@dataclass(frozen=True, kw_only=True)
class Content:
    """A finished notice: blocks for the page, sections for the release, a paper for the press.

    `sections` are the OCDS sections that changed (`tender`, `bids`, `awards`, `contracts`);
    `paper` makes the document once head and verify code are known, or is None for no PDF.
    """

    kind: NoticeKind
    title: str
    blocks: tuple[Block, ...]
    tag: str
    sections: Mapping[str, Any]
    paper: Callable[[Head], Document] | None
    attachments: tuple[Attachment, ...] = ()


def publish(
    session: Session,
    settings: Settings,
    tender: PublicFacts,
    content: Content,
    *,
    actor_id: str,
    now: datetime,
) -> Notice:
    """Publish a notice; everything of it becomes visible with the caller's commit."""
    blocks = [_plain(block) for block in content.blocks]
    digest = encoding.sha256_hex(encoding.canonical({"title": content.title, "blocks": blocks}))
    entry = ledger.append(
        session,
        "notice.published",
        subject=tender.id,
        actor=actor_id,
        now=now,
        fields={"kind": content.kind.value, "tender": tender.number, "blocks_sha256": digest},
    )
    public = _keep_public(session, settings, tender, entry.seq, now)
    for attachment in content.attachments:
        _attach(session, tender, attachment, actor_id=actor_id, now=now)
    notice = Notice(
        tender_id=tender.id,
        kind=content.kind,
        title=content.title,
        blocks=blocks,
        blocks_sha256=digest,
        release=release(public, content.tag, content.sections, seq=entry.seq, now=now),
        published_at=now,
        ledger_seq=entry.seq,
    )
    session.add(notice)
    if content.paper is not None:
        document = issue_document(
            session,
            settings,
            tender,
            kind=content.kind.value,
            title=content.title,
            paper=content.paper,
            now=now,
        )
        notice.document_id = document.id
    session.flush()
    return notice


def _plain(block: Block) -> dict[str, Any]:
    return {
        "heading": block.heading,
        "paragraphs": list(block.paragraphs),
        "rows": [list(row) for row in block.rows],
    }


def _keep_public(
    session: Session, settings: Settings, tender: PublicFacts, seq: int, now: datetime
) -> PublicTender:
    public = session.get(PublicTender, tender.id)
    if public is None:
        public = PublicTender(
            id=tender.id,
            seq=seq,
            number=tender.number,
            ocid=f"ocds-{settings.platform.replace('.', '')}-{tender.number}",
            published_at=now,
        )
        session.add(public)
    for name in (
        "title", "kind", "direction", "stage", "organisation", "township", "village",
        "value_fen", "closes_at", "scope", "facts",
    ):  # fmt: skip
        setattr(public, name, getattr(tender, name))
    words = (tender.title, tender.number, tender.organisation, tender.township, tender.village)
    public.search = search.fold(" ".join(word for word in words if word))
    session.flush()
    search.post(session, public.seq, search.terms_of(public.search) | _facets(public))
    return public


def _facets(public: PublicTender) -> set[str]:
    values = {
        "kind": public.kind,
        "direction": public.direction,
        "township": public.township,
        "village": public.village,
    }
    return {search.facet(name, value) for name, value in values.items() if value}


def _attach(
    session: Session, tender: PublicFacts, attachment: Attachment, *, actor_id: str, now: datetime
) -> None:
    """Publish a file once: its name and hash enter the ledger."""
    if attachment.replaces:
        before = select(PublicAttachment).where(
            PublicAttachment.tender_id == tender.id,
            PublicAttachment.sha256 == attachment.replaces,
        )
        for old in session.scalars(before):
            old.superseded_at, old.superseded_by = now, attachment.sha256
    known = select(PublicAttachment.id).where(
        PublicAttachment.tender_id == tender.id, PublicAttachment.sha256 == attachment.sha256
    )
    if session.scalar(known) is not None:
        return
    entry = ledger.append(
        session,
        "attachment.published",
        subject=tender.id,
        actor=actor_id,
        now=now,
        fields={
            "name": attachment.name[:200],
            "tender": tender.number,
            "sha256": attachment.sha256,
        },
    )
    session.add(
        PublicAttachment(
            tender_id=tender.id,
            title=attachment.title[:200],
            name=attachment.name[:200],
            media_type=attachment.media_type,
            size=attachment.size,
            sha256=attachment.sha256,
            published_at=now,
            ledger_seq=entry.seq,
        )
    )


def set_stage(session: Session, tender_id: str, stage: str) -> None:
    """Move the public stage on without a notice (a lot closed, a contract signed)."""
    public = session.get(PublicTender, tender_id)
    if public is not None:
        public.stage = stage


def set_facts(session: Session, facts: PublicFacts) -> None:
    """Show a change of the tender's dates without a notice: it rests, or it goes on."""
    public = session.get(PublicTender, facts.id)
    if public is not None:
        public.stage, public.facts, public.closes_at = facts.stage, facts.facts, facts.closes_at


def issue_document(
    session: Session,
    settings: Settings,
    tender: PublicFacts,
    *,
    kind: str,
    title: str,
    paper: Callable[[Head], Document],
    now: datetime,
    public: bool = True,
    recipient_id: str | None = None,
    language: str = "zh",
) -> IssuedDocument:
    """Order a signed PDF; it is produced after the commit and then enters the ledger."""
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(12))
    number = 1 + (
        session.scalar(
            select(func.count())
            .select_from(IssuedDocument)
            .where(IssuedDocument.tender_id == tender.id)
        )
        or 0
    )
    head = Head(
        issuer=tender.organisation,
        number=f"{tender.number}-{number:02d}",
        issued_on=legal_day(now),
        project=tender.title,
        tender_no=tender.number,
        verify_url=f"{settings.public_url}/v/{code}",
        verify_code=code,
    )
    document = IssuedDocument(
        code=code,
        name=f"{tender.number}-{number:02d}-{kind.replace('_', '-')}",
        kind=kind,
        tender_id=tender.id,
        title=title,
        public=public,
        recipient_id=recipient_id,
        context=job(paper(head), language),
        status=DocumentStatus.WAITING,
        created_at=now,
    )
    session.add(document)
    session.flush()
    outbox.enqueue(session, PRODUCE, {"document": document.id}, now=now)
    return document
