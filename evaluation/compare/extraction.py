"""Text and pictures of bid files, taken out by a process that may die (文件提取).

Bids come from strangers: PDFs that crash parsers, archives that unpack to the moon, XML nested
without end. They are opened in a process of their own under limits of time, memory and size, and
what cannot be read becomes a row with the reason.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from evaluation.compare.extracted import Extracted, Limits, Look, Seal, Unreadable, Writing
from evaluation.compare.reader import TOO_MUCH, read_text
from tender.core.children import ONE_THREAD, AnsweringChild, ChildGone, ChildLate, Closing

READER = (sys.executable, "-m", "evaluation.compare.reader")
NOT_ALL_READ = "what is written in its pictures was not all read: "
_PLAIN = {".txt", ".md", ".csv"}
_AT_ONCE = 10.0  # Seconds after which `read_on` returns with what was read in pictures.
_MOST_FAILED = 3  # Pictures of one file that may each be too much before the rest are let be.
_LATE = "reading the file takes longer than the limit"
_DOWN = "the file brought the reading process down"


@dataclass(frozen=True)
class Unread:
    """A file, or a part of it, that was not read, and why (未能读取)."""

    bidder: str
    file: str
    why: str


@dataclass(frozen=True)
class BidFile:
    """One file of a bid: whose, under which name, and where it lies."""

    bidder: str
    name: str
    path: Path


class Extractor(Closing):
    """Reads files through one reading process; use it as a context."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._child = AnsweringChild(READER, variables=ONE_THREAD, quiet=True)
        self._used = False

    def close(self) -> None:
        """End the process."""
        self._child.close()

    def read(self, path: Path) -> Extracted:
        """Read one file with what is written in its pictures; Unreadable if it cannot be."""
        extracted = self.read_own(path)
        stop = time.monotonic() + self.limits.looking_seconds
        while waiting(extracted):
            if time.monotonic() > stop:
                return given_up(extracted)
            extracted = self.read_on(path, extracted)
        return extracted

    def read_on(self, path: Path, extracted: Extracted) -> Extracted:
        """Return what was read with some more of what is written in its pictures.

        What cannot be read is remarked, and not tried again.
        """
        stop = time.monotonic() + _AT_ONCE
        while waiting(extracted):
            look = extracted.looks[extracted.looked_at]
            reply = self._answer(path, look=asdict(look))
            if "unread" in reply:
                extracted = _failed(extracted, look, reply["unread"])
            else:
                extracted = _with_written(extracted, look, reply["written"])
            if time.monotonic() > stop:
                break
        return extracted

    def read_own(self, path: Path) -> Extracted:
        """Read one file without what is written in its pictures; Unreadable says why not."""
        try:
            if path.is_dir() and not path.is_symlink():
                raise Unreadable("the folder is empty or cannot be opened")
            if path.is_symlink() or not path.is_file():
                raise Unreadable("not a plain file")
            if path.stat().st_size > self.limits.file_size:
                raise Unreadable("the file is larger than the limit")
            with path.open("rb"):
                pass  # The reading process could not say that the file is closed to it.
            if path.suffix.lower() in _PLAIN:
                return self._read_plain(path)
        except OSError as error:
            raise Unreadable("the file cannot be opened") from error
        return self._ask(path)

    def _read_plain(self, path: Path) -> Extracted:
        """Decode plain text here: a decoder cannot be brought down, and it saves a copy."""
        data = path.read_bytes()
        if data.startswith((b"%PDF", b"PK\x03\x04")):
            return self._ask(path)
        return read_text(data, self.limits)

    def _ask(self, path: Path) -> Extracted:
        reply = self._answer(path)
        if "unread" in reply:
            raise Unreadable(reply["unread"])
        return Extracted.from_json(reply["extracted"])

    def _answer(self, path: Path, **more: Any) -> dict[str, Any]:
        """Return what the process says of a file, or {"unread": why} if it dies of it.

        What is too much for a process that has read other files is asked of a new one: a finding
        must not rest on which files were read before.
        """
        request = {"path": str(path.resolve()), "limits": asdict(self.limits), **more}
        while True:
            used, self._used = self._used, True
            try:
                reply: dict[str, Any] = self._child.ask(request, self.limits.seconds)
            except ChildLate:
                self._used = False
                return {"unread": _LATE}
            except ChildGone:
                reply = {"unread": _DOWN}
            if reply.get("unread") not in (_DOWN, TOO_MUCH):
                return reply
            self._child.close()
            self._used = False
            if not used:
                return reply


