"""A process that appends lines one commit at a time and says where they came to stand."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from tender.core.clock import SystemClock
from tender.core.db import Database
from tender.ledger import checkpoints, service
from tests.tender import factories as make


def main(data: Path, url: str, name: str, count: int) -> None:
    """Wait for a word, then append `count` lines, signing a checkpoint now and then."""
    settings = dataclasses.replace(make.settings(data), database_url=url)
    database = Database(url, data / "run" / "write.lock")
    clock = SystemClock()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for number in range(count):
        with database.write() as session:
            now = clock.now()
            entry = service.append(session, "meeting.held", subject=name, actor="a", now=now)
            if number % 7 == 0:
                checkpoints.sign_checkpoint(session, settings, now=now)
        sys.stdout.write(f"{entry.seq}\n")
        sys.stdout.flush()
    database.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
