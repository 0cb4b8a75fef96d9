"""What is written in the pictures of a file (图中文字): stamps, and whole pages that were scanned.

A second reading, so that a file whose pictures are too much keeps the text that it has, and one
picture a request, so that a picture that is too much costs itself alone. PDF pages are drawn as a
person sees them: scanners part a page into strips and masks, and an electronic seal is an
annotation and no picture of the page.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pypdfium2
from PIL import Image, ImageOps

from evaluation.compare.extracted import Limits, Look, Seal, Unreadable, Writing
from evaluation.compare.read_office import Package, media
from evaluation.compare.read_picture import KINDS
from evaluation.compare.stamps import LARGEST_SIDE, stamp_lines
from evaluation.compare.writing import read_page

_INCH, _DOTS = 72.0, 200.0
_LEAST = 10  # Characters; less is a mark or the grain of a photograph.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, Unreadable, pypdfium2.PdfiumError)


@dataclass(frozen=True)
class Written:
    """What was read in one look; `drawn` is false where the picture is damaged or too large."""

    seals: tuple[Seal, ...] = ()
    writing: tuple[Writing, ...] = ()
    drawn: bool = True


class Drawing:
    """A file that is held open while its pages or pictures are drawn one by one."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._data, self._limits = data, limits
        self._document: pypdfium2.PdfDocument | None = None
        self._package: Package | None = None
        Image.MAX_IMAGE_PIXELS = limits.pixels
        if data[:1024].lstrip().startswith(b"%PDF"):
            self._document = pypdfium2.PdfDocument(data)
            self._document.init_forms()  # Signature fields are drawn with the form.
        elif data.startswith(b"PK"):
            self._package = Package(data, limits)

    def read(self, look: Look) -> Written:
        """Return what is written there; raises MemoryError, and what a hostile file may raise."""
        try:
            image = self._drawn(look)
        except (Image.DecompressionBombError, IndexError, *_BROKEN):
            return Written(drawn=False)
        page = 1 if self._package else look.number
        seals = tuple(Seal(line.text, page, clear=line.clear) for line in stamp_lines(image))
        text = read_page(image) if look.whole else ""
        return Written(seals, (Writing(page, text),) if len(text) >= _LEAST else ())

    def _drawn(self, look: Look) -> Image.Image:
        if self._document:
            return _page(self._document, look.number)
        if self._package:
            name = media(self._package)[look.number - 1]
            return _decoded(self._package.read(name), self._limits)
        return _decoded(self._data, self._limits, look.number)


def _page(document: pypdfium2.PdfDocument, number: int) -> Image.Image:
    page = document[number - 1]
    try:
        side = max(page.get_size()) / _INCH
        scale = min(_DOTS, LARGEST_SIDE / max(side, 1 / _INCH)) / _INCH
        image: Image.Image = page.render(scale=scale).to_pil()
        return image
    finally:
        page.close()


def _decoded(data: bytes, limits: Limits, frame: int = 1) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=KINDS) as image:
        image.seek(frame - 1)
        if image.width * image.height > limits.pixels:
            raise Unreadable("the picture is larger than the limit")
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith(("I", "F")):  # Sixteen bits and more: Pillow would cut them off.
            points = np.nan_to_num(np.asarray(upright, np.float32), posinf=0, neginf=0)
            lowest, highest = float(points.min()), float(points.max())
            points = (points - lowest) * (255 / max(highest - lowest, 1.0))
            return Image.fromarray(points.astype(np.uint8)).convert("RGB")
        if upright.has_transparency_data:
            paper = Image.new("RGBA", upright.size, "white")
            return Image.alpha_composite(paper, upright.convert("RGBA")).convert("RGB")
        return upright.convert("RGB")
