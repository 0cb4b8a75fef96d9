"""The plain files that leave the platform: keys.json, verdict rows, the document index, reading.

Why: whoever does not trust the platform checks these files with `python -m keys verify`, and
perhaps in twenty years with a program of their own. docs/ledger.md lays the layout down. The
functions that write are what the platform's export uses, so that both sides agree on each byte.

JSON files here are the RFC 8785 bytes of their value, with one LF at the end or none.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keys import encoding, fields, notes
from keys.entries import LONGEST_LINE
from keys.errors import Malformed
from keys.pins import Pins
from keys.statements import ed25519_public

KEYS_VERSION = "keys/v1"
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}", re.ASCII)
_KEYS = ("v", "origin", "tender", "platform", "custodians", "roots")
_ROW = ("bid", "bidder", "sequence", "sha256", "size", "verdict", "files", "prices_fen")
_DOCUMENT = ("name", "kind", "tender", "sha256", "seq")


@dataclass(frozen=True, slots=True)
class Keys:
    """ledger/keys.json: who signs the ledger, who may be a custodian, who certifies documents.

    `custodians` maps identities (base64url) to names; `roots` are PEM certificates; `tender` is
    the id of the one tender that the directory holds, or None if it holds all of them.
    """

    origin: str
    platform_name: str
    platform: bytes
    custodians: dict[str, str]
    roots: tuple[str, ...]
    tender: str | None = None

    @property
    def note_key(self) -> notes.NoteKey:
        """Give the key that signs checkpoints."""
        return notes.platform_key(self.origin, self.platform)

    @property
    def pins(self) -> Pins:
        """Give the custodians in the form in which sealing programs pin them."""
        return Pins(self.platform_name, self.custodians)

    def to_bytes(self) -> bytes:
        """Write keys.json."""
        return encoding.canonical(
            {
                "v": KEYS_VERSION,
                "origin": self.origin,
                "tender": self.tender,
                "platform": {
                    "name": self.platform_name,
                    "ed25519": encoding.b64u(self.platform),
                    "note": str(self.note_key),
                },
                "custodians": [
                    {
                        "name": name,
                        "identity": identity,
                        "witness": str(notes.witness_key(encoding.unb64u(identity, 32))),
                    }
                    for identity, name in self.custodians.items()
                ],
                "roots": list(self.roots),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Keys":
        """Read keys.json, or raise `Malformed`."""
        top = fields.exact(parse_json(data), _KEYS, "keys.json")
        fields.version(top["v"], KEYS_VERSION)
        platform = fields.exact(top["platform"], ("name", "ed25519", "note"), "platform")
        public = encoding.unb64u(platform["ed25519"], 32)
        ed25519_public(public)
        custodians: dict[str, str] = {}
        for each in fields.listing(top["custodians"], "custodians"):
            one = fields.exact(each, ("name", "identity", "witness"), "a custodian")
            key = notes.witness_key(encoding.unb64u(one["identity"], 32))
            ed25519_public(key.public)
            if one["identity"] in custodians or one["witness"] != str(key):
                raise Malformed("keys", "A custodian is listed twice or with another witness key.")
            custodians[one["identity"]] = fields.text(one["name"], "a custodian's name")
        roots = tuple(fields.text(each, "a root") for each in fields.listing(top["roots"], "roots"))
        if top["tender"] is not None:
            fields.text(top["tender"], "tender")
        origin, name = fields.text(top["origin"], "origin"), fields.text(platform["name"], "name")
        keys = cls(origin, name, public, custodians, roots, top["tender"])
        if platform["note"] != str(keys.note_key):
            raise Malformed("keys", "The platform's note key is not the one of its name and key.")
        return keys


def parse_json(data: bytes) -> Any:
    """Read a plain JSON file: its value's RFC 8785 bytes, with one LF at the end or none."""
    return encoding.parse(data.removesuffix(b"\n"))


def json_lines(objects: Iterable[Any]) -> bytes:
    """Write a .jsonl file: one value a line in RFC 8785 form."""
    return b"".join(encoding.canonical(each) + b"\n" for each in objects)


