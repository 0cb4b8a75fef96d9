"""Text, pictures and properties of docx and xlsx, read as zip and XML without any office program.

The text of a docx is its paragraphs, one a line: the body, then footnotes, endnotes, headers and
footers. The text of an xlsx is its rows, one a line, cells parted by tabs, sheet after sheet.
"""

from __future__ import annotations

import hashlib
import io
import re
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from evaluation.compare.extracted import (
    PICTURED_TEXT,
    SOME_LOOKED_AT,
    Extracted,
    Limits,
    Look,
    Picture,
    Properties,
    Unreadable,
    bounded,
)
from evaluation.compare.read_picture import MIN_SIDE, describe_bytes, may_hold_stamp

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DOC_IDS = (
    "{http://schemas.microsoft.com/office/word/2012/wordml}docId",
    "{http://schemas.microsoft.com/office/word/2010/wordml}docId",
)
_WORD_PARTS = re.compile(r"word/(document|footnotes|endnotes|comments|header|footer)\d*\.xml")
_WORD_BODY = re.compile(r"word/document\d*\.xml")
_ORDER = ("document", "footnotes", "endnotes", "comments", "header", "footer")
_SHEET = re.compile(r"xl/worksheets/(?:sheet([0-9]{1,6})|[^/]+)\.xml")
# What may hold text that is not read: parts in other formats, diagrams, embedded files.
_NOT_READ = re.compile(
    r"word/(?:[^/]*chunk[^/]*|diagrams/data\d*\.xml|embeddings/.+\.(?:docx|xlsx|pdf|bin))|"
    r"xl/(?:comments[^/]*|drawings/drawing\d*\.xml|embeddings/.+\.(?:docx|xlsx|pdf|bin))",
    re.IGNORECASE,
)
_LETTERED = re.compile(rb":t>|<t[ >]")
_MEDIA = re.compile(r"(word|xl|ppt)/media/[^/]+\.(png|jpe?g|bmp|gif|tiff?|webp)", re.IGNORECASE)
_OBJECT = re.compile(r"(word|xl)/embeddings/.+")
_STRICT = b"http://purl.oclc.org/ooxml/"
_USUAL = rb"http://schemas.openxmlformats.org/\1/2006/main"
_HEAD = 4096
_CHUNK = 1 << 20
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, KeyError,
)  # fmt: skip
_LONGEST_NUMBER = 12
_UNNUMBERED = 1_000_000


