"""Small copies of pictures (图片缩略图), made in the limited child from files of strangers.

What a person sees is never an octet of the file itself: the picture is decoded, found by the digest
of its pixels, scaled, and written anew as a JPEG without anything that the file says of it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from evaluation.compare.extracted import Limits, Unreadable
from evaluation.compare.read_office import Package, media
from evaluation.compare.read_picture import MIN_SIDE, describe
from evaluation.findings.inputs.pictures import LARGEST

SIDE = 720  # Pixels of the longer side: what two columns of a page, or of paper, can show.
_QUALITIES = (82, 65, 45, 30)
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, Unreadable, pypdfium2.PdfiumError)


def make_previews(request: Mapping[str, Any]) -> dict[str, str]:
    """The wanted pictures of a file as {digest of pixels: JPEG in base64}; what fails is left out.

    `wanted` holds a page for each digest; pages count where the file is a PDF.
    """
    limits = Limits()
    Image.MAX_IMAGE_PIXELS = limits.pixels
    wanted: dict[str, int] = dict(request["wanted"])
    made: dict[str, str] = {}
    data = Path(request["path"]).read_bytes()
    for image in _pictures(data, set(wanted.values()), limits):
        digest = describe(image, 1).pixels
        if digest in wanted and digest not in made:
            small = encoded(image)
            if small:
                made[digest] = base64.b64encode(small).decode()
        if len(made) == len(wanted):
            break
    return made


def encoded(image: Image.Image) -> bytes:
    """A picture as a small JPEG of nothing but its pixels; empty if it cannot be small enough."""
    shown = image.convert("RGB")
    shown.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    # A new picture has no profile, comment or date that would be written along.
    clean = Image.new("RGB", shown.size)
    clean.paste(shown)
    for quality in _QUALITIES:
        out = io.BytesIO()
        clean.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= LARGEST:
            return out.getvalue()
    return b""


def _pictures(data: bytes, pages: Collection[int], limits: Limits) -> Iterator[Image.Image]:
    if data[:1024].lstrip().startswith(b"%PDF"):
        yield from _of_pdf(data, pages, limits)
    elif data.startswith(b"PK"):
        package = Package(data, limits)
        for name in media(package):
            try:
                part = package.read(name)
            except Unreadable:
                continue
            yield from _decoded(part, limits)
    else:
        yield from _decoded(data, limits)


def _decoded(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height <= limits.pixels:
                image.load()
                yield image
    except (Image.DecompressionBombError, *_BROKEN):
        return


def _of_pdf(data: bytes, pages: Collection[int], limits: Limits) -> Iterator[Image.Image]:
    document = pypdfium2.PdfDocument(data)
    for number in sorted(pages):
        if not 1 <= number <= len(document):
            continue
        kinds = [pdfium.FPDF_PAGEOBJ_IMAGE]
        for found in document[number - 1].get_objects(filter=kinds, max_depth=4):
            try:
                width, height = found.get_px_size()
                if min(width, height) >= MIN_SIDE and width * height <= limits.pixels:
                    yield found.get_bitmap().to_pil()
            except _BROKEN:
                continue
