"""An installation with an empty ledger, on SQLite and again on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tender.core.clock import FixedClock
from tender.core.db import Database
from tender.core.platform import Platform
from tests.tender import factories as make


@pytest.fixture
def platform(tmp_path: Path, migrated_url: str) -> Iterator[Platform]:
    settings = replace(make.settings(tmp_path), database_url=migrated_url)
    database = Database(migrated_url, tmp_path / "run" / "write.lock")
    made = Platform(settings, database, FixedClock(make.START))
    yield made
    made.database.close()
