"""What is written in the pictures of a file (图中文字): stamps, and whole pages that were scanned.

A second reading, so that a file whose pictures are too much keeps the text that it has. PDF pages
are drawn as a person sees them: scanners part a page into strips and masks, and an electronic seal
is an annotation and no picture of the page.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pypdfium2
from PIL import Image

from evaluation.compare.extracted import Limits, Look, Seal, Unreadable, Writing
from evaluation.compare.read_office import Package, media
from evaluation.compare.stamps import LARGEST_SIDE, read_stamps
from evaluation.compare.writing import read_page

_INCH, _DOTS = 72.0, 200.0
_LEAST = 10  # Characters; less is a mark or the grain of a photograph.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, Unreadable, pypdfium2.PdfiumError)


@dataclass(frozen=True)
class Written:
    """What was read in a part of the looks of a file; `done` counts the looks that were looked at.

    `missed` are the numbers of those that could not be drawn.
    """

    seals: tuple[Seal, ...] = ()
    writing: tuple[Writing, ...] = ()
    done: int = 0
    missed: tuple[int, ...] = ()


def read_writing(data: bytes, looks: Sequence[Look], limits: Limits, seconds: float) -> Written:
    """Look at as many as there is time for, one at least; raises MemoryError."""
    stop = time.monotonic() + seconds
    written = Written()
    paged = data[:1024].lstrip().startswith(b"%PDF")
    for look, image in _drawn(data, looks, limits):
        if image is None:
            written = replace(written, missed=(*written.missed, look.number))
        else:
            page = look.number if paged else 1
            seals = tuple(Seal(text, page) for text in read_stamps(image))
            text = read_page(image) if look.whole else ""
            writing = (Writing(page, text),) if len(text) >= _LEAST else ()
            written = replace(
                written, seals=written.seals + seals, writing=written.writing + writing
            )
        written = replace(written, done=written.done + 1)
        if time.monotonic() > stop:
            break
    return written


def _drawn(
    data: bytes, looks: Sequence[Look], limits: Limits
) -> Iterator[tuple[Look, Image.Image | None]]:
    Image.MAX_IMAGE_PIXELS = limits.pixels
    if data[:1024].lstrip().startswith(b"%PDF"):
        document = pypdfium2.PdfDocument(data)
        document.init_forms()  # Signature fields are drawn with the form.
        for look in looks:
            yield look, _page(document, look.number)
    elif data.startswith(b"PK"):
        package = Package(data, limits)
        names = media(package)
        for look in looks:
            try:
                part = package.read(names[look.number - 1])
            except (Unreadable, IndexError):
                yield look, None
                continue
            yield look, _decoded(part, limits)
    else:
        for look in looks:
            yield look, _decoded(data, limits)


def _page(document: pypdfium2.PdfDocument, number: int) -> Image.Image | None:
    try:
        page = document[number - 1]
        side = max(page.get_size()) / _INCH
        scale = min(_DOTS, LARGEST_SIDE / max(side, 1 / _INCH)) / _INCH
        image: Image.Image = page.render(scale=scale).to_pil()
        page.close()
    except _BROKEN:
        return None
    return image


def _decoded(data: bytes, limits: Limits) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > limits.pixels:
                return None
            return image.convert("RGB")
    except (Image.DecompressionBombError, *_BROKEN):
        return None
