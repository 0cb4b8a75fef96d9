"""Projects, tenders, lots and what belongs to them; custodians' keys and opening records."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tender.accounts.models import Organisation
from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.files import StoredFile
from tender.core.ids import new_id
from tender.procedure.law.kinds import Direction, Kind, Method


class TenderStatus(StrEnum):
    """Where a tender stands; `states.py` says what may follow what."""

    DRAFT = "draft"  # 草稿
    IN_REVIEW = "in_review"  # 待审核
    APPROVED = "approved"  # 已审核，等待密钥保管人接受
    PUBLISHED = "published"  # 公告及投标中
    CLOSED = "closed"  # 已截止
    OPENED = "opened"  # 已开标
    EVALUATED = "evaluated"  # 评审完成
    CANDIDATES = "candidates"  # 候选人公示
    AWARDED = "awarded"  # 已定标
    CONTRACTED = "contracted"  # 已签约
    FAILED = "failed"  # 流标
    CANCELLED = "cancelled"  # 终止


class LotStatus(StrEnum):
    """Where a lot stands."""

    PREPARED = "prepared"
    OPEN = "open"  # 接受投标
    CLOSED = "closed"
    OPENED = "opened"
    AWARDED = "awarded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Tender(Base):
    """One tender (招标项目) with its stored legal dates; every lot shares them.

    The deadline is at the same time the opening (TBL art. 34). `paused_at` is set while an
    objection pauses the procedure. A re-tender is a new row with the next `epoch`.
    """

    __tablename__ = "tender"
    __table_args__ = (
        CheckConstraint(
            "(status IN ('draft','in_review','approved','cancelled')) OR published_at IS NOT NULL",
            name="published",
        ),
        CheckConstraint("(status <> 'awarded') OR awarded_at IS NOT NULL", name="awarded"),
        CheckConstraint("threshold >= 2", name="threshold"),
        CheckConstraint("minimum >= 1", name="minimum"),
        CheckConstraint("bond_fen >= 0", name="bond"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(64), unique=True)  # T-2026-0001: in opening records
    title: Mapped[str] = mapped_column(String(300))
    kind: Mapped[Kind] = mapped_column(enum_column(Kind))
    direction: Mapped[Direction] = mapped_column(enum_column(Direction))
    method: Mapped[Method] = mapped_column(enum_column(Method))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    scope: Mapped[str] = mapped_column(String(200), index=True)
    status: Mapped[TenderStatus] = mapped_column(enum_column(TenderStatus))
    epoch: Mapped[int] = mapped_column(Integer, default=1)
    previous_id: Mapped[str | None] = mapped_column(ForeignKey("tender.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)  # decision, payment, conditions, contacts
    method_parameters: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    must_tender: Mapped[bool] = mapped_column(Boolean, default=True)  # 依法必须招标
    members_only: Mapped[bool] = mapped_column(Boolean, default=False)  # 仅限本集体成员
    joint_bids: Mapped[bool] = mapped_column(Boolean, default=False)  # 接受联合体投标
    subcontracting: Mapped[bool] = mapped_column(Boolean, default=False)  # 允许分包
    minimum: Mapped[int] = mapped_column(Integer)
    threshold: Mapped[int] = mapped_column(Integer)
    custodian_ids: Mapped[list[str]] = mapped_column(JSON)  # ids of custodians, in record order
    bond_fen: Mapped[int] = mapped_column(BigInteger, default=0)
    documents_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    documents_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    questions_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bond_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deadline: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    evaluated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    standstill_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    standstill_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    awarded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contract_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reviewed_by: Mapped[str | None] = mapped_column(String(32))
    remark: Mapped[str | None] = mapped_column(Text)  # the reviewer's, when sent back

    organisation: Mapped[Organisation] = relationship()


class DraftVersion(Base):
    """A draft as it was before a change, so that drafts can be undone."""

    __tablename__ = "draft_version"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_by: Mapped[str] = mapped_column(String(32))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class Lot(Base):
    """A lot (标段) with its price basis, quantity and term; `number` stands in the record.

    `limit_fen` is the reserve per price unit of a disposal (bids below are invalid), the ceiling
    of a purchase (bids above are invalid).
    """

    __tablename__ = "lot"
    __table_args__ = (
        UniqueConstraint("tender_id", "number"),
        CheckConstraint("limit_fen >= 0", name="limit"),
        CheckConstraint("quantity > 0 AND term > 0", name="quantity"),
        CheckConstraint("(status = 'prepared') OR opening_id IS NOT NULL", name="recorded"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    number: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(300))
    status: Mapped[LotStatus] = mapped_column(enum_column(LotStatus))
    price_basis: Mapped[str] = mapped_column(String(40))  # pricing.PriceBasis
    quantity: Mapped[Decimal] = mapped_column(Numeric(18, 6))
    unit: Mapped[str] = mapped_column(String(40))
    term: Mapped[Decimal] = mapped_column(Numeric(12, 6))
    limit_fen: Mapped[int | None] = mapped_column(BigInteger)
    opening_id: Mapped[str | None] = mapped_column(String(64), unique=True)

    tender: Mapped[Tender] = relationship()


class Criterion(Base):
    """A criterion (评审标准): a leaf of the tree with its weight, or a group of leaves."""

    __tablename__ = "criterion"
    __table_args__ = (UniqueConstraint("tender_id", "code"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    code: Mapped[str] = mapped_column(String(20))
    group: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(
        String(20)
    )  # review (pass/fail), price, subjective, objective
    maximum: Mapped[Decimal] = mapped_column(Numeric(8, 3))
    step: Mapped[Decimal] = mapped_column(Numeric(8, 3))
    guidance: Mapped[str] = mapped_column(Text, default="")
    position: Mapped[int] = mapped_column(Integer)


class TenderDocument(Base):
    """An attachment of the tender documents, public from the notice on, with its hash."""

    __tablename__ = "tender_document"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("stored_file.id"))
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))  # tender_documents, decision, drawing, contract
    public: Mapped[bool] = mapped_column(Boolean, default=True)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # by an amendment
    superseded_by: Mapped[str | None] = mapped_column(String(32))  # the document in its place

    file: Mapped[StoredFile] = relationship()


class AmendmentStatus(StrEnum):
    """Where an amendment stands."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"  # given up before it was published


