"""What supervisors see: dated milestones of every procedure, and cards for those missed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id


class MilestoneStatus(StrEnum):
    """OCDS milestone status."""

    SCHEDULED = "scheduled"
    MET = "met"
    NOT_MET = "notMet"


class Milestone(Base):
    """A dated duty (时限节点) of a tender."""

    __tablename__ = "milestone"
    __table_args__ = (
        CheckConstraint("(status = 'met') = (met_at IS NOT NULL)", name="met"),
        UniqueConstraint("subject", "code"),
        Index("ix_milestone_due", "status", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    subject: Mapped[str] = mapped_column(String(32))  # tender id
    scope: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))  # msgid
    article: Mapped[str] = mapped_column(String(120))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[MilestoneStatus] = mapped_column(enum_column(MilestoneStatus))
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CardColour(StrEnum):
    """How grave a missed duty is."""

    YELLOW = "yellow"  # 黄牌
    RED = "red"  # 红牌


class Card(Base):
    """A missed milestone put before the supervisor; at most one of a colour each."""

    __tablename__ = "card"
    __table_args__ = (UniqueConstraint("milestone_id", "colour"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    milestone_id: Mapped[str] = mapped_column(String(32))
    colour: Mapped[CardColour] = mapped_column(enum_column(CardColour))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
