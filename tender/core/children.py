"""Children (限额子进程): processes of their own that answer one line of JSON with another.

What strangers send is opened, compared and typeset in such a process, so that a file that breaks a
library costs one answer and nothing else. The child sees no address or password of database, queue
or mail. It limits its own memory; its time is watched here. One that is late or ends is killed,
and the next request starts another.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "XDG_CACHE_HOME")
# Several children run beside each other, and each thread of these libraries claims memory.
ONE_THREAD = {
    "NUMPY_MADVISE_HUGEPAGE": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_CHUNK = 1 << 20


class ChildLate(Exception):
    """The child did not answer in its time."""


class ChildGone(Exception):
    """The child ended, or what it said was no answer."""


class ChildNotReady(Exception):
    """The child did not say that it is ready."""


def child_environment() -> dict[str, str]:
    """What a child may see of the environment."""
    chosen = {name: os.environ[name] for name in KEPT if name in os.environ}
    return chosen | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}


class Closing:
    """Something that a `with` ends by `close`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it; to be called twice without harm."""
        raise NotImplementedError


class AnsweringChild(Closing):
    """A process that answers requests; started by the first one; use it as a context.

    `variables` are added to its environment. `greeting` is how many seconds it may take to say one
    line of its own before the first request, None if it says none. `quiet` drops what it tells on
    standard error.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        variables: Mapping[str, str] | None = None,
        greeting: float | None = None,
        quiet: bool = False,
    ) -> None:
        self._command = list(command)
        self._variables = dict(variables or {})
        self._greeting = greeting
        self._quiet = quiet
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: Mapping[str, Any], seconds: float) -> Any:
        """The answer to a request; raises ChildLate, ChildGone or ChildNotReady."""
        process = self._running()
        try:
            stdin = _pipe(process.stdin)
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
            return _answer(process, seconds)
        except TimeoutError as error:
            self.close()
            raise ChildLate from error
        except (OSError, ValueError) as error:
            self.close()
            raise ChildGone from error

    def close(self) -> None:
        """End the child; it holds nothing that needs saving."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                _pipe(pipe).close()
            except BrokenPipeError:
                continue

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if self._quiet else None,
            cwd=ROOT,
            env=child_environment() | self._variables,
        )
        if self._greeting is not None:
            try:
                _answer(self._process, self._greeting)
            except (OSError, ValueError) as error:
                self.close()
                raise ChildNotReady from error
        return self._process


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise OSError("the child has no pipe")
    return stream


def _answer(process: subprocess.Popen[bytes], seconds: float) -> Any:
    """One line of JSON; TimeoutError when its time is over, OSError if the child is gone."""
    number = _pipe(process.stdout).fileno()
    stop = time.monotonic() + seconds
    pieces: list[bytes] = []
    while not pieces or not pieces[-1].endswith(b"\n"):
        ready, _, _ = select.select([number], [], [], max(0.0, stop - time.monotonic()))
        if not ready:
            raise TimeoutError
        # One line answers one request, so what is read here ends with that line.
        piece = os.read(number, _CHUNK)
        if not piece:
            raise OSError("the child ended")
        pieces.append(piece)
    return json.loads(b"".join(pieces).decode("utf-8", "surrogatepass"))
