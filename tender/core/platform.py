"""What a job, a service process or a request runs on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tender.core.clock import Clock, SandboxClock, SystemClock
from tender.core.db import Database
from tender.core.settings import Settings, mark_sandbox


@dataclass(frozen=True)
class Platform:
    """Settings, database and clock of this installation."""

    settings: Settings
    database: Database
    clock: Clock


Handler = Callable[[Platform, dict[str, Any]], None]


def connect(settings: Settings) -> Platform:
    """Join settings, database and clock; production never gets a sandbox clock."""
    if settings.sandbox:
        mark_sandbox(settings)
    clock: Clock = SandboxClock(settings.clock_file) if settings.sandbox else SystemClock()
    database = Database(settings.database_url, settings.data / "run" / "write.lock")
    return Platform(settings, database, clock)
