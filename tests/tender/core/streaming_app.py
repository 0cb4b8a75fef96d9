"""A small web application that the server's tests start: it counts what it reads and ticks."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tender.core.processes import die_with_parent


def memory_peak() -> int:
    """This process's highest resident memory in KiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    return 0


def create() -> Callable[..., Iterable[bytes]]:
    """The application; a thread of it ticks, and it ends with its parent."""
    die_with_parent()
    ticks = [0]

    def tick() -> None:
        while True:
            time.sleep(0.02)
            ticks[0] += 1

    threading.Thread(target=tick, daemon=True).start()

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        body, read, largest = environ["wsgi.input"], 0, 0
        while piece := body.read(65536):
            read += len(piece)
            largest = max(largest, len(piece))
        start("200 OK", [("Content-Type", "text/plain")])
        return [f"{os.getpid()} {ticks[0]} {read} {largest} {memory_peak()}".encode()]

    return application
