"""The refusal log: every refused act with its reason, kept even though the act was rolled back."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import String, Table, Text, insert
from sqlalchemy.orm import Mapped, mapped_column

from tender.core.db import Base, Database, UtcDateTime
from tender.core.errors import DomainError
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


REFUSALS = cast(Table, Refusal.__table__)


@dataclass(eq=False)
class _Waiting:
    row: dict[str, Any]
    written: bool = False
    failure: Exception | None = None


class RefusalLog:
    """Writes refusals down: those that come while one commit runs share the next one.

    After a deadline late bids come in a crowd. A commit for each of their refusals would hold up
    the bids that came in time and wait for the same write lock.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting = deque[_Waiting]()
        self._turn = threading.Lock()

    def keep(
        self,
        *,
        code: str,
        message: str,
        endpoint: str,
        person_id: str | None,
        address: str | None,
        now: datetime,
    ) -> None:
        """Write one refusal down; back when it is durable. Raises why it could not be written.

        Not for a thread that is writing: whoever has the turn waits for the write lock.
        """
        mine = _Waiting(
            {
                "time": now,
                "code": code,
                "message": message,
                "endpoint": endpoint[:120],
                "person_id": person_id,
                "address": address,
            }
        )
        self._waiting.append(mine)
        with self._turn:
            if not (mine.written or mine.failure):
                self._write([mine, *(each for each in self._taken() if each is not mine)])
        if mine.failure:
            raise mine.failure

    def _taken(self) -> list[_Waiting]:
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def _write(self, group: list[_Waiting]) -> None:
        """Write a group; what the database will not hold fails alone, a full disk all of them."""
        try:
            with self._database.write() as session:
                session.connection().execute(insert(REFUSALS), [each.row for each in group])
        except Exception as failure:  # noqa: BLE001 - each of the waiting raises its own
            if len(group) > 1 and not isinstance(failure, DomainError):
                for each in group:
                    self._write([each])
                return
            for each in group:
                each.failure = failure
        else:
            for each in group:
                each.written = True
