"""Sealed bids, their resumable uploads and receipts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id


class BidStatus(StrEnum):
    """OCDS bid status, as far as the sealed life goes."""

    PENDING = "pending"  # 已递交
    SUPERSEDED = "superseded"  # 已被后一份替换
    WITHDRAWN = "withdrawn"  # 已撤回
    OPENED = "opened"  # 已解密
    NOT_OPENED = "not_opened"  # 未能解密（判定见开标记录）
    ERASED = "erased"


class Upload(Base):
    """A resumable upload of the encrypted files; slices lie in the store, hashed and fsynced."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint('"offset" >= 0 AND "offset" <= length', name="offset"),
        Index("ix_upload_owner", "owner_id", "opening_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(String(32))  # organisation
    opening_id: Mapped[str] = mapped_column(String(64))
    length: Mapped[int] = mapped_column(BigInteger)
    offset: Mapped[int] = mapped_column(BigInteger, default=0)
    slices: Mapped[list[str]] = mapped_column(JSON, default=list)  # SHA-256 of each 8 MiB piece
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed_by: Mapped[str | None] = mapped_column(String(32))  # the bid that took it
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SealedBid(Base):
    """One sealed bid as received; the envelope lies in the row, the files in an upload.

    Nothing here can be read by anybody before the opening. `id` is the `bid` of the ledger entry.
    """

    __tablename__ = "sealed_bid"
    __table_args__ = (
        UniqueConstraint("opening_id", "organisation_id", "sequence"),
        UniqueConstraint("organisation_id", "idempotency_key"),
        CheckConstraint("(files_digest IS NULL) = (files_size = 0)", name="files"),
        CheckConstraint("(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
        Index("ix_sealed_bid_standing", "opening_id", "status"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    opening_id: Mapped[str] = mapped_column(String(64))
    tender_id: Mapped[str] = mapped_column(String(32), index=True)
    lot_id: Mapped[str] = mapped_column(String(32))
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"))
    party_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str] = mapped_column(String(32))
    sequence: Mapped[int] = mapped_column(Integer)
    status: Mapped[BidStatus] = mapped_column(enum_column(BidStatus))
    envelope: Mapped[bytes | None] = mapped_column(LargeBinary)
    envelope_sha256: Mapped[str] = mapped_column(String(64))
    envelope_size: Mapped[int] = mapped_column(Integer)
    files_digest: Mapped[str | None] = mapped_column(String(64))
    files_size: Mapped[int] = mapped_column(BigInteger, default=0)
    upload_id: Mapped[str | None] = mapped_column(ForeignKey("upload.id"))
    certificate_sha256: Mapped[str] = mapped_column(String(64))
    statement: Mapped[dict[str, Any]] = mapped_column(JSON)  # the bidder's signed SEAL request
    idempotency_key: Mapped[str] = mapped_column(String(64))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    receipt: Mapped[dict[str, Any]] = mapped_column(JSON)  # entry and platform signature
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    address: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str | None] = mapped_column(Text)  # the browser, as it named itself

    @property
    def owner_id(self) -> str:
        """The bidder that the bid belongs to."""
        return self.organisation_id
