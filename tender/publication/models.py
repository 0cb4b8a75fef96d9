"""What the public sees: notices with their OCDS releases, and issued documents."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id


class NoticeKind(StrEnum):
    """Kinds of public notices."""

    TENDER = "tender_notice"  # 招标公告
    CLARIFICATION = "clarification"  # 澄清
    AMENDMENT = "amendment"  # 更正公告
    POSTPONEMENT = "postponement"  # 延期公告
    CANCELLATION = "cancellation"  # 终止公告
    OPENING = "opening_record"  # 开标记录
    CANDIDATES = "candidates_notice"  # 中标候选人公示
    RESULT = "result_notice"  # 中标结果公告
    RETENDER = "retender_notice"  # 重新招标
    FAILURE = "failure_notice"  # 流标公告
    OBJECTION = "objection_answer"  # 异议答复
    CONTRACT = "contract_notice"  # 合同公告


class PublicTender(Base):
    """The public face of a tender: what lists, search and the portal show, from notices alone."""

    __tablename__ = "public_tender"
    __table_args__ = (
        Index("ix_public_tender_closing", "closes_at", "seq"),
        Index("ix_public_tender_stage", "stage", "seq"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # the tender's id
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)  # of its first notice: the order
    number: Mapped[str] = mapped_column(String(64), unique=True)
    ocid: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(40))
    direction: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(40))
    organisation: Mapped[str] = mapped_column(String(200))
    township: Mapped[str | None] = mapped_column(String(80))
    village: Mapped[str | None] = mapped_column(String(80))
    value_fen: Mapped[int | None] = mapped_column(BigInteger)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scope: Mapped[str] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)  # lots, timeline, custody: finished blocks
    search: Mapped[str] = mapped_column(Text)  # the folded text that is searched


class Notice(Base):
    """One notice as published; it is never changed, only followed by another."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_tender", "tender_id", "ledger_seq"),
        Index("ix_notice_kind", "kind", "ledger_seq"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(String(32))
    kind: Mapped[NoticeKind] = mapped_column(enum_column(NoticeKind))
    title: Mapped[str] = mapped_column(String(300))
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    blocks_sha256: Mapped[str] = mapped_column(String(64))
    release: Mapped[dict[str, Any]] = mapped_column(JSON)  # the OCDS release
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_seq: Mapped[int] = mapped_column(BigInteger, unique=True)  # the order of the feed
    document_id: Mapped[str | None] = mapped_column(String(32))  # the PDF's IssuedDocument


class PublicAttachment(Base):
    """A file that belongs to the tender documents, as published: public from its notice on."""

    __tablename__ = "public_attachment"
    __table_args__ = (UniqueConstraint("tender_id", "sha256"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))  # the file's name, with its ending
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_seq: Mapped[int] = mapped_column(BigInteger)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    superseded_by: Mapped[str | None] = mapped_column(String(64))  # hash of the file in its place


class DocumentStatus(StrEnum):
    """Where a PDF stands."""

    WAITING = "waiting"  # 正在生成
    ISSUED = "issued"
    FAILED = "failed"


class IssuedDocument(Base):
    """A PDF that the platform signs: asked for in one transaction, produced by the worker later.

    `public` documents are listed for everybody; letters go to `recipient_id` (an organisation).
    """

    __tablename__ = "issued_document"
    __table_args__ = (
        CheckConstraint("(status = 'issued') = (sha256 IS NOT NULL)", name="issued"),
        CheckConstraint("(status = 'issued') = (ledger_seq IS NOT NULL)", name="ledger"),
        UniqueConstraint("name"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(16), unique=True)  # printed; /v/<code>
    name: Mapped[str] = mapped_column(String(120))  # file name without .pdf, ASCII
    kind: Mapped[str] = mapped_column(String(40))
    tender_id: Mapped[str] = mapped_column(String(32), index=True)
    title: Mapped[str] = mapped_column(String(300))
    public: Mapped[bool] = mapped_column()
    recipient_id: Mapped[str | None] = mapped_column(String(32), index=True)
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[DocumentStatus] = mapped_column(enum_column(DocumentStatus))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    size: Mapped[int | None] = mapped_column(Integer)
    ledger_seq: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)
