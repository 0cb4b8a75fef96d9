"""Text and pictures of bid files, taken out by a process that may die (文件提取).

Bids come from strangers: PDFs that crash parsers, archives that unpack to the moon, XML nested
without end. They are opened in a process of their own under limits of time, memory and size, and
what cannot be read becomes a row with the reason.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from evaluation.compare.extracted import Extracted, Limits, Seal, Unreadable, Writing
from evaluation.compare.reader import read_text
from tender.core.children import ONE_THREAD, AnsweringChild, ChildGone, ChildLate, Closing

READER = (sys.executable, "-m", "evaluation.compare.reader")
NOT_ALL_READ = "what is written in its pictures was not all read: "
_PLAIN = {".txt", ".md", ".csv"}
_AT_ONCE = 10.0  # Seconds after which the reader answers with what it has read in pictures.


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

    def close(self) -> None:
        """End the process."""
        self._child.close()

    def read(self, path: Path) -> Extracted:
        """Read one file with what is written in its pictures; Unreadable if it cannot be."""
        extracted = self.read_own(path)
        while waiting(extracted):
            extracted = self.read_on(path, extracted)
        return extracted

    def read_on(self, path: Path, extracted: Extracted) -> Extracted:
        """Return what was read with some more of what is written in its pictures.

        What cannot be read is remarked, and not tried again.
        """
        request = self._request(path) | {
            "looks": [asdict(look) for look in extracted.looks[extracted.looked_at :]],
            "seconds": _AT_ONCE,
        }
        try:
            reply = self._child.ask(request, _AT_ONCE + self.limits.seconds)
            why = reply.get("unread", "")
        except ChildLate:
            why = "it takes longer than the limit"
        except ChildGone:
            why = "it brought the reading process down"
        if why:
            missed = (*extracted.missed, f"{NOT_ALL_READ}{why}")
            return replace(extracted, looked_at=len(extracted.looks), missed=missed)
        return with_written(extracted, reply["written"])

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
        try:
            reply = self._child.ask(self._request(path), self.limits.seconds)
        except ChildLate as error:
            raise Unreadable("reading the file takes longer than the limit") from error
        except ChildGone as error:
            raise Unreadable("the file brought the reading process down") from error
        if "unread" in reply:
            raise Unreadable(reply["unread"])
        return Extracted.from_json(reply["extracted"])

    def _request(self, path: Path) -> dict[str, Any]:
        return {"path": str(path.resolve()), "limits": asdict(self.limits)}


def waiting(extracted: Extracted) -> bool:
    """Return whether pictures of the file wait to be looked at for writing."""
    return extracted.looked_at < len(extracted.looks)


def with_written(extracted: Extracted, written: Mapping[str, Any]) -> Extracted:
    """Return what was read with what one more look at its pictures gave."""
    seals = tuple(Seal(**seal) for seal in written["seals"])
    writing = tuple(Writing(**each) for each in written["writing"])
    missed = [f"a picture on page {n} is damaged and was not read" for n in written["missed"]]
    return replace(
        extracted,
        seals=extracted.seals + seals,
        writing=extracted.writing + writing,
        looked_at=extracted.looked_at + max(1, written["done"]),
        missed=(*extracted.missed, *missed),
    )


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
