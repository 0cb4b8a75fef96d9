"""The press (制文): makes sealed PDFs in a process of its own, within limits.

The worker, or a subprocess of the tick, opens one `Press` and hands it order after order; the
child loads fonts and keys once (about two seconds) and then takes some 200 ms a document. A
child that exceeds its time or memory is killed and a new one started for the next order, so that
one hostile document costs one failure and nothing else. This module imports neither the layout
engine nor the signing library and is safe in every process.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from keys.encoding import timestamp
from tender.core.children import AnsweringChild, ChildGone, ChildLate, ChildNotReady, Closing
from tender.core.errors import DomainError, Kind

ROOT = Path(__file__).resolve().parents[3]
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


class Press(Closing):
    """A running press; use it as a context manager so that its process ends with you."""

    def __init__(self, settings: PressSettings) -> None:
        self._settings = settings
        self._child = AnsweringChild(_command(settings), greeting=START_SECONDS)

    def make(self, order: dict[str, Any], *, now: datetime | None) -> Made:
        """Make the document of an order (`documents.job`), sealed at `now`, unsealed if None.

        Raises `DomainError` (503) if the document fails or exceeds its limits.
        """
        with tempfile.TemporaryDirectory(prefix="document-") as directory:
            out = Path(directory) / "document.pdf"
            line = order | {"out": str(out), "now": timestamp(now) if now else None}
            answer = self._ask(line)
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
        self._child.close()

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._child.ask(order, self._settings.seconds)
        except (ChildLate, ChildGone) as error:
            raise failed(
                "document_limits",
                "The document took too long or needed too much memory and was given up.",
            ) from error
        except ChildNotReady as error:
            raise failed(
                "press_not_ready",
                "The press for signed documents does not start; fonts or the centre's keys are "
                "missing. Please run the set-up.",
            ) from error
        return answer


def _command(settings: PressSettings) -> list[str]:
    command = [sys.executable, "-m", "tender.publication.papers.produce"]
    command += ["--memory", str(settings.memory)]
    command += ["--fonts", str(settings.fonts), "--templates", str(settings.templates)]
    if settings.centre is not None:
        command += ["--centre", str(settings.centre)]
        command += ["--passphrase", str(settings.passphrase_file)]
    return command