def waiting(extracted: Extracted) -> bool:
    """Return whether pictures of the file wait to be looked at for writing."""
    return extracted.looked_at < len(extracted.looks)


def given_up(extracted: Extracted) -> Extracted:
    """Return what was read of a file whose pictures take too long, and no more."""
    missed = (*extracted.missed, f"{NOT_ALL_READ}{_LATE}")
    return replace(extracted, looked_at=len(extracted.looks), missed=missed)


def _with_written(extracted: Extracted, look: Look, written: Mapping[str, Any]) -> Extracted:
    """Return what was read with what one more look gave."""
    damaged = (
        ()
        if written["drawn"]
        else (f"a picture on page {look.number} is damaged and was not read",)
    )
    return replace(
        extracted,
        seals=extracted.seals + tuple(Seal(**seal) for seal in written["seals"]),
        writing=extracted.writing + tuple(Writing(**each) for each in written["writing"]),
        looked_at=extracted.looked_at + 1,
        missed=(*extracted.missed, *damaged),
    )


def _failed(extracted: Extracted, look: Look, why: str) -> Extracted:
    """Return what was read where one more look was too much; the last of these ends them all."""
    missed = (*extracted.missed, f"{NOT_ALL_READ}page {look.number}: {why}")
    failed = sum(each.startswith(NOT_ALL_READ) for each in missed)
    looked_at = len(extracted.looks) if failed >= _MOST_FAILED else extracted.looked_at + 1
    return replace(extracted, looked_at=looked_at, missed=missed)


def list_bids(folder: Path, no_bids: Collection[Path] = ()) -> list[BidFile]:
    """Return the files of all bids: each file or folder is a bidder, named by its stem.

    Files of the same stem (bid.pdf beside bid.xlsx) belong to one bidder. A folder whose stem
    another entry has too keeps its whole name. `no_bids` that lie in the folder are left out.
    """
    others = set(map(os.path.realpath, no_bids))
    entries = sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and os.path.realpath(path) not in others
    )
    files: list[BidFile] = []
    for entry in entries:
        twins = [other for other in entries if other.stem == entry.stem]
        shared = len(twins) > 1 and any(other.is_dir() for other in twins)
        bidder = entry.name if shared else entry.stem
        found = _files(entry) if entry.is_dir() and not entry.is_symlink() else [entry]
        files += [
            BidFile(said(bidder), said(path.relative_to(folder)), path)
            for path in found
            if os.path.realpath(path) not in others
        ]
    return files


def _files(folder: Path) -> list[Path]:
    """Return everything below a folder that is no folder, and folders that give nothing.

    What is no file, a link, a device or a closed folder, is returned too: reading it says why not.
    """
    closed: list[str] = []
    paths: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=lambda e: closed.append(str(e.filename))):
        links = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths += [Path(place, name) for name in [*names, *links] if not name.startswith(".")]
    return sorted([*paths, *map(Path, closed)]) or [folder]


def said(name: object) -> str:
    """Return a name that can be written: one of no known encoding shows its octets (\\xff)."""
    return os.fsencode(str(name)).decode("utf-8", "backslashreplace")


def extract_all(
    files: Iterable[BidFile], limits: Limits | None = None
) -> Iterator[tuple[BidFile, Extracted | None, list[Unread]]]:
    """Yield each file with what it holds, or None, and the rows of what was not read."""
    with Extractor(limits) as extractor:
        for file in files:
            try:
                extracted = extractor.read(file.path)
            except Unreadable as why:
                yield file, None, [Unread(file.bidder, file.name, str(why))]
                continue
            whys = (*extracted.remarks, *extracted.missed)
            remarks = [Unread(file.bidder, file.name, why) for why in whys]
            if extracted.blind_pages:
                remarks.append(Unread(file.bidder, file.name, blind_words(extracted)))
            elif not extracted.text.strip():
                remarks.append(Unread(file.bidder, file.name, "no text was found in the file"))
            yield file, extracted, remarks


def blind_words(extracted: Extracted) -> str:
    """Return the remark on pages that are pictures."""
    pages = ", ".join(map(str, extracted.blind_pages[:50]))
    read = bool({each.page for each in extracted.writing} & set(extracted.blind_pages))
    how = "a machine read it, with mistakes" if read else "no writing could be read there"
    return f"no text layer: page {pages} shows a picture; {how}"
