"""The common ground (公共底稿): tender, standards, old bids, kept as an index on disk.

Whether shared text means anything depends on knowing what everybody may copy. The index keeps, for
each background file, its folded text (two octets a character), the fingerprints of its pictures
and its properties, so that a thousand standards are read once and not for every tender.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.compare.extracted import Extracted, Picture, Properties, Unreadable
from evaluation.compare.extraction import Extractor, said
from evaluation.compare.kgrams import KnownGrams, hash_kgrams
from evaluation.compare.normalise import Codes, fold
from evaluation.compare.standard_forms import AGREEMENT

INDEX_NAME = ".compare-index"
_VERSION = 3  # Raised when reading or folding changes, so that older entries are read anew.
_LIST = "index.json"


@dataclass(frozen=True)
class Ground:
    """What belongs to nobody: folded texts, pictures and properties of tender and background."""

    codes: tuple[Codes, ...] = ()
    pictures: tuple[Picture, ...] = ()
    properties: tuple[Properties, ...] = ()

    def known_grams(self) -> KnownGrams:
        """Return the set of k-grams of all texts and of standard forms."""
        return KnownGrams(hash_kgrams(codes) for codes in (*self.codes, fold(AGREEMENT)))

    def joined(self, other: Ground) -> Ground:
        """Return both grounds together."""
        return Ground(
            self.codes + other.codes,
            self.pictures + other.pictures,
            self.properties + other.properties,
        )


def ground_of(extracted: Extracted) -> Ground:
    """Return the ground that one extracted document makes."""
    text, _, _ = extracted.whole_text()
    return Ground((fold(text),), extracted.pictures, (extracted.properties,))


class BackgroundIndex:
    """The index in one folder: `index.json` and one array of folded characters a text.

    Several processes may read it at once; each file is replaced as a whole. An entry whose version
    or file is not the expected one is read anew.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: dict[str, dict[str, Any]] = self._load()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the indexed texts."""
        return tuple(self._entries)

    def add(self, name: str, extracted: Extracted, stamp: str = "") -> None:
        """Add or replace one text; `stamp` tells later whether the source has changed."""
        codes = fold(extracted.whole_text()[0])
        digest = hashlib.sha256(codes.tobytes()).hexdigest()
        self._folder.mkdir(parents=True, exist_ok=True)
        with _replacing(self._folder / f"{digest}.npy") as target:
            np.save(target, codes, allow_pickle=False)
        document = extracted.to_json() | {"text": "", "writing": (), "looks": (), "seals": ()}
        self._entries[name] = {"stamp": stamp, "codes": digest, "document": document}

    def remove(self, name: str) -> None:
        """Forget one text."""
        self._entries.pop(name, None)

    def save(self) -> None:
        """Write the list of entries."""
        self._folder.mkdir(parents=True, exist_ok=True)
        content = {"version": _VERSION, "entries": self._entries}
        with _replacing(self._folder / _LIST) as target:
            target.write_text(json.dumps(content), encoding="ascii")

    def holds(self, name: str, stamp: str) -> bool:
        """Return whether the text is indexed with this stamp and can be taken from the index."""
        entry = self._entries.get(name)
        try:
            if entry is None or entry["stamp"] != stamp:
                return False
            self._codes(entry)
            Extracted.from_json(entry["document"])
        except (OSError, ValueError, KeyError, TypeError):
            return False  # Somebody else has written there, or a disk was full.
        return True

    def ground(self, names: Collection[str] | None = None) -> Ground:
        """Return everything in the index, or what is indexed of some names."""
        codes: list[Codes] = []
        pictures: list[Picture] = []
        properties: list[Properties] = []
        for name, entry in self._entries.items():
            if names is not None and name not in names:
                continue
            codes.append(self._codes(entry))
            document = Extracted.from_json(entry["document"])
            pictures += document.pictures
            properties.append(document.properties)
        return Ground(tuple(codes), tuple(pictures), tuple(properties))

    def _codes(self, entry: dict[str, Any]) -> Codes:
        array = np.load(self._array(entry), mmap_mode="r", allow_pickle=False)
        if array.ndim != 1 or array.dtype != np.uint16:
            raise ValueError("no array of folded characters")
        codes: Codes = np.asarray(array)
        return codes

    def _array(self, entry: dict[str, Any]) -> Path:
        return self._folder / f"{entry['codes']}.npy"

    def _load(self) -> dict[str, dict[str, Any]]:
        try:
            content = json.loads((self._folder / _LIST).read_text(encoding="utf-8"))
            entries: dict[str, dict[str, Any]] = dict(content["entries"])
            return entries if content["version"] == _VERSION else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}


class _replacing:  # noqa: N801 - Reads as a verb where it is used.
    """Write a file beside its place and move it there whole."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __enter__(self) -> Path:
        handle, name = tempfile.mkstemp(dir=self._target.parent, suffix=self._target.suffix)
        os.close(handle)
        self._temporary = Path(name)
        return self._temporary

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._temporary.replace(self._target)
        else:
            self._temporary.unlink(missing_ok=True)


def index_folder(
    source: Path, extractor: Extractor, folder: Path | None = None
) -> tuple[Ground, list[tuple[str, str]]]:
    """Bring the index of a folder of background files up to date and return its ground.

    The index lies in `folder`, or in `.compare-index` inside the source; where it cannot be
    written, it lives in a temporary folder for this run. Also returned: (file, why) of files that
    could not be read.
    """
    place = folder or source / INDEX_NAME
    try:
        place.mkdir(parents=True, exist_ok=True)
        writable = os.access(place, os.W_OK)
    except OSError:
        writable = False
    if writable:
        return _update(source, extractor, BackgroundIndex(place))
    with tempfile.TemporaryDirectory() as passing:
        return _update(source, extractor, BackgroundIndex(Path(passing)))


def _update(
    source: Path, extractor: Extractor, index: BackgroundIndex
) -> tuple[Ground, list[tuple[str, str]]]:
    unread: list[tuple[str, str]] = []
    present = set()
    changed = False
    for path, name in background_files(source):
        status = path.stat()
        stamp = f"{status.st_size}-{status.st_mtime_ns}"
        present.add(name)
        if index.holds(name, stamp):
            continue
        changed = True
        try:
            index.add(name, extractor.read(path), stamp)
        except Unreadable as why:
            index.remove(name)
            unread.append((name, str(why)))
    for gone in set(index.names) - present:
        index.remove(gone)
        changed = True
    if changed:
        index.save()
    return index.ground(), unread


def background_files(source: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files below a folder, or the file itself, with their names; hidden ones are not.

    What is neither, a device or a pipe, is yielded too: reading it says why not.
    """
    if not source.is_dir():
        yield source, said(source.name)
        return
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            yield path, said(name)


def read_ground(source: Path, extractor: Extractor) -> tuple[Ground, list[tuple[str, str]]]:
    """Read the tender, a file or a folder, without an index."""
    ground, unread = Ground(), []
    for path, name in background_files(source):
        try:
            ground = ground.joined(ground_of(extractor.read(path)))
        except Unreadable as why:
            unread.append((name, str(why)))
    return ground, unread


def ground_of_texts(texts: Iterable[str]) -> Ground:
    """Return the ground that plain texts make."""
    return Ground(tuple(fold(text) for text in texts))
