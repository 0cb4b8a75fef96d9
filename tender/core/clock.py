"""Where time comes from; everything else receives it as an argument."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from tender.core.shanghai import SHANGHAI


class Clock(Protocol):
    """Anything that tells the time as aware UTC."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""


@dataclass(frozen=True)
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's time in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True)
class SandboxClock:
    """The machine's clock shifted by `offset_seconds` in a JSON file: for the demo county only.

    `serve` refuses to start with one. The file is read at each call, so that a running county
    follows when the demo moves its time on.
    """

    path: Path

    def now(self) -> datetime:
        """The machine's time plus the sandbox's offset."""
        try:
            offset = float(json.loads(self.path.read_text())["offset_seconds"])
        except FileNotFoundError:
            offset = 0.0
        return datetime.now(UTC) + timedelta(seconds=offset)


@dataclass
class FixedClock:
    """A clock that stands still until it is set: for tests."""

    moment: datetime
    steps: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment

    def advance(self, **delta: float) -> datetime:
        """Move on by a timedelta given in keywords."""
        self.moment += timedelta(**delta)
        self.steps.append(self.moment)
        return self.moment


def legal_day(moment: datetime) -> str:
    """The calendar day of a moment in China, `YYYY-MM-DD`."""
    return moment.astimezone(SHANGHAI).date().isoformat()