def parse_lines(data: bytes) -> list[Any]:
    """Read a .jsonl file; the last line ends in LF too, and no line is empty."""
    if data and not data.endswith(b"\n"):
        raise Malformed("lines", "The last line does not end; the file may be cut.")
    return [encoding.parse(line) for line in data.split(b"\n")[:-1]]


def verdict_rows(value: object) -> dict[str, dict[str, Any]]:
    """Read verdicts.json's value: rows by bid, each with exactly its fields."""
    rows: dict[str, dict[str, Any]] = {}
    for each in fields.listing(value, "verdicts.json"):
        row = fields.exact(each, _ROW, "a verdict")
        bid = fields.text(row["bid"], "bid")
        if bid in rows:
            raise Malformed("verdicts", f"Bid {bid} has two verdicts.")
        rows[bid] = row
    return rows


def verdicts_digest(rows: Iterable[dict[str, Any]]) -> str:
    """Give what `opening.performed` states as verdicts_sha256, 64 hex digits.

    SHA-256 of the RFC 8785 bytes of the rows in the order of their bid ids, without `files`: a
    public export, which leaves the files out, must lead to the same digest.
    """
    kept = [{name: row[name] for name in _ROW if name != "files"} for row in rows]
    return encoding.sha256_hex(encoding.canonical(sorted(kept, key=lambda row: str(row["bid"]))))


def document_rows(value: object) -> dict[str, dict[str, Any]]:
    """Read documents/index.json's value: rows by name, each with exactly its fields."""
    rows: dict[str, dict[str, Any]] = {}
    for each in fields.listing(value, "index.json"):
        row = fields.exact(each, _DOCUMENT, "a document")
        name = fields.text(row["name"], "name")
        if name in rows or not FILE_NAME.fullmatch(name):
            raise Malformed("documents", f"The document name {name!r} is doubled or no file name.")
        rows[name] = row
    return rows


class Folder:
    """A directory of plain files, read without ever following a link out of it.

    `files` are all regular files by relative path with their sizes, `odd` what is neither file
    nor directory. What was asked for is remembered; `unused()` tells what nobody asked for.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: dict[str, int] = {}
        self.folders: set[str] = set()
        self.odd: list[str] = []
        self._used: set[str] = set()
        self._walk("")

    def _walk(self, prefix: str) -> None:
        with os.scandir(self.root / prefix) as found:
            for item in sorted(found, key=lambda each: each.name):
                path = prefix + item.name
                mode = item.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode) and path.count("/") < 4:
                    self.folders.add(path)
                    self._walk(path + "/")
                elif stat.S_ISREG(mode):
                    self.files[path] = item.stat(follow_symlinks=False).st_size
                else:
                    self.odd.append(path)

    def path(self, name: str) -> Path:
        """Give the path of a regular file that was listed, and remember that it is used."""
        if name not in self.files:
            raise Malformed("missing", f"{name} is missing")
        self._used.add(name)
        return self.root / name

    def read(self, name: str, limit: int) -> bytes:
        """Read a whole file of at most `limit` bytes."""
        path = self.path(name)
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise Malformed("too_large", f"{name} is larger than {limit} bytes")
        return data

    def lines(self, name: str) -> Iterator[bytes]:
        """Give the lines of a ledger file without LF, one at a time."""
        with self.path(name).open("rb") as file:
            while line := file.readline(LONGEST_LINE + 2):
                if not line.endswith(b"\n"):
                    raise Malformed("lines", f"{name} has a line that is too long or cut")
                yield line[:-1]

    def under(self, folder: str) -> set[str]:
        """Give the names of the files directly in a folder."""
        start = folder + "/"
        return {
            path.removeprefix(start)
            for path in self.files
            if path.startswith(start) and "/" not in path.removeprefix(start)
        }

    def unused(self) -> list[str]:
        """Give the files that nobody asked for."""
        return sorted(set(self.files) - self._used)
