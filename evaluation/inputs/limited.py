"""Asking a process of its own (限额子进程): heavy screens under limits of time and memory.

A screen over hostile or merely huge files must neither stop the web server nor eat its memory.
The child knows no database and no password; what it does not finish in time is said to be
unfinished, and the other screens go on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tender.core.i18n import N_
from tender.publication.press import child_environment

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Bounds:
    """Seconds by the clock, and octets of address space, that one screen may take."""

    seconds: float = 60.0
    memory: int = 3 << 30


class Unfinished(Exception):
    """A screen that did not finish; the message is a msgid for people."""


def ask(request: dict[str, Any], bounds: Bounds | None = None) -> Any:
    """Have a child do one request (`evaluation.inputs.child`); Unfinished says why it could not."""
    bounds = bounds or Bounds()
    environment = child_environment() | {
        "NUMPY_MADVISE_HUGEPAGE": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    try:
        done = subprocess.run(
            [sys.executable, "-m", "evaluation.inputs.child"],
            input=json.dumps(request | {"memory": bounds.memory}).encode("utf-8", "surrogatepass"),
            stdout=subprocess.PIPE,
            timeout=bounds.seconds,
            cwd=ROOT,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unfinished(N_("It took longer than its limit and was stopped.")) from error
    try:
        answer = json.loads(done.stdout.decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise Unfinished(N_("It ended without an answer.")) from error
    if "unfinished" in answer:
        raise Unfinished(answer["unfinished"])
    return answer["done"]
