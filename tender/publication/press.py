"""The press (制文): makes sealed PDFs in a process of its own, within limits.

The worker, or a subprocess of the tick, opens one `Press` and hands it order after order; the
child loads fonts and keys once (about two seconds) and then takes some 200 ms a document. A
child that exceeds its time or memory is killed and a new one started for the next order, so that
one hostile document costs one failure and nothing else. This module imports neither the layout
engine nor the signing library and is safe in every process.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from keys.encoding import timestamp
from tender.core.errors import DomainError, Kind

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / "node_modules" / "@expo-google-fonts" / "noto-serif-sc"
TEMPLATES = ROOT / "templates" / "pdf"
MEMORY_BYTES = 1536 * 1024 * 1024
START_SECONDS = 60
DOCUMENT_SECONDS = 60


@dataclass(frozen=True)
class PressSettings:
    """Where fonts, templates and the centre lie; without a centre, previews only."""

    centre: Path | None = None
    passphrase_file: Path | None = None
    fonts: Path = FONTS
    templates: Path = TEMPLATES
    seconds: int = DOCUMENT_SECONDS
    memory: int = MEMORY_BYTES


@dataclass(frozen=True)
class Made:
    """A finished document."""

    pdf: bytes
    sha256: str
    pages: int
    render_ms: int
    seal_ms: int


def failed(code: str, message: str, *, detail: str = "") -> DomainError:
    """A document that could not be made; the order stays in the outbox and may be tried again."""
    return DomainError(Kind.UNAVAILABLE, code, message, detail=detail)


class Press:
    """A running press; use it as a context manager so that its process ends with you."""

    def __init__(self, settings: PressSettings) -> None:
        self._settings = settings
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

    def make(self, order: dict[str, Any], *, now: datetime | None) -> Made:
        """Make the document of an order (`documents.job`), sealed at `now`, unsealed if None.

        Raises `DomainError` (503) if the document fails or exceeds its limits.
        """
        with tempfile.TemporaryDirectory(prefix="document-") as directory:
            out = Path(directory) / "document.pdf"
            line = order | {"out": str(out), "now": timestamp(now) if now else None}
            answer = self._ask(json.dumps(line))
            if not answer.get("ok"):
                code = str(answer.get("code", "document_failed"))
                detail = str(answer.get("message", ""))
                raise failed(
                    code, "The document could not be made: %(detail)s", detail=detail[:500]
                )
            return Made(
                pdf=out.read_bytes(),
                sha256=answer["sha256"],
                pages=answer["pages"],
                render_ms=answer["render_ms"],
                seal_ms=answer["seal_ms"],
            )

    def close(self) -> None:
        """End the child; it holds nothing that needs saving."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()

    def _ask(self, line: str) -> dict[str, Any]:
        process = self._running()
        stdin, stdout = _pipes(process)
        try:
            stdin.write(line.encode() + b"\n")
            stdin.flush()
            return _read(stdout, self._settings.seconds)
        except (TimeoutError, BrokenPipeError, EOFError, ValueError) as error:
            self.close()
            raise failed(
                "document_limits",
                "The document took too long or needed too much memory and was given up.",
            ) from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.close()
        process = subprocess.Popen(
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=child_environment(),
        )
        self._process = process
        try:
            _read(_pipes(process)[1], START_SECONDS)
        except (TimeoutError, EOFError, ValueError) as error:
            self.close()
            raise failed(
                "press_not_ready",
                "The press for signed documents does not start; fonts or the centre's keys are "
                "missing. Please run the set-up.",
            ) from error
        return process

    def _command(self) -> list[str]:
        settings = self._settings
        command = [sys.executable, "-m", "tender.publication.produce"]
        command += ["--memory", str(settings.memory)]
        command += ["--fonts", str(settings.fonts), "--templates", str(settings.templates)]
        if settings.centre is not None:
            command += ["--centre", str(settings.centre)]
            command += ["--passphrase", str(settings.passphrase_file)]
        return command


def child_environment() -> dict[str, str]:
    """What the child may see: no addresses or passwords of database, queue or mail."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "XDG_CACHE_HOME")
    chosen = {name: os.environ[name] for name in kept if name in os.environ}
    return chosen | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise ValueError("the press was started without pipes")
    return process.stdin, process.stdout


def _read(stream: IO[bytes], seconds: int) -> dict[str, Any]:
    """One line of JSON within the time; raises TimeoutError, EOFError, ValueError."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        if not selector.select(seconds):
            raise TimeoutError
    line = stream.readline()
    if not line:
        raise EOFError
    parsed: dict[str, Any] = json.loads(line)
    return parsed
