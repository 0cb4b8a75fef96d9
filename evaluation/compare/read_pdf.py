"""Text, pictures and properties of a PDF, read with PDFium.

The text of a file is the text of its pages as PDFium gives it, with one form feed between pages;
start and end of a finding count its code points.
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from evaluation.compare.extracted import (
    PICTURED_TEXT,
    SOME_LOOKED_AT,
    Extracted,
    Limits,
    Look,
    Picture,
    Properties,
    Seal,
    Unreadable,
    bounded,
)
from evaluation.compare.read_picture import MIN_SIDE, describe, may_hold_stamp
from evaluation.compare.signers import signers

_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([+-])(\d\d)'?(\d\d)?)?")
_XMP_ID = re.compile(rb"xmpMM:DocumentID(?:=\"|>)\s*([^\"<]{8,100})")
# A page with fewer characters and a picture is a picture of a page; running heads are allowed for
# where the picture covers half of it.
_HARDLY, _LITTLE = 10, 120
_SCANNED = 400  # A page with more characters may have the text of its picture beside it.
_MOST_NOTES = 200


def read_pdf(data: bytes, limits: Limits) -> Extracted:
    """Read a PDF; Unreadable if it is encrypted, damaged or beyond the limits."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable("the PDF is encrypted and asks for a password") from error
        raise Unreadable("the PDF is damaged and cannot be opened") from error
    try:
        return _read(document, data, limits)
    finally:
        document.close()


def _read(document: Any, data: bytes, limits: Limits) -> Extracted:
    count = len(document)
    if count > limits.pages:
        raise Unreadable(f"the PDF has {count} pages, more than the limit")
    reading = _Reading(document, limits, time.monotonic() + limits.picture_seconds)
    starts: list[int] = []
    length = 0
    for number in range(count):
        starts.append(length)
        length += len(reading.page(number)) + 1
        if length > limits.characters:
            raise Unreadable("the PDF holds more text than the limit")
    looks = bounded(reading.looks, limits)
    signed, every = signers(document)
    if looks != tuple(reading.looks) or not every:
        reading.remarks.add(SOME_LOOKED_AT)
    return Extracted(
        "\f".join(reading.texts),
        tuple(starts),
        _properties(document, data),
        tuple(reading.pictures),
        tuple(reading.blind),
        tuple(sorted(reading.remarks)),
        tuple(Seal(names, electronic=True) for names in signed),
        looks,
    )


@dataclass
class _Reading:
    """What was read of the pages so far; after the time `stop` pictures are left out."""

    document: Any
    limits: Limits
    stop: float
    texts: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    blind: list[int] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    remarks: set[str] = field(default_factory=set)
    _known: set[str] = field(default_factory=set)

    def page(self, number: int) -> str:
        """Read one page, and return its text."""
        text, shown = _read_page(self.document, number, self.remarks)
        self.texts.append(text)
        told = len(text.strip())
        limit = _LITTLE if shown and _covered(self.document, number, shown) else _HARDLY
        scanned = bool(shown) and told < limit
        if scanned:
            self.blind.append(number + 1)
        new = self._described(shown, number + 1)
        if not scanned and told < _SCANNED and any(picture.writing for picture in new):
            self.remarks.add(PICTURED_TEXT)
            scanned = True
        unseen = {p.pixels for p in new if may_hold_stamp(p)} - self._known
        self._known |= unseen
        outlined = told < _HARDLY and not shown and _shows_anything(self.document, number)
        if scanned or outlined or unseen or _annotated(self.document, number):
            self.looks.append(Look(number + 1, scanned or outlined))
        return text

    def _described(self, shown: list[Any], page: int) -> list[Picture]:
        described: list[Picture] = []
        for picture in shown:
            held = len(self.pictures) + len(described)
            if held >= self.limits.pictures or time.monotonic() > self.stop:
                self.remarks.add("only the first pictures were compared, the file holds too many")
                break
            one = _describe(picture, page, self.limits, self.remarks)
            if one:
                described.append(one)
        self.pictures += described
        return described


