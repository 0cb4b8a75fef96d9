"""Reviews of abnormally low prices (异常低价审查): the question, the answer, the votes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, UtcDateTime, enum_column
from tender.core.ids import new_id


class ReviewStatus(StrEnum):
    """Where a review of a low price stands."""

    ASKED = "asked"  # 待说明
    ANSWERED = "answered"  # 已说明
    ACCEPTED = "accepted"  # 说明成立
    REFUSED = "refused"  # 说明不成立，投标无效


class LowPriceReview(Base):
    """A review of an abnormally low price (异常低价审查): question, answer, decision.

    `triggers` are the computed steps as shown (empty where the panel's own judgement opened it).
    Nothing of it is public before the result.
    """

    __tablename__ = "low_price_review"
    __table_args__ = (
        CheckConstraint(
            "(status IN ('accepted','refused')) = (decided_at IS NOT NULL)", name="decided"
        ),
        CheckConstraint("(answered_at IS NULL) = (answer IS NULL)", name="answered"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    tender_id: Mapped[str] = mapped_column(ForeignKey("tender.id"), index=True)
    lot_id: Mapped[str] = mapped_column(ForeignKey("lot.id"))
    bid_id: Mapped[str] = mapped_column(String(32), unique=True)
    organisation_id: Mapped[str] = mapped_column(String(32), index=True)
    status: Mapped[ReviewStatus] = mapped_column(enum_column(ReviewStatus))
    triggers: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    question: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # name, sha256, size
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ledger: Mapped[list[int]] = mapped_column(JSON, default=list)  # its entries, told at the end

    @property
    def decided(self) -> bool:
        """Whether the panel has decided."""
        return self.decided_at is not None

    @property
    def owner_id(self) -> str:
        """The bidder that is asked."""
        return self.organisation_id


class LowPriceVote(Base):
    """One member's vote with its reason: to open a review, or on the answer."""

    __tablename__ = "low_price_vote"

    bid_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("panel_member.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(String(10), primary_key=True)  # open, decide
    yes: Mapped[bool] = mapped_column(Boolean)  # review it; the price is explained
    reason: Mapped[str] = mapped_column(Text)
    voted_at: Mapped[datetime] = mapped_column(UtcDateTime)
