"""Reading the files of bids and tenders once (文件提取): what was read is kept by its hash.

The reading process has limits of time, memory and size (`evaluation.compare.extraction`); a file
that brings it down is kept as unread with the reason, and is not tried again. What is kept lies
under the data directory, for its owner only, because it is the text of bids.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.compare.extracted import Limits, Unreadable
from evaluation.compare.extraction import Extractor
from evaluation.findings.inputs.limited import Child, Unfinished
from tender.core.files import blob_path, write_durably
from tender.core.settings import Settings

_VERSION = 1  # Raised when reading changes, so that files are read anew.
LIMITS = Limits(seconds=40.0, memory=1536 << 20, file_size=256 << 20)


@dataclass(frozen=True)
class HeldFile:
    """A stored file: whose (an organisation's id, or "" for the tender's own), name, digest."""

    owner: str
    name: str
    sha256: str


LIMITED = (
    "reading the file takes longer than the limit",
    "reading the file takes more memory than the limit",
    "the file brought the reading process down",
    "the file cannot be opened",
)


class Later(Exception):
    """The time of this slice is used up; what was read is kept, and the next slice goes on."""


def folder(settings: Settings) -> Path:
    """Where the screens keep what they have read: readable by the platform's own user only."""
    place = settings.data / "screens"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def kept_path(settings: Settings, sha256: str) -> Path:
    """Where the reading of a file is kept."""
    return folder(settings) / "read" / sha256[:2] / f"{sha256}.json"


def kept(settings: Settings, sha256: str) -> dict[str, Any] | None:
    """What was read of a file: `extracted` or `unread`, and `bill`; None if it never was."""
    try:
        content = json.loads(kept_path(settings, sha256).read_text("utf-8", "surrogatepass"))
    except (OSError, ValueError):
        return None
    return content if content.get("v") == _VERSION else None


def read_files(
    settings: Settings, child: Child, files: Sequence[HeldFile], *, until: float | None = None,
    attempt: str = "",
) -> int:  # fmt: skip
    """Read what was not read before, bills in the child; gives the number of files read now.

    Raises Later once `time.monotonic()` has passed `until`; at least one file is read each time.
    With another `attempt` than before, files that were too much for the reader are tried again: it
    may have been the machine's fault.
    """
    waiting = {file.sha256: file for file in files if _waits(settings, file.sha256, attempt)}
    done = 0
    with Extractor(LIMITS) as extractor:
        for sha256, file in waiting.items():
            if done and until is not None and time.monotonic() > until:
                raise Later
            _keep(settings, sha256, _read(settings, extractor, child, file) | {"attempt": attempt})
            done += 1
    return done


def _waits(settings: Settings, sha256: str, attempt: str) -> bool:
    held = kept(settings, sha256)
    if held is None:
        return True
    again = held.get("unread") in LIMITED and held.get("attempt") != attempt
    return bool(attempt) and again


def _read(settings: Settings, extractor: Extractor, child: Child, file: HeldFile) -> dict[str, Any]:
    path = blob_path(settings.store, file.sha256)
    try:
        extracted = extractor.read(path)
    except Unreadable as why:
        return {"unread": str(why)}
    bill = None
    if _may_be_bill(path):
        try:
            bill = child.ask({"do": "bills", "path": str(path), "name": file.name})
        except Unfinished:
            bill = None
    return {"extracted": extracted.to_json(), "bill": bill}


def _may_be_bill(path: Path) -> bool:
    """Whether a file that was read is a workbook or XML; its directory is known to be sound."""
    with path.open("rb") as opened:
        start = opened.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")
    if start.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    return start.startswith(b"<")


def _keep(settings: Settings, sha256: str, content: dict[str, Any]) -> None:
    data = json.dumps({"v": _VERSION, **content}, ensure_ascii=False)
    write_durably(kept_path(settings, sha256), data.encode("utf-8", "surrogatepass"))
