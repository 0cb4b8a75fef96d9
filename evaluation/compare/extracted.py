"""What is taken out of one file of a bid (提取结果), and the limits under which it is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    stamped: int = 400  # Pages and pictures of one file that are looked at for stamps.
    scanned: int = 60  # Of these, how many are read whole: a second or two each.
    looking_seconds: float = 1800.0  # Time for them all; only hostile pages need so much.


# Said of a file beside whose text stand pictures that hold more of it.
PICTURED_TEXT = "pictures in the file seem to show writing, which a machine reads with mistakes"


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
class Look:
    """What is to be looked at in a file: a page of a PDF, or else a picture; both count from 1.

    It is looked at for stamps, and where it is `whole` all that is written there is read.
    """

    number: int
    whole: bool = False


SOME_LOOKED_AT = "only the first pictures were looked at for writing and stamps"


def bounded(looks: Sequence[Look], limits: Limits) -> tuple[Look, ...]:
    """Return as many looks as the limits allow; one too many to be read is still looked at."""
    kept, whole = [], 0
    for look in looks[: limits.stamped]:
        whole += look.whole
        kept.append(Look(look.number, look.whole and whole <= limits.scanned))
    return tuple(kept)


DOUBT = "?"


@dataclass(frozen=True)
class Seal:
    """A seal in a file (印章): what was read on a stamp, or whom an electronic signature names.

    `page` is 0 where the file does not tell it. `clear` is the text with DOUBT for each letter that
    the machine may have taken for another; where it is "" all of them may be.
    """

    text: str
    page: int = 0
    electronic: bool = False
    clear: str = ""


@dataclass(frozen=True)
class Writing:
    """What a machine read on one page or picture (识别文字)."""

    page: int
    text: str


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
    begins. `blind_pages` are pages that show pictures but hold no text; `looks` says where stamps
    and writing in pictures may stand, `writing` what was read there and `missed` what was not.
    `remarks` name what else was left unread.
    """

    text: str = ""
    page_starts: tuple[int, ...] = ()
    properties: Properties = Properties()
    pictures: tuple[Picture, ...] = ()
    blind_pages: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    seals: tuple[Seal, ...] = ()
    looks: tuple[Look, ...] = ()
    looked_at: int = 0  # How many of the looks were made.
    writing: tuple[Writing, ...] = ()
    missed: tuple[str, ...] = ()

    def whole_text(self) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
        """Return the text with what was read in pictures behind it, and where its pages begin.

        The third value are the numbers of those pages. Text of the file's own keeps its places.
        """
        if not self.writing:
            return self.text, self.page_starts, ()
        starts, length, pieces = [], len(self.text), [self.text]
        for each in self.writing:
            starts.append(length + 1)
            pieces.append(each.text)
            length += 1 + len(each.text)
        own = self.page_starts or (0,)
        numbers = (*range(1, len(own) + 1), *(each.page for each in self.writing))
        return "\f".join(pieces), (*own, *starts), numbers

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
            tuple(Seal(**seal) for seal in data.get("seals", ())),
            tuple(Look(**look) for look in data.get("looks", ())),
            data.get("looked_at", 0),
            tuple(Writing(**writing) for writing in data.get("writing", ())),
            tuple(data.get("missed", ())),
        )