class Package:
    """A zip of parts, read under limits: what a part unpacks to is counted, never believed."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.unpacked
        self.remarks: set[str] = set()  # What else was left unread.
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise Unreadable("the file is a damaged archive") from error
        infos = self._zip.infolist()
        if len(infos) > limits.parts:
            raise Unreadable("the archive holds more parts than the limit")
        if any(info.flag_bits & 1 for info in infos):
            raise Unreadable("the file is encrypted")
        self.names = tuple(dict.fromkeys(info.filename for info in infos))

    def read(self, name: str) -> bytes:
        """Return one part unpacked; Unreadable beyond the limit or if it is damaged."""
        pieces = []
        try:
            with self._zip.open(name) as part:
                while piece := part.read(_CHUNK):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise Unreadable("the archive unpacks to more than the limit (zip bomb)")
                    pieces.append(piece)
        except NotImplementedError as error:
            raise Unreadable(f"the part {name} is packed in an unknown way") from error
        except _DAMAGE as error:
            raise Unreadable(f"the part {name} is damaged") from error
        return b"".join(pieces)

    def tree(self, name: str) -> Any:
        """Return a part as an XML element, or None if there is none.

        External entities, document types and deep nesting are refused.
        """
        if name not in self.names:
            return None
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
            remove_comments=True, remove_pis=True,
        )  # fmt: skip
        try:
            root = etree.fromstring(_transitional(self.read(name)), parser)
        except etree.XMLSyntaxError as error:
            raise Unreadable(f"the part {name} is no sound XML: {_first_words(error)}") from error
        if root.getroottree().docinfo.doctype:
            raise Unreadable(f"the part {name} declares a document type, which is not allowed")
        return root

    def side(self, name: str) -> Any:
        """Return a part beside the body as `tree` does; one that cannot be read is remarked.

        A broken footer would otherwise hide the whole bid.
        """
        try:
            return self.tree(name)
        except Unreadable as why:
            self.remarks.add(str(why))
            return None


def _transitional(data: bytes) -> bytes:
    """Return a part with the names of the strict standard (ISO 29500) as programs usually write."""
    if _STRICT not in data[:_HEAD]:
        return data
    return re.sub(_STRICT + rb"(\w+)/main", _USUAL, data)


def _first_words(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0][:120]


def read_office(data: bytes, limits: Limits) -> Extracted:
    """Read a docx or xlsx; Unreadable if it is another archive, damaged or beyond the limits."""
    package = Package(data, limits)
    if any(map(_WORD_BODY.fullmatch, package.names)):
        text = _word_text(package)
        starts: tuple[int, ...] = (0,)
    elif "xl/workbook.xml" in package.names:
        text, starts = _sheet_text(package)
    else:
        raise Unreadable("the archive is neither docx nor xlsx")
    if len(text) > limits.characters:
        raise Unreadable("the file holds more text than the limit")
    numbered = _pictures(package, limits)
    pictures = tuple(numbered.values())
    properties = _properties(package)
    _remark_not_read(package)
    blind = (1,) if pictures and len(text.strip()) < 10 * len(pictures) else ()
    looks = [
        Look(number, bool(blind) or picture.writing)
        for number, picture in numbered.items()
        if may_hold_stamp(picture)
    ]
    if bounded(looks, limits) != tuple(looks):
        package.remarks.add(SOME_LOOKED_AT)
    if not blind and any(picture.writing for picture in pictures):
        package.remarks.add(PICTURED_TEXT)
    remarks = tuple(sorted(package.remarks))
    return Extracted(
        text, starts, properties, pictures, blind, remarks, looks=bounded(looks, limits)
    )


def _remark_not_read(package: Package) -> None:
    """Say which parts may hold text that was not read."""
    for name in filter(_NOT_READ.fullmatch, package.names):
        try:
            if name.endswith(".xml") and not _LETTERED.search(package.read(name)):
                continue
        except Unreadable as why:
            package.remarks.add(str(why))
            continue
        package.remarks.add(f"the part {name} is of a kind that is not read")


def _word_text(package: Package) -> str:
    parts = [name for name in package.names if _WORD_PARTS.fullmatch(name)]
    parts.sort(key=lambda name: (_ORDER.index(re.sub(r"\d+", "", name[5:-4])), name))
    trees = (package.tree(n) if _WORD_BODY.fullmatch(n) else package.side(n) for n in parts)
    return "".join("".join(_paragraphs(tree)) for tree in trees if tree is not None)


def _paragraphs(root: Any) -> Iterator[str]:
    """Yield the text of a part in reading order, a line end after each paragraph."""
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag
        if event == "end":
            if tag == _W + "p":
                yield "\n"
            continue
        if tag == _W + "t" and not _inside_fallback(element):
            yield element.text or ""
        elif tag == _W + "tab":
            yield "\t"
        elif tag in (_W + "br", _W + "cr"):
            yield "\n"


def _inside_fallback(element: Any) -> bool:
    """Return whether a text is the second copy of a text box, kept for older programs."""
    return next(element.iterancestors(_FALLBACK), None) is not None


def _sheet_text(package: Package) -> tuple[str, tuple[int, ...]]:
    shared = package.tree("xl/sharedStrings.xml")
    strings = [] if shared is None else ["".join(i.itertext(_S + "t")) for i in shared]
    sheets = [(int(m[1] or _UNNUMBERED), n) for n in package.names if (m := _SHEET.fullmatch(n))]
    texts, starts, length = [], [], 0
    for _, name in sorted(sheets):
        sheet = package.side(name)
        text = "" if sheet is None else "".join(_rows(sheet, strings))
        starts.append(length)
        texts.append(text)
        length += len(text)
    return "".join(texts), tuple(starts)


def _rows(root: Any, strings: list[str]) -> Iterator[str]:
    for row in root.iter(_S + "row"):
        yield "\t".join(filter(None, (_cell(cell, strings) for cell in row))) + "\n"


def _cell(cell: Any, strings: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(cell.itertext(_S + "t"))
    value = cell.findtext(_S + "v") or ""
    if cell.get("t") != "s":
        return value
    number = int(value) if value.isdecimal() and len(value) < _LONGEST_NUMBER else -1
    return strings[number] if 0 <= number < len(strings) else ""


def media(package: Package) -> list[str]:
    """Return the names of the parts that are pictures."""
    return sorted(filter(_MEDIA.fullmatch, package.names))


def _pictures(package: Package, limits: Limits) -> dict[int, Picture]:
    """Return the pictures by their number among the parts that are pictures, from 1."""
    stop = time.monotonic() + limits.picture_seconds
    pictures: dict[int, Picture] = {}
    for number, name in enumerate(media(package), start=1):
        if len(pictures) >= limits.pictures or time.monotonic() > stop:
            package.remarks.add("only the first pictures were compared, the file holds too many")
            break
        try:
            picture = describe_bytes(package.read(name), 1, limits)
        except Unreadable as why:
            package.remarks.add(f"{name}: {why}")
            continue
        if min(picture.width, picture.height) >= MIN_SIDE:
            pictures[number] = picture
    return pictures


def _properties(package: Package) -> Properties:
    core, app = package.side("docProps/core.xml"), package.side("docProps/app.xml")
    settings = package.side("word/settings.xml")
    rsids: list[str] = []
    identifiers: list[str] = []
    if settings is not None:
        tags = {_W + "rsid", _W + "rsidRoot"}
        rsids = [e.get(_W + "val", "") for e in settings.iter() if e.tag in tags]
        found = [e for tag in _DOC_IDS for e in settings.iter(tag)]
        identifiers = [f"word:{value}" for e in found for value in e.attrib.values()]
    software = " ".join(filter(None, (_said(app, "Application"), _said(app, "AppVersion"))))
    objects = [n for n in package.names if _OBJECT.fullmatch(n) and not n.endswith("/")]
    return Properties(
        author=_said(core, "creator"),
        editor=_said(core, "lastModifiedBy"),
        software=software,
        template=_said(app, "Template"),
        company=_said(app, "Company"),
        created=_time(_said(core, "created")),
        identifiers=tuple(sorted(set(identifiers))),
        objects=tuple(_digests(package, objects)),
        rsids=tuple(sorted(set(filter(None, rsids)))),
    )


def _digests(package: Package, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        try:
            yield hashlib.sha256(package.read(name)).hexdigest()
        except Unreadable as why:
            package.remarks.add(str(why))


def _said(root: Any, name: str) -> str:
    """Return what a property says, whatever its namespace."""
    if root is None:
        return ""
    return next((str(e.text or "").strip() for e in root.iter("{*}" + name)), "")


def _time(said: str) -> str:
    try:
        return datetime.fromisoformat(said).astimezone(UTC).isoformat() if said else ""
    except (ValueError, OverflowError):
        return ""
