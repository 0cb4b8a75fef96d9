"""Scanned pages of the demo's bidders (盖章扫描件): printed lines with firms' round stamps on them.

Nothing is drawn by chance: the same words always give the same page. The letters are those of the
font with which the platform sets its own papers.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFont

from tender.publication.papers.press import FONTS

_PRINT, _STAMP = "400Regular/NotoSerifSC_400Regular.ttf", "700Bold/NotoSerifSC_700Bold.ttf"
_DOTS = 130  # Points an inch.
_PAPER, _INK, _RED = (252, 251, 248), (40, 40, 44), (205, 40, 48)
_STAMP_SIDE = round(_DOTS * 42 / 25.4)  # A firm's stamp is 42 mm across.
_TILTS = (8.0, -6.0)


def scanned_page(title: str, lines: Sequence[str], stamps: Sequence[str]) -> bytes:
    """A JPEG of an A4 page: a title, printed lines, and below them the stamp of each name."""
    page = Image.new("RGB", (round(_DOTS * 8.27), round(_DOTS * 11.69)), _PAPER)
    draw, letter = ImageDraw.Draw(page), round(_DOTS * 0.17)
    middle = page.width // 2
    draw.text((middle, _DOTS), title, font=_font(_PRINT, 2 * letter), fill=_INK, anchor="ma")
    place = 2 * _DOTS
    for line in lines:
        draw.text((_DOTS, place), line, font=_font(_PRINT, letter), fill=_INK)
        place += 2 * letter
    for number, name in enumerate(stamps):
        mark = _stamp(name).rotate(_TILTS[number % 2], resample=Image.Resampling.BICUBIC)
        layer = Image.new("RGB", page.size, "white")
        left = page.width - (len(stamps) - number) * round(1.3 * _STAMP_SIDE) - _DOTS // 3
        layer.paste(mark, (left, place - _STAMP_SIDE // 2), mark)
        page = ImageChops.multiply(page, layer)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=75)
    return out.getvalue()


def _stamp(name: str) -> Image.Image:
    """A round stamp on a clear ground: ring, star, and the name along the ring."""
    side = 3 * _STAMP_SIDE
    image = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    line, middle = side // 45, side / 2
    draw.ellipse((line, line, side - line, side - line), outline=_RED, width=line)
    points = [
        (middle + far * math.cos(turn), middle + far * math.sin(turn))
        for point in range(10)
        for far in (side * (0.053 if point % 2 else 0.14),)
        for turn in (math.pi * (point / 5 - 0.5),)
    ]
    draw.polygon(points, fill=_RED)
    letter = round(side * 0.12)
    step = min(20.0, 280 / len(name))
    for number, character in enumerate(name):
        degrees = step * (number + 0.5 - len(name) / 2)
        _set(image, character, letter, degrees, middle - 2.2 * line - 0.55 * letter)
    return image.resize((_STAMP_SIDE, _STAMP_SIDE), Image.Resampling.LANCZOS)


def _set(stamp: Image.Image, character: str, letter: int, degrees: float, far: float) -> None:
    """Set a letter upright outwards, so many degrees clockwise from the top of the ring."""
    glyph = Image.new("RGBA", (2 * letter, 2 * letter), (255, 255, 255, 0))
    middle = (letter, letter)
    ImageDraw.Draw(glyph).text(
        middle, character, font=_font(_STAMP, letter), fill=_RED, anchor="mm"
    )
    turn = math.radians(degrees)
    across = stamp.width / 2 + far * math.sin(turn) - letter
    down = stamp.height / 2 - far * math.cos(turn) - letter
    turned = glyph.rotate(-degrees, resample=Image.Resampling.BICUBIC)
    stamp.alpha_composite(turned, (round(across), round(down)))


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / face), size)
