"""Rows of the administrator's changes to the law's table and to the calendar; never edited."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, UtcDateTime
from tender.core.ids import new_id


class LawOverride(Base):
    """A county's own value for one row of the law, or that row set aside; revoked by a new act."""

    __tablename__ = "law_override"
    __table_args__ = (
        CheckConstraint("set_aside = (value IS NULL)", name="value"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked"),
        CheckConstraint("(revoked_at IS NULL) = (revoke_reason IS NULL)", name="reason"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    rule_id: Mapped[str] = mapped_column(String(80), index=True)
    value: Mapped[str | None] = mapped_column(String(60))  # as law.toml writes it: ">= 20 days"
    set_aside: Mapped[bool] = mapped_column(Boolean, default=False)
    reason: Mapped[str] = mapped_column(Text)
    effective_from: Mapped[date] = mapped_column()
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_seq: Mapped[int] = mapped_column(BigInteger)
    revoked_by: Mapped[str | None] = mapped_column(String(32))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoke_reason: Mapped[str | None] = mapped_column(Text)


class CalendarYear(Base):
    """One year's days off and make-up days as an administrator entered them; the newest counts."""

    __tablename__ = "calendar_year"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    year: Mapped[int] = mapped_column(Integer, index=True)
    holidays: Mapped[str] = mapped_column(Text)  # "01-01..01-03 02-15", as holidays.toml writes it
    make_up: Mapped[str] = mapped_column(Text)
    official: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str] = mapped_column(String(200))
    made_by: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ledger_seq: Mapped[int] = mapped_column(BigInteger, unique=True)
