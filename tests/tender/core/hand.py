"""A process that performs due outbox rows and notes each effect in a file that others share."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from pathlib import Path
from typing import Any

from tender.core import jobs, outbox
from tender.core.clock import FixedClock
from tender.core.db import Database
from tender.core.platform import Platform
from tests.tender import factories as make


def main(data: Path, url: str, log: Path, seconds: float) -> int:
    """Perform everything that is due; gives the number done here."""
    settings = dataclasses.replace(make.settings(data), database_url=url)
    database = Database(url, data / "run" / "write.lock")
    platform = Platform(settings, database, FixedClock(make.START))
    here = [""]

    def note(_platform: Platform, _payload: dict[str, Any]) -> None:
        if seconds:
            sys.stdout.write("began\n")
            sys.stdout.flush()
            time.sleep(seconds)
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(descriptor, f"{here[0]}\n".encode())
        os.close(descriptor)

    done = 0
    while True:
        with database.read() as session:
            rows = outbox.due(session, now=platform.clock.now(), limit=50)
        if not rows:
            return done
        for here[0] in rows:
            done += jobs.perform(platform, {"note": note}, here[0])


if __name__ == "__main__":
    sys.stdout.write(
        str(main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), float(sys.argv[4])))
    )