class Amendment(Base):
    """An amendment (更正) of a published tender: an act of its own that edits no earlier one.

    `changes` are new texts by block (`amendable.py` names them), `before` the texts that stood
    when it was published. `number` counts a tender's published amendments.
    """

    __tablename__ = "amendment"
    __table_args__ = (
        UniqueConstraint("tender_id", "number"),
        CheckConstraint("(status = 'published') = (published_at IS NOT NULL)", name="published"),
        CheckConstraint("(published_at IS NULL) = (number IS NULL)", name="number"),
        CheckConstraint("(published_at IS NULL) = (approved_by IS NULL)", name="approved"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    number: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[AmendmentStatus] = mapped_column(enum_column(AmendmentStatus))
    reason: Mapped[str] = mapped_column(Text)
    changes: Mapped[dict[str, str]] = mapped_column(JSON)
    before: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    deadline: Mapped[datetime | None] = mapped_column(UtcDateTime)  # as its author wants it
    created_by: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(32))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    remark: Mapped[str | None] = mapped_column(Text)  # the reviewer's, when sent back
    approved_by: Mapped[str | None] = mapped_column(String(32))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AmendmentFile(Base):
    """A file that an amendment adds, or puts in the place of an earlier one."""

    __tablename__ = "amendment_file"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    amendment_id: Mapped[str] = mapped_column(ForeignKey("amendment.id"), index=True)
    file_id: Mapped[str] = mapped_column(ForeignKey("stored_file.id"))
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    replaces_id: Mapped[str | None] = mapped_column(ForeignKey("tender_document.id"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)

    file: Mapped[StoredFile] = relationship()


class Retendered(Base):
    """A failed lot that a new tender takes up again (重新招标)."""

    __tablename__ = "retendered"

    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"), primary_key=True)  # of the old one


class Question(Base):
    """A question on the documents; the answer goes to all without the asker's name (TBL 22)."""

    __tablename__ = "question"
    __table_args__ = (CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    asked_by: Mapped[str] = mapped_column(String(32))  # organisation; secret before the deadline
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(32))


class Bond(Base):
    """A bid bond (投标保证金) as finance recorded it; seen by finance only until the opening."""

    __tablename__ = "bond"
    __table_args__ = (
        UniqueConstraint("tender_id", "organisation_id"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    form: Mapped[str] = mapped_column(String(20))  # transfer, guarantee, insurance
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    payer: Mapped[str] = mapped_column(String(200))
    payer_account: Mapped[str] = mapped_column(String(64))
    proof_id: Mapped[str | None] = mapped_column(ForeignKey("stored_file.id"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str] = mapped_column(String(32))
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    return_reason: Mapped[str | None] = mapped_column(Text)


class Custodian(Base):
    """A custodian organisation (密钥保管人) under its pinned Ed25519 identity."""

    __tablename__ = "custodian"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(200))
    identity: Mapped[str] = mapped_column(String(64), unique=True)  # base64url, 32 bytes
    scope: Mapped[str] = mapped_column(String(200))  # which tenders it may keep keys for
    sandbox: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # its last cosignature


class CustodianKeyRow(Base):
    """A deposited one-time public key; assigned to one opening at most, once, ever."""

    __tablename__ = "custodian_key"

    key_id: Mapped[str] = mapped_column(String(32), primary_key=True)  # base64url, 16 bytes
    key: Mapped[str] = mapped_column(String(64), unique=True)
    custodian_id: Mapped[str] = mapped_column(ForeignKey("custodian.id"), index=True)
    batch: Mapped[str] = mapped_column(String(64))
    deposited_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opening_id: Mapped[str | None] = mapped_column(String(64), index=True)
    void: Mapped[bool] = mapped_column(Boolean, default=False)


class OpeningRecordRow(Base):
    """An opening record as signed: `record` holds exactly its JCS bytes."""

    __tablename__ = "opening_record"

    opening_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"), index=True)
    part: Mapped[str] = mapped_column(String(16))
    record: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_seq: Mapped[int | None] = mapped_column(BigInteger)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # all n have accepted
    void_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    lot: Mapped[Lot] = relationship()


class AcceptanceRow(Base):
    """A custodian's acceptance of an opening record."""

    __tablename__ = "acceptance"

    opening_id: Mapped[str] = mapped_column(
        ForeignKey("opening_record.opening_id"), primary_key=True
    )
    custodian_id: Mapped[str] = mapped_column(ForeignKey("custodian.id"), primary_key=True)
    statement: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
