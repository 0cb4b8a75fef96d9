"""A process that takes the write lock, writes a row, says so, and never lets go by itself."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tender.core.db import Database
from tender.core.outbox import enqueue

if __name__ == "__main__":
    database = Database(sys.argv[1], Path(sys.argv[2]))
    with database.write() as session:
        enqueue(session, "never.committed", {}, now=datetime.now(UTC))
        session.flush()
        sys.stdout.write("held\n")
        sys.stdout.flush()
        time.sleep(600)
