"""What is taken out of one file of a bid (提取结果), and the limits under which it is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


class Unreadable(Exception):
    """A file that could not be read; the message says why, for the "unread" list."""


@dataclass(frozen=True)
class Limits:
    """Bounds for hostile files: a bomb ends as an unread row, never as a stopped server."""

    seconds: float = 60.0
    memory: int = 2 << 30  # Address space of the reading process, octets.
    file_size: int = 512 << 20
    unpacked: int = 400 << 20  # Octets that all parts of one docx or xlsx may unpack to.
    parts: int = 20_000
    characters: int = 20_000_000
    pages: int = 20_000
    pictures: int = 400
    pixels: int = 40_000_000  # Of one picture.
    picture_seconds: float = 15.0  # Time for the pictures of one file.


# Said of a file beside whose text stand pictures that hold more of it.
PICTURED_TEXT = (
    "pictures in the file seem to show writing; they were compared as pictures, not as text"
)


@dataclass(frozen=True)
class Picture:
    """One picture of a file: digest of its pixels, perceptual hash, size, and where it stands.

    `phash` is 256 bits as 64 hex digits; `detail` is the standard deviation of its brightness
    (0..255), near 0 for a blank page. `writing` tells that it looks like a page of text.
    """

    page: int
    width: int
    height: int
    pixels: str
    phash: str
    detail: float
    writing: bool = False


@dataclass(frozen=True)
class Properties:
    """What the file says of its making (文件属性); "" or empty where it says nothing.

    `created` is ISO 8601 in UTC. `identifiers` are creation identifiers, each with its kind before
    a colon. `objects` are SHA-256 digests of embedded files. `rsids` are Word's revision session
    identifiers.
    """

    author: str = ""
    editor: str = ""
    software: str = ""
    template: str = ""
    company: str = ""
    created: str = ""
    identifiers: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    rsids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Extracted:
    """The text, pictures and properties of one file.

    `page_starts` holds the code point at which each page (of a PDF) or sheet (of a workbook)
    begins. `blind_pages` are pages that show pictures but hold no text. `remarks` name what else
    was left unread.
    """

    text: str = ""
    page_starts: tuple[int, ...] = ()
    properties: Properties = Properties()
    pictures: tuple[Picture, ...] = ()
    blind_pages: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Extracted:
        """Read what `to_json` wrote."""
        properties: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data["properties"].items()
        }
        return cls(
            data["text"],
            tuple(data["page_starts"]),
            Properties(**properties),
            tuple(Picture(**picture) for picture in data["pictures"]),
            tuple(data["blind_pages"]),
            tuple(data["remarks"]),
        )
