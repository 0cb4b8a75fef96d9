"""Rows of the append-only ledger: entries, tree nodes, checkpoints, cosignatures, private data."""

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
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, UtcDateTime, enum_column


class LedgerEntry(Base):
    """One entry: the exact line that the tree covers, and columns to find it by.

    `hidden_by` names the opening whose closing reveals the line; until then only `leaf` is served.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint("seq >= 0", name="seq"),
        Index("ix_ledger_entry_subject", "subject", "seq"),
        Index("ix_ledger_entry_event", "event", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(64))
    line: Mapped[str] = mapped_column(Text)
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    hidden_by: Mapped[str | None] = mapped_column(String(64), index=True)


class LedgerNode(Base):
    """A complete subtree's root, so that any proof costs O(log size) look-ups."""

    __tablename__ = "ledger_node"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerCheckpoint(Base):
    """A signed statement of the tree's size and root."""

    __tablename__ = "ledger_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LedgerCosignature(Base):
    """A custodian's line under a checkpoint."""

    __tablename__ = "ledger_cosignature"

    size: Mapped[int] = mapped_column(ForeignKey("ledger_checkpoint.size"), primary_key=True)
    witness: Mapped[str] = mapped_column(String(64), primary_key=True)  # identity, base64url
    line: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DataKind(StrEnum):
    """Kinds of private data behind an entry's salted hash, each with its retention."""

    PERSON = "person"  # names, numbers and contacts of people
    PROCEDURE = "procedure"  # what parties said in a procedure
    NETWORK = "network"  # addresses and browsers of requests


class PrivateData(Base):
    """The salt and data behind an entry's `data_sha256`; deleting it leaves the ledger whole."""

    __tablename__ = "private_data"

    seq: Mapped[int] = mapped_column(ForeignKey("ledger_entry.seq"), primary_key=True)
    kind: Mapped[DataKind] = mapped_column(enum_column(DataKind))
    salt: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    keep_until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
