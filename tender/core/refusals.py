"""The refusal log: every refused act with its reason, kept even though the act was rolled back."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from tender.core.db import Base, UtcDateTime
from tender.core.ids import new_id


class Allowance:
    """At most so many in a span of time, for all threads together."""

    def __init__(self, most: int, span: timedelta) -> None:
        self._most, self._span = most, span
        self._lock = threading.Lock()
        self._began: datetime | None = None
        self._taken = 0

    def take(self, now: datetime) -> bool:
        """Whether one more is within the allowance."""
        with self._lock:
            if self._began is None or not self._began <= now < self._began + self._span:
                self._began, self._taken = now, 0
            self._taken += 1
            return self._taken <= self._most


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
