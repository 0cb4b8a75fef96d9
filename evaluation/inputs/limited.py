"""Asking a process of its own (限额子进程): heavy screens under limits of time and memory.

A screen over hostile or merely huge files must neither stop the web server nor eat its memory.
The child knows no database and no password; what it does not finish in time is said to be
unfinished, and the other screens go on. One child serves one screening, because loading its
libraries takes longer than most screens; one that failed is replaced.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tender.core.i18n import N_
from tender.publication.press import child_environment

ROOT = Path(__file__).resolve().parents[2]
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Bounds:
    """Seconds by the clock for one request, and octets of address space of the child."""

    seconds: float = 60.0
    memory: int = 3 << 30


class Unfinished(Exception):
    """A screen that did not finish; the message is a msgid for people."""


class Child:
    """A limited process that answers requests (`evaluation.inputs.child`); use it as a context."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(self, request: dict[str, Any], seconds: float | None = None) -> Any:
        """Have one request done; Unfinished says why it could not be."""
        stop = time.monotonic() + (seconds or self._bounds.seconds)
        process = self._running()
        line = json.dumps(request | {"memory": self._bounds.memory}).encode() + b"\n"
        try:
            _stream(process.stdin).write(line)
            _stream(process.stdin).flush()
            answer = json.loads(
                _line(_stream(process.stdout), stop).decode("utf-8", "surrogatepass")
            )
        except TimeoutError as error:
            self.close()
            raise Unfinished(N_("It took longer than its limit and was stopped.")) from error
        except (OSError, ValueError) as error:
            self.close()
            raise Unfinished(N_("It ended without an answer.")) from error
        if "unfinished" in answer:
            self.close()
            raise Unfinished(answer["unfinished"])
        return answer["done"]

    def close(self) -> None:
        """End the child; it holds nothing that needs saving."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            try:
                _stream(stream).close()
            except BrokenPipeError:
                continue

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            limits = {"NUMPY_MADVISE_HUGEPAGE": "0", "OPENBLAS_NUM_THREADS": "1",
                      "OMP_NUM_THREADS": "1"}  # fmt: skip
            self._process = subprocess.Popen(
                [sys.executable, "-m", "evaluation.inputs.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                env=child_environment() | limits,
            )
        return self._process


def _stream(pipe: Any) -> Any:
    if pipe is None:
        raise OSError("the child has no pipe")
    return pipe


def _line(stream: Any, stop: float) -> bytes:
    """One line; TimeoutError after `stop`, OSError if the child is gone."""
    pieces: list[bytes] = []
    while True:
        left = max(0.0, stop - time.monotonic())
        if not select.select([stream.fileno()], [], [], left)[0]:
            raise TimeoutError
        # The child answers one line per request, so what is read here ends with that line.
        piece = os.read(stream.fileno(), _CHUNK)
        if not piece:
            raise OSError("the child ended")
        pieces.append(piece)
        if piece.endswith(b"\n"):
            return b"".join(pieces)
