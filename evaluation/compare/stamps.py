"""Stamps in pictures (印章): red rings are found, and the writing along the ring is read.

A company's stamp (公章, 专用章) is round or oval, red, with the registered name set along the ring
around a star (GA 241.9, 国发〔1999〕25号: 42 mm and more in diameter). The ring is unrolled into a
strip and read as one line. Grey copies, square stamps and seal script are not read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from evaluation.compare.writing import Grey, Line, read_line

LARGEST_SIDE = 2400  # Points; A4 at 200 a inch.
_RED, _FAINT, _FULL = 35, 12, 37  # Of 255: how much redder than green and blue ink is.
_STEP = 4  # Points of the coarse map on which ink is gathered into patches.
_LEAST = 90  # Points of the smaller side.
_ROUND, _OVAL = 1.12, 1.7  # How much longer than broad a round stamp may be, and an oval one.
_RINGED = 0.7  # Share of directions in which the outer ring must be met.
_RING = np.array([0.9, 0.93, 0.955, 0.975, 1.0, 1.02])
_TURN = np.linspace(0, 2 * np.pi, 180, endpoint=False)
_OUTER, _INNER, _HEIGHT = 0.935, 0.5, 64  # The band of writing, in radii; points of its strip.
_MOST = 24  # Stamps of one picture.


class Ring(NamedTuple):
    """An ellipse in points of a picture."""

    x: float
    y: float
    across: float
    down: float


def read_stamps(image: Image.Image) -> list[str]:
    """Return what is written on the red stamps in a picture; raises MemoryError."""
    return [line.text for line in stamp_lines(image)]


def stamp_lines(image: Image.Image) -> list[Line]:
    """Return the same with the letters that are in doubt."""
    shown = image.convert("RGB")
    shown = shown.reduce(max(1, math.ceil(max(shown.size) / LARGEST_SIDE)))
    ink = red_ink(shown)
    lines = (read_line(_strip(ink, ring)) for ring in find_rings(ink))
    return [line for line in lines if line.text]


def red_ink(image: Image.Image) -> Grey:
    """Return how dark red ink is at each point: its darkness, where it is redder than paper.

    Darkness keeps the detail that the colours of a JPEG lose.
    """
    points = np.asarray(image, np.int16)
    red, other = points[..., 0], np.maximum(points[..., 1], points[..., 2])
    around = ndimage.uniform_filter(np.clip(red - other, 0, 255), 3)
    weight = np.clip((around - _FAINT) / (_FULL - _FAINT), 0, 1)
    dark = 255 - (points[..., 1] + points[..., 2]) // 2
    ink: Grey = (dark * weight).astype(np.uint8)
    return ink


def find_rings(ink: Grey) -> list[Ring]:
    """Return the outer rings of stamps, the largest first."""
    inked = ink > _RED
    rings: list[Ring] = []
    for patch in _patches(inked):
        whole = _bounds(inked, patch)
        if whole is None:
            continue
        longer = max(whole.across, whole.down) / min(whole.across, whole.down)
        one = longer < _OVAL and _is_ring(inked, whole)
        if one and longer < _ROUND:
            rings.append(whole)
            continue
        several = _circles(ink, inked, whole)  # Stamps that touch, or a stamp on a line.
        rings += [whole] if one and len(several) < 2 else several
    outer: list[Ring] = []
    for ring in sorted(rings, key=lambda ring: -ring.across * ring.down):
        if not any(_inside(ring, other) for other in outer):
            outer.append(ring)
    return outer[:_MOST]


def _patches(inked: NDArray[np.bool_]) -> Iterator[tuple[slice, slice]]:
    height, width = (side // _STEP for side in inked.shape)
    if not height or not width:
        return
    cells = inked[: height * _STEP, : width * _STEP].reshape(height, _STEP, width, _STEP)
    gathered = ndimage.binary_dilation(cells.any(axis=(1, 3)), iterations=2)
    numbered, _ = ndimage.label(gathered, np.ones((3, 3)))
    for rows, columns in ndimage.find_objects(numbered):
        yield (
            slice(rows.start * _STEP, rows.stop * _STEP),
            slice(columns.start * _STEP, columns.stop * _STEP),
        )


def _bounds(inked: NDArray[np.bool_], patch: tuple[slice, slice]) -> Ring | None:
    """Return the ellipse that the ink of a patch fills, None if it is small."""
    part = inked[patch]
    rows = np.flatnonzero(part.sum(axis=1) > 1) + patch[0].start
    columns = np.flatnonzero(part.sum(axis=0) > 1) + patch[1].start
    if min(rows.size, columns.size) < _LEAST:
        return None
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    return Ring(
        (left + right) / 2, (top + bottom) / 2, (right - left + 1) / 2, (bottom - top + 1) / 2
    )


def _is_ring(inked: NDArray[np.bool_], ring: Ring) -> bool:
    return _met(inked, ring) >= _RINGED


def _met(inked: NDArray[np.bool_], ring: Ring) -> float:
    """Return the share of directions in which ink stands on the ring."""
    height, width = inked.shape
    across = np.rint(ring.x + ring.across * _RING[:, None] * np.cos(_TURN)).astype(int)
    down = np.rint(ring.y + ring.down * _RING[:, None] * np.sin(_TURN)).astype(int)
    met = inked[np.clip(down, 0, height - 1), np.clip(across, 0, width - 1)]
    return float(met.any(axis=0).mean())


def _circles(ink: Grey, inked: NDArray[np.bool_], patch: Ring) -> list[Ring]:
    """Return the circles inside a patch that is not one ring itself (Hough)."""
    left, top = int(patch.x - patch.across), int(patch.y - patch.down)
    right, bottom = int(patch.x + patch.across) + 1, int(patch.y + patch.down) + 1
    part = ink[max(0, top) : bottom, max(0, left) : right]
    scale = max(1.0, min(part.shape) / 150)
    size = (max(1, int(part.shape[1] / scale)), max(1, int(part.shape[0] / scale)))
    small = np.pad(cv2.resize(part, size, interpolation=cv2.INTER_AREA), 12)
    found: Any = cv2.HoughCircles(
        small, cv2.HOUGH_GRADIENT, 1.5, 40, param1=120, param2=40,
        minRadius=45, maxRadius=max(46, min(small.shape) // 2),
    )  # fmt: skip
    rings: list[Ring] = []
    for x, y, radius in [] if found is None else found[0][:_MOST].tolist():
        near = Ring(max(0, left) + (x - 12) * scale, max(0, top) + (y - 12) * scale,
                    radius * scale, radius * scale)  # fmt: skip
        best = max(_around(near), key=lambda ring: _met(inked, ring))
        if _is_ring(inked, best) and not any(_inside(best, other) for other in rings):
            rings.append(best)
    return rings


def _around(ring: Ring) -> Iterator[Ring]:
    for x in (-3, 0, 3):
        for y in (-3, 0, 3):
            for size in (0.97, 1.0, 1.03):
                yield Ring(ring.x + x, ring.y + y, ring.across * size, ring.down * size)


def _inside(ring: Ring, other: Ring) -> bool:
    """Return whether a ring is the other one again, or its inner ring, its star, its writing."""
    near_x = abs(ring.x - other.x) <= 0.35 * other.across
    return near_x and abs(ring.y - other.y) <= 0.35 * other.down


def _strip(ink: Grey, ring: Ring) -> Grey:
    """Return the band of writing unrolled, dark on light, cut where nothing is written."""
    radii = np.linspace(_OUTER, _INNER, _HEIGHT)
    width = int(np.pi * (_OUTER + _INNER) / (_OUTER - _INNER) * _HEIGHT)
    turn = np.linspace(0, 2 * np.pi, width, endpoint=False)
    across = ring.x + ring.across * radii[:, None] * np.cos(turn)
    down = ring.y + ring.down * radii[:, None] * np.sin(turn)
    band = ndimage.map_coordinates(ink.astype(np.float32), [down, across], order=1)
    inked = band[6:-10].sum(axis=0)
    calm = width // 6
    still = np.convolve(np.concatenate((inked, inked[:calm])), np.ones(calm), "valid")[:width]
    band = np.roll(band, -(int(still.argmin()) + calm // 2), axis=1)
    full = max(50.0, float(np.percentile(band, 97)))
    strip: Grey = 255 - np.clip(band / full * 255, 0, 255).astype(np.uint8)
    return np.pad(strip, 8, constant_values=255)
