"""Digest and perceptual hash of pictures (图片指纹)."""

from __future__ import annotations

import hashlib
import io
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluation.compare.extracted import Extracted, Limits, Look, Picture, Unreadable, bounded

_SIDE = 64
_KEPT = 16
_WRITING_SIDE, _WRITING_WIDTH = 200, 1600  # Points.
_CONTRAST, _LIGHT = 60, 0.6  # Of 255; share of points near the lightest.
_STROKES, _WRITTEN_ROWS = 12, 0.08
_STAMP_SIDE = 90
KINDS = (
    "PNG",
    "JPEG",
    "GIF",
    "BMP",
    "TIFF",
    "WEBP",
)  # Not all that Pillow knows: EPS starts a program.
MIN_SIDE = 48  # Smaller pictures are bullets, rules and stamps of the layout.


def read_picture_file(data: bytes, limits: Limits) -> Extracted:
    """Read a picture that is a file of its own; what is written there is left to the looks.

    A fax or a scan may hold many pages: the first is compared as a picture, all are looked at.
    """
    picture = describe_bytes(data, 1, limits)
    with Image.open(io.BytesIO(data), formats=KINDS) as image:
        frames = getattr(image, "n_frames", 1)
    remarks = ("only the first pictures were compared, the file holds too many",) * (frames > 1)
    looks = bounded([Look(n, whole=True) for n in range(1, frames + 1)], limits)
    return Extracted(pictures=(picture,), blind_pages=(1,), remarks=remarks, looks=looks)


def may_hold_stamp(picture: Picture) -> bool:
    """Return whether a picture is large enough to show a stamp that can be read."""
    return min(picture.width, picture.height) >= _STAMP_SIDE


def describe_bytes(data: bytes, page: int, limits: Limits) -> Picture:
    """Decode an encoded picture and describe it; Unreadable if it is broken or too large."""
    Image.MAX_IMAGE_PIXELS = limits.pixels
    try:
        with Image.open(io.BytesIO(data), formats=KINDS) as image:
            if image.width * image.height > limits.pixels:
                raise Unreadable("the picture is larger than the limit")
            return describe(image, page)
    except Image.DecompressionBombError as error:
        raise Unreadable("the picture is larger than the limit") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise Unreadable("the picture is damaged or of an unknown kind") from error


def describe(image: Image.Image, page: int) -> Picture:
    """Describe a decoded picture; equal pixels give an equal digest, whatever the file format."""
    shown = image.convert("RGB")
    digest = hashlib.sha256(f"{shown.width}x{shown.height}".encode() + shown.tobytes())
    plain = shown.convert("L")
    small = plain.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    grey: NDArray[np.float64] = np.asarray(small, np.float64)
    return Picture(
        page,
        shown.width,
        shown.height,
        digest.hexdigest(),
        _phash(grey),
        float(grey.std()),
        _shows_writing(plain),
    )


def _shows_writing(image: Image.Image) -> bool:
    """Return whether a picture looks like a page of text: strokes on light ground, in many rows.

    A photograph has too few light points, a stamp or a bar chart too few strokes in a row. A
    drawing with much lettering passes too, and rightly: its words are unread as well.
    """
    if min(image.size) < _WRITING_SIDE:
        return False
    reduced = image.reduce(max(1, max(image.size) // _WRITING_WIDTH))
    grey = np.asarray(reduced)
    light, dark = np.quantile(grey, (0.9, 0.005))
    if light - dark < _CONTRAST or (grey > light - 40).mean() < _LIGHT:
        return False
    ink = grey < (light + dark) / 2
    strokes = np.count_nonzero(ink[:, 1:] & ~ink[:, :-1], axis=1)
    return bool((strokes >= _STROKES).mean() >= _WRITTEN_ROWS)


def _phash(grey: NDArray[np.float64]) -> str:
    """Return the signs of the low cosine frequencies against their median, 256 bits as hex."""
    basis = _cosines()
    low = (basis @ grey @ basis.T)[:_KEPT, :_KEPT].ravel()
    bits = low > np.median(low[1:])
    return np.packbits(bits).tobytes().hex()


@cache
def _cosines() -> NDArray[np.float64]:
    place = np.arange(_SIDE)
    return np.cos(np.pi * (2 * place[None, :] + 1) * place[:, None] / (2 * _SIDE))