def _shows_anything(document: Any, number: int) -> bool:
    """Return whether something is drawn on a page: letters that were turned into outlines, say."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return False
    return bool(pdfium.FPDFPage_CountObjects(page.raw) > 0)


def _annotated(document: Any, number: int) -> bool:
    """Return whether something is stamped or signed on a page, which is no picture of it."""
    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return False
    count: int = pdfium.FPDFPage_GetAnnotCount(page.raw)
    for at in range(min(_MOST_NOTES, count)):
        note = pdfium.FPDFPage_GetAnnot(page.raw, at)
        kind = pdfium.FPDFAnnot_GetSubtype(note)
        pdfium.FPDFPage_CloseAnnot(note)
        if kind in (pdfium.FPDF_ANNOT_STAMP, pdfium.FPDF_ANNOT_WIDGET):
            return True
    return count > _MOST_NOTES  # A stamp may stand behind so many links.


def _covered(document: Any, number: int, shown: list[Any]) -> bool:
    """Return whether a picture covers half of a page or more."""
    width, height = document.get_page_size(number)
    for picture in shown:
        try:
            left, bottom, right, top = picture.get_bounds()
        except pypdfium2.PdfiumError:
            continue
        inside = (min(right, width) - max(left, 0)) * (min(top, height) - max(bottom, 0))
        if inside >= width * height / 2:
            return True
    return False


def _read_page(document: Any, number: int, remarks: set[str]) -> tuple[str, list[Any]]:
    try:
        page = document[number]
        text = page.get_textpage().get_text_range()
        kinds = [pdfium.FPDF_PAGEOBJ_IMAGE]
        return text, list(page.get_objects(filter=kinds, max_depth=4))
    except pypdfium2.PdfiumError:
        remarks.add(f"page {number + 1} is damaged and was not read")
        return "", []


def _describe(picture: Any, page: int, limits: Limits, remarks: set[str]) -> Picture | None:
    try:
        width, height = picture.get_px_size()
        if min(width, height) < MIN_SIDE:
            return None
        if width * height > limits.pixels:
            remarks.add(f"a picture on page {page} is larger than the limit and was not compared")
            return None
        return describe(picture.get_bitmap().to_pil(), page)
    except (pypdfium2.PdfiumError, ValueError, OSError):
        remarks.add(f"a picture on page {page} is damaged and was not compared")
        return None


def _properties(document: Any, data: bytes) -> Properties:
    said = document.get_metadata_dict(skip_empty=True)
    identifiers = []
    permanent = document.get_identifier(pdfium.FILEIDTYPE_PERMANENT)
    if permanent and len(permanent.strip(b"\0")) >= 8:
        identifiers.append("pdf:" + permanent.hex())
    identifiers += ["xmp:" + found.decode("latin-1") for found in set(_XMP_ID.findall(data))]
    return Properties(
        author=said.get("Author", ""),
        software=" / ".join(filter(None, (said.get("Creator"), said.get("Producer")))),
        created=_time(said.get("CreationDate", "")),
        identifiers=tuple(sorted(identifiers)),
        objects=_attachments(document),
    )


def _attachments(document: Any) -> tuple[str, ...]:
    digests = []
    for number in range(min(100, document.count_attachments())):
        held = document.get_attachment(number).get_data()
        digests.append(hashlib.sha256(bytes(held)).hexdigest())
    return tuple(digests)


def _time(said: str) -> str:
    """Return a PDF date as ISO 8601 in UTC, "" if it is not one."""
    match = _DATE.match(said)
    if not match:
        return ""
    numbers = [
        int(part or default) for part, default in zip(match.groups()[:6], "011000", strict=True)
    ]
    sign, hours, minutes = match.groups()[6:]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        year, month, day, hour, minute, second = numbers
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ""
