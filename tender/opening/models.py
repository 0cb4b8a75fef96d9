"""Openings: closing, releases, verdicts, objections on the spot."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id


class OpeningStatus(StrEnum):
    """Where the opening of one lot stands once its deadline has passed."""

    CLOSED = "closed"  # 已截止，等待保管人释放密钥
    PERFORMED = "performed"  # 已开标
    TOO_FEW = "too_few"  # 投标人不足，不予开标


class Opening(Base):
    """The opening (开标) of one record, from its closing on."""

    __tablename__ = "opening"
    __table_args__ = (
        CheckConstraint("(status = 'performed') = (performed_at IS NOT NULL)", name="performed"),
        CheckConstraint("count >= 0", name="count"),
    )

    opening_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    tender_id: Mapped[str] = mapped_column(String(32), index=True)
    lot_id: Mapped[str] = mapped_column(String(32), unique=True)
    status: Mapped[OpeningStatus] = mapped_column(enum_column(OpeningStatus))
    count: Mapped[int] = mapped_column(Integer)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    closed_seq: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    performed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    performed_seq: Mapped[int | None] = mapped_column(BigInteger)


class ReleaseRow(Base):
    """A custodian's release of its one-time key for an opening."""

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("opening_id", "key_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    opening_id: Mapped[str] = mapped_column(String(64), index=True)
    key_id: Mapped[str] = mapped_column(String(32))
    custodian_id: Mapped[str] = mapped_column(String(32))
    statement: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class VerdictRow(Base):
    """What became of one bid that counted: a function of public data (sealed-bid.md)."""

    __tablename__ = "verdict"
    __table_args__ = (
        CheckConstraint("(verdict = 'opened') = (manifest IS NOT NULL)", name="manifest"),
    )

    bid_id: Mapped[str] = mapped_column(ForeignKey("sealed_bid.id"), primary_key=True)
    opening_id: Mapped[str] = mapped_column(ForeignKey("opening.opening_id"), index=True)
    verdict: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(200))
    files: Mapped[str] = mapped_column(String(20))
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    manifest: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    stored: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # opened files


class OpeningObjection(Base):
    """An objection on the spot (开标异议, REG art. 44), answered at once and recorded."""

    __tablename__ = "opening_objection"
    __table_args__ = (CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    opening_id: Mapped[str] = mapped_column(ForeignKey("opening.opening_id"), index=True)
    organisation_id: Mapped[str] = mapped_column(String(32))
    organisation_name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(32))
