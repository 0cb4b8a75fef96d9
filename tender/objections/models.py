"""Objections (异议/质疑) and complaints (投诉) with their answers and both clocks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id


class ObjectionStage(StrEnum):
    """What an objection is about; each stage has its own time limit."""

    DOCUMENTS = "documents"  # 招标文件
    OPENING = "opening"  # 开标
    CANDIDATES = "candidates"  # 评标结果


class ObjectionStatus(StrEnum):
    """Where an objection stands."""

    FILED = "filed"  # 已提出
    UPHELD = "upheld"  # 成立
    REJECTED = "rejected"  # 不成立
    WITHDRAWN = "withdrawn"


class Objection(Base):
    """One objection; while it is open and `pauses`, the award waits."""

    __tablename__ = "objection"
    __table_args__ = (
        CheckConstraint("(status = 'filed') = (answered_at IS NULL)", name="answered"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    scope: Mapped[str] = mapped_column(String(200))
    stage: Mapped[ObjectionStage] = mapped_column(enum_column(ObjectionStage))
    organisation_id: Mapped[str] = mapped_column(String(32))
    filed_by: Mapped[str] = mapped_column(String(32))
    facts: Mapped[str] = mapped_column(Text)
    request: Mapped[str] = mapped_column(Text)
    evidence_id: Mapped[str | None] = mapped_column(ForeignKey("stored_file.id"))
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    pauses: Mapped[bool] = mapped_column(Boolean)
    answer_due: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[ObjectionStatus] = mapped_column(enum_column(ObjectionStatus))
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[str | None] = mapped_column(String(32))

    @property
    def owner_id(self) -> str:
        """The bidder that filed it."""
        return self.organisation_id


class ComplaintStatus(StrEnum):
    """Where a complaint stands."""

    FILED = "filed"  # 已受理登记，待处理
    UPHELD = "upheld"  # 投诉成立
    REJECTED = "rejected"  # 驳回
    NOT_ACCEPTED = "not_accepted"  # 不予受理


class Complaint(Base):
    """A complaint (投诉) to the review body, after the objection was answered (REG art. 60)."""

    __tablename__ = "complaint"
    __table_args__ = (
        CheckConstraint("(status = 'filed') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(decided_at IS NULL) = (decision IS NULL)", name="decision"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(64), unique=True)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    objection_id: Mapped[str] = mapped_column(ForeignKey("objection.id"), unique=True)
    scope: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[str] = mapped_column(String(32))
    filed_by: Mapped[str] = mapped_column(String(32))
    facts: Mapped[str] = mapped_column(Text)
    request: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    review_due: Mapped[datetime] = mapped_column(UtcDateTime)
    decision_due: Mapped[datetime] = mapped_column(UtcDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime
    )  # the body stopped the tender
    status: Mapped[ComplaintStatus] = mapped_column(enum_column(ComplaintStatus))
    decision: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(32))

    @property
    def owner_id(self) -> str:
        """The bidder that filed it."""
        return self.organisation_id
