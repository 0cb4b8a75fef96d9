"""Pictures beside each other (图片对照): small copies kept under `screens/pictures`, by hash.

The name of a copy is the SHA-256 of the file and the digest of the picture's pixels, so that it
goes with what was read of the file, and so that a bidder's copy is that bidder's own. A copy that
could not be made leaves a mark of the attempt, and words stand in its place.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from evaluation.findings.inputs.exhibits import Cell, Exhibit, Seen
from evaluation.findings.inputs.limited import Child, Unfinished
from evaluation.findings.inputs.reading import Later, folder
from tender.core.files import blob_path, write_durably
from tender.core.settings import Settings

LARGEST = 160_000  # Octets of one copy.
SECONDS = 20.0  # For the pictures of one file.
_JPEG = b"\xff\xd8\xff"
Places = Mapping[tuple[str, str], str]  # SHA-256 of the file by bidder and name


def picture_name(sha256: str, pixels: str) -> str:
    """The name of a copy: of which file, and which picture in it; short enough for an address."""
    return f"{sha256}-{pixels[:24]}"


def picture_path(settings: Settings, name: str) -> Path:
    """Where a copy is kept; the name must be one that a finding names."""
    return folder(settings) / "pictures" / name[:2] / f"{name}.jpg"


def pictures_of_file(settings: Settings, sha256: str) -> Iterator[Path]:
    """Every copy made from a file."""
    return (folder(settings) / "pictures" / sha256[:2]).glob(f"{sha256}-*.jpg")


def held_picture(settings: Settings, name: str) -> bytes:
    """A copy, empty if there is none."""
    try:
        data = picture_path(settings, name).read_bytes()
    except OSError:
        return b""
    return data if data.startswith(_JPEG) else b""


def names_in(exhibits: Sequence[Exhibit]) -> dict[str, str]:
    """The copies that exhibits show, each with the bidder whose file it is of."""
    return {
        cell.picture: bidder
        for exhibit in exhibits
        if exhibit.named
        for row in exhibit.rows
        for bidder, cell in zip(exhibit.columns, row.cells, strict=True)
        if cell.picture
    }


def with_pictures(
    settings: Settings,
    child: Child,
    every: Sequence[Seen],
    files: Places,
    *,
    until: float | None,
    attempt: str,
) -> list[Seen]:
    """Findings whose cells name a picture by its pixels, with copies made and named.

    Each file is opened once, in the child. Raises Later once `time.monotonic()` has passed `until`;
    at least one file is done each time.
    """
    wanted: dict[str, dict[str, int]] = {}
    for bidder, cell in _cells(every):
        sha256 = files.get((bidder, cell.file or ""))
        if sha256 and _waits(settings, picture_name(sha256, cell.picture), attempt):
            wanted.setdefault(sha256, {})[cell.picture] = cell.page or 1
    for done, (sha256, pixels) in enumerate(wanted.items()):
        if done and until is not None and time.monotonic() > until:
            raise Later
        _make(settings, child, sha256, pixels, attempt)
    return [_named(seen, settings, files) for seen in every]


def _cells(every: Sequence[Seen]) -> Iterator[tuple[str, Cell]]:
    for seen in every:
        for exhibit in seen.exhibits:
            for row in exhibit.rows:
                yield from (
                    (bidder, cell)
                    for bidder, cell in zip(exhibit.columns, row.cells, strict=True)
                    if cell.picture
                )


def _waits(settings: Settings, name: str, attempt: str) -> bool:
    try:
        data = picture_path(settings, name).read_bytes()
    except OSError:
        return True
    return not data.startswith(_JPEG) and data != attempt.encode()


def _make(
    settings: Settings, child: Child, sha256: str, pixels: Mapping[str, int], attempt: str
) -> None:
    path = str(blob_path(settings.store, sha256))
    try:
        answer = child.ask({"do": "previews", "path": path, "wanted": dict(pixels)}, SECONDS)
    except Unfinished:
        answer = {}
    for each in pixels:
        data = base64.b64decode(answer.get(each, ""))
        whole = data.startswith(_JPEG) and len(data) <= LARGEST
        place = picture_path(settings, picture_name(sha256, each))
        write_durably(place, data if whole else attempt.encode())


def _named(seen: Seen, settings: Settings, files: Places) -> Seen:
    def cell_of(bidder: str, cell: Cell) -> Cell:
        sha256 = files.get((bidder, cell.file or ""), "")
        name = picture_name(sha256, cell.picture)
        return replace(cell, picture=name if sha256 and held_picture(settings, name) else "")

    exhibits = []
    for exhibit in seen.exhibits:
        rows = tuple(
            replace(row, cells=tuple(map(cell_of, exhibit.columns, row.cells)))
            for row in exhibit.rows
        )
        exhibits.append(replace(exhibit, rows=rows))
    return replace(seen, exhibits=tuple(exhibits))
