"""A process whose files may not grow beyond a limit: what it was told is saved must stay saved."""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

from tender.core.db import Database
from tender.core.errors import DomainError
from tender.core.files import store_blob, write_durably
from tender.core.outbox import enqueue

LIMIT = 400_000  # bytes of any one file


def tried(act) -> str:
    """The code of the refusal, or an empty text if it worked."""
    try:
        act()
    except DomainError as refusal:
        return refusal.code
    return ""


def main(url: str, place: Path) -> dict[str, object]:
    """Fill database, store and a key file to the limit; then lift it and go on."""
    database = Database(url, place / "write.lock")
    saved = 0

    def add(size: int = 20_000) -> None:
        nonlocal saved
        with database.write() as session:
            enqueue(session, "a.kind", {"text": "x" * size}, now=datetime.now(UTC))
        saved += 1

    write_durably(place / "key", b"old")
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    while not (failed := tried(add)) and saved < 200:
        pass
    told = {
        "saved": saved,
        "database": failed,
        "again": tried(add),
        "file": tried(lambda: store_blob(place / "store", [b"y" * LIMIT, b"y"])),
        "key": tried(lambda: write_durably(place / "key", b"n" * (LIMIT + 1))),
        "small": tried(lambda: store_blob(place / "store", [b"y" * 100])),
    }
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    told["after"] = tried(add)
    database.close()
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
