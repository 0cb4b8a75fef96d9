"""The refusal log: every refused act with its reason, kept even though the act was rolled back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from tender.core.db import Base, UtcDateTime
from tender.core.ids import new_id


class Refusal(Base):
    """One refused request: who, where, why. Never holds what was sent."""

    __tablename__ = "refusal"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    time: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    code: Mapped[str] = mapped_column(String(60))
    message: Mapped[str] = mapped_column(Text)
    endpoint: Mapped[str] = mapped_column(String(120))
    person_id: Mapped[str | None] = mapped_column(String(32))
    address: Mapped[str | None] = mapped_column(String(64))


def log_refusal(
    session: Session,
    *,
    code: str,
    message: str,
    endpoint: str,
    person_id: str | None,
    address: str | None,
    now: datetime,
) -> None:
    """Write one refusal down."""
    session.add(
        Refusal(
            time=now,
            code=code,
            message=message,
            endpoint=endpoint[:120],
            person_id=person_id,
            address=address,
        )
    )
