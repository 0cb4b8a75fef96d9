"""What supervisors see: dated milestones of every procedure, and cards for those missed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id


class MilestoneStatus(StrEnum):
    """OCDS milestone status, and our own word for a duty that fell away."""

    SCHEDULED = "scheduled"
    MET = "met"
    NOT_MET = "notMet"
    CANCELLED = "cancelled"


class Holder(StrEnum):
    """Whose duty it is."""

    UNIT = "unit"  # 招标人及代理员
    FINANCE = "finance"  # 财务
    SUPERVISION = "supervision"  # 行政监督部门


class Milestone(Base):
    """A dated duty (时限节点) of a tender.

    `lawful_at` is the date as the law last gave it, `due_at` the same with the time that pauses
    gave, `card_at` when a yellow card falls, `red_at` when it turns red. `held_at` is set while
    the tender is paused. A duty that arises again (a result fell) begins a new `round`.
    """

    __tablename__ = "milestone"
    __table_args__ = (
        CheckConstraint("(status = 'met') = (met_at IS NOT NULL)", name="met"),
        CheckConstraint("(status = 'cancelled') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("(red_at IS NULL) OR status <> 'scheduled'", name="red"),
        CheckConstraint("card_at >= due_at", name="card"),
        UniqueConstraint("subject", "code"),
        Index("ix_milestone_card", "status", "card_at"),
        Index("ix_milestone_red", "status", "red_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    subject: Mapped[str] = mapped_column(String(32))  # tender id
    reference: Mapped[str] = mapped_column(String(64))  # tender number, as people call it
    scope: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(200))  # msgid
    article: Mapped[str] = mapped_column(String(120))
    holder: Mapped[Holder] = mapped_column(enum_column(Holder), default=Holder.UNIT)
    pausable: Mapped[bool] = mapped_column(Boolean, default=False)
    by_hand: Mapped[bool] = mapped_column(Boolean, default=False)  # done outside, noted by people
    lawful_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    card_at: Mapped[datetime] = mapped_column(UtcDateTime)
    red_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[MilestoneStatus] = mapped_column(enum_column(MilestoneStatus))
    round: Mapped[int] = mapped_column(Integer, default=1)
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(Text)  # how a duty was done outside the platform


class CardColour(StrEnum):
    """How grave a missed duty is."""

    YELLOW = "yellow"  # 黄牌
    RED = "red"  # 红牌


class CardStatus(StrEnum):
    """Where a card stands; `states.py` says what may follow what."""

    OPEN = "open"  # 待说明
    EXPLAINED = "explained"  # 已说明，待审核
    RETURNED = "returned"  # 退回补充说明
    ACCEPTED = "accepted"  # 说明已接受，办结
    REPLACED = "replaced"  # 已转红牌


class Card(Base):
    """A missed milestone put before the supervisor; at most one of a colour each round.

    `version` counts its explanations; each is kept.
    """

    __tablename__ = "card"
    __table_args__ = (
        CheckConstraint("(status = 'accepted') = (closed_at IS NOT NULL)", name="closed"),
        CheckConstraint("version >= 0", name="version"),
        UniqueConstraint("milestone_id", "round", "colour"),
        Index("ix_card_issued_at", "issued_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    milestone_id: Mapped[str] = mapped_column(ForeignKey("milestone.id"))
    round: Mapped[int] = mapped_column(Integer)
    colour: Mapped[CardColour] = mapped_column(enum_column(CardColour))
    status: Mapped[CardStatus] = mapped_column(enum_column(CardStatus))
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # the date that was missed
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=0)

    milestone: Mapped[Milestone] = relationship()


class CardExplanation(Base):
    """One version of the explanation of a card, with what the supervisor said to it."""

    __tablename__ = "card_explanation"
    __table_args__ = (
        CheckConstraint("(accepted IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint("accepted IS NULL OR accepted OR reason IS NOT NULL", name="reason"),
        UniqueConstraint("card_id", "version"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    card_id: Mapped[str] = mapped_column(ForeignKey("card.id"))
    version: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(String(32))
    given_name: Mapped[str] = mapped_column(String(300))  # person and organisation, as of then
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    accepted: Mapped[bool | None] = mapped_column(Boolean)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(32))
    decided_name: Mapped[str | None] = mapped_column(String(300))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
