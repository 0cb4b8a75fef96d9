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

from evaluation.compare.extracted import Extracted, Limits, Unreadable
from evaluation.compare.extraction import NOT_ALL_READ, Extractor, given_up
from evaluation.findings.inputs.limited import Child, Unfinished
from tender.core.files import blob_path, write_durably
from tender.core.settings import Settings

VERSION = 2  # Raised when reading changes, so that files are read anew.
LIMITS = Limits(seconds=40.0, file_size=256 << 20, scanned=300)


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
    return content if content.get("v") == VERSION else None


def read_files(
    settings: Settings, child: Child, files: Sequence[HeldFile], *, writing: bool,
    until: float | None = None, attempt: str = "",
) -> int:  # fmt: skip
    """Read what was not read before, bills in the child; gives the number of steps done now.

    A step is a file, or with `writing` some of the pictures in a file. Raises Later once
    `time.monotonic()` has passed `until`; at least one step is done each time. With another
    `attempt` than before, files that were too much for the reader are tried again: it may have been
    the machine's fault.
    """
    done = 0
    with Extractor(LIMITS) as extractor:
        for file in {file.sha256: file for file in files}.values():
            content = _standing(settings, file.sha256, attempt)
            while content is None or (writing and _goes_on(content)):
                if done and until is not None and time.monotonic() > until:
                    raise Later
                if content is None:
                    content = _read(settings, extractor, child, file)
                else:
                    content = _read_on(settings, extractor, file, content)
                _keep(settings, file.sha256, content | {"attempt": attempt})
                done += 1
    return done


def _standing(settings: Settings, sha256: str, attempt: str) -> dict[str, Any] | None:
    """What is kept of a file, None where it has to be read from its beginning."""
    held = kept(settings, sha256)
    if held is None or not attempt or held.get("attempt") == attempt:
        return held
    missed = held.get("extracted", {}).get("missed", ())
    failed = held.get("unread") in LIMITED or any(each.startswith(NOT_ALL_READ) for each in missed)
    return None if failed else held


def _goes_on(content: dict[str, Any]) -> bool:
    """Whether pictures of a file that was read wait to be read for their writing."""
    extracted = content.get("extracted")
    return extracted is not None and extracted["looked_at"] < len(extracted["looks"])


def _read_on(
    settings: Settings, extractor: Extractor, file: HeldFile, content: dict[str, Any]
) -> dict[str, Any]:
    began, extracted = time.monotonic(), Extracted.from_json(content["extracted"])
    spent = content.get("spent", 0.0)
    if spent > LIMITS.looking_seconds:
        extracted = given_up(extracted)
    else:
        extracted = extractor.read_on(blob_path(settings.store, file.sha256), extracted)
    spent += time.monotonic() - began
    return content | {"extracted": extracted.to_json(), "spent": spent}


def _read(settings: Settings, extractor: Extractor, child: Child, file: HeldFile) -> dict[str, Any]:
    path = blob_path(settings.store, file.sha256)
    try:
        extracted = extractor.read_own(path)
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
    data = json.dumps({"v": VERSION, **content}, ensure_ascii=False)
    write_durably(kept_path(settings, sha256), data.encode("utf-8", "surrogatepass"))
