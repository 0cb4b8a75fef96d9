"""A ledger with some lines in it, and the verifier's own look at what it serves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from keys import merkle
from tender.core.platform import Platform
from tender.ledger import checkpoints, service
from tender.ledger.guarding import KEPT
from tender.ledger.models import LedgerCheckpoint

# With a fraction of a second, as every machine's clock tells it.
NOW = datetime(2026, 12, 1, 1, 0, 0, 250_000, tzinfo=UTC)
OPENING = "a" * 64
BID: dict[str, Any] = {
    "opening": OPENING,
    "bid": "b" * 32,
    "bidder": "party-1",
    "sequence": 1,
    "envelope_sha256": "c" * 64,
    "envelope_size": 4096,
    "files_digest": None,
    "files_size": 0,
    "certificate_sha256": "d" * 64,
}


def add(platform: Platform, count: int = 1, **more: Any) -> list[int]:
    """Append facts about a meeting; gives their places."""
    with platform.database.write() as session:
        told: dict[str, Any] = {"subject": "meeting", "actor": "someone", "now": NOW} | more
        return [service.append(session, "meeting.held", **told).seq for _ in range(count)]


def sign(platform: Platform) -> LedgerCheckpoint:
    """Sign and give the newest checkpoint."""
    with platform.database.write() as session:
        checkpoints.sign_checkpoint(session, platform.settings, now=NOW)
        found = checkpoints.newest(session)
    assert found is not None
    return found


def served(platform: Platform, size: int = 10**6) -> list[str]:
    """All lines as a stranger gets them."""
    with platform.database.read() as session:
        return service.served_lines(session, 0, 10**6, size)


def leaves(platform: Platform) -> list[bytes]:
    """The leaves that a stranger computes from what is served."""
    found = []
    for line in served(platform):
        bare = json.loads(line).get("leaf")
        found.append(bytes.fromhex(bare) if bare else merkle.leaf_hash(line.encode()))
    return found


def unguard(platform: Platform, *statements: str) -> None:
    """Do what the database's owner could: take the triggers away, then change rows."""
    kinds = ("unchanged", "undeleted")
    with platform.database.engine.begin() as connection:
        for table in KEPT:
            for kind in kinds:
                on = "" if platform.database.sqlite else f" ON {table}"
                connection.execute(text(f"DROP TRIGGER {table}_{kind}{on}"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount >= 1, statement
