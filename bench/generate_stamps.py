"""Scanned pages with stamps on them (盖章扫描件), synthetic and seeded; the truth is what is given.

The stamps are built as real ones are: a red ring, a star, the name along the ring and often a
number below. The pages are tilted stamps over printed lines, faded, blurred and packed as JPEG.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

_FONTS = "/usr/share/fonts/opentype/noto/"
_SERIF, _SANS = _FONTS + "NotoSerifCJK-Bold.ttc", _FONTS + "NotoSansCJK-Regular.ttc"
_SIMPLIFIED = 2  # The face of the collection with the shapes of the mainland.
_RED = (210, 30, 40)
_PAPER, _PRINT = (252, 251, 248), (30, 30, 30)
_MILLIMETRES, _INCH = 42, 25.4  # Across a stamp.
_A4 = (8.27, 11.69)

_PLACES = "德清县 长兴县 安吉县 湖州市 杭州余杭 浙江 湖州南浔 嘉兴 绍兴市 宁波".split()
_WORDS = "宏远 永兴 大禹 绿城 莫干山 筏头 金鹏 华盛 恒通 天目 东苕溪 下渚湖 瑞丰 中立 兴业".split()
_KINDS = (
    "建设工程有限公司 市政园林建设有限公司 水利水电工程有限责任公司 建筑劳务有限公司 建材经营部 "
    "园林绿化工程有限公司 交通工程集团股份有限公司 股份经济合作社"
).split()


@dataclass(frozen=True)
class Scan:
    """How a page was scanned: dots an inch, JPEG quality, blur in points, ink left of 1."""

    dots: int = 150
    quality: int = 80
    blur: float = 0.5
    ink: float = 0.9


GOOD, POOR = Scan(), Scan(quality=50, blur=0.9, ink=0.6)


def firm(chance: random.Random) -> str:
    """Return a made-up name of a firm."""
    return chance.choice(_PLACES) + chance.choice(_WORDS) + chance.choice(_KINDS)


def stamp(name: str, size: int, *, below: str = "3305230012345", tilt: float = 0.0) -> Image.Image:
    """Return a round stamp on a clear ground, `size` points across."""
    side = 2 * size
    image = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    line = max(4, side // 45)
    draw.ellipse((line, line, side - line, side - line), outline=(*_RED, 255), width=line)
    middle = side / 2
    star = [
        (middle + radius * math.cos(turn), middle + radius * math.sin(turn))
        for point in range(10)
        for radius in (side * (0.053 if point % 2 else 0.14),)
        for turn in (math.pi * (point / 5 - 0.5),)
    ]
    draw.polygon(star, fill=(*_RED, 255))
    long = len(name) > 14
    letter = int(side * (0.105 if long else 0.13))
    span = min(270, (17 if long else 20) * len(name))
    outer = side / 2 - 2.2 * line
    _along(image, name, letter, outer - 0.55 * letter, -90 - span / 2, span, _SERIF)
    small = int(side * 0.05)
    _along(image, below, small, outer - 0.1 * small, 135, -90, _SANS)
    turned = image.rotate(tilt, resample=Image.Resampling.BICUBIC)
    return turned.resize((size, size), Image.Resampling.LANCZOS)


def scanned_page(
    lines: Sequence[str], names: Sequence[str], scan: Scan = GOOD, seed: int = 0
) -> bytes:
    """Return a JPEG of an A4 page with printed lines and a stamp of each name, tilted, anywhere."""
    chance = random.Random(seed)
    width, height = (int(side * scan.dots) for side in _A4)
    page = Image.new("RGB", (width, height), _PAPER)
    draw, letter = ImageDraw.Draw(page), int(scan.dots * 0.16)
    for number, line in enumerate(lines):
        place = (scan.dots * 0.8, scan.dots * 0.8 + number * letter * 1.6)
        draw.text(place, line, font=_font(_SANS, letter), fill=_PRINT)
    size = int(scan.dots * _MILLIMETRES / _INCH)
    margin = scan.dots // 2
    for name in names:
        mark = stamp(name, size, tilt=chance.uniform(-25, 25))
        place = (
            chance.randint(margin, width - size - margin),
            chance.randint(margin, height - size - margin),
        )
        white = Image.new("RGB", page.size, (255, 255, 255))
        layer = white.copy()
        layer.paste(mark, place, mark)
        page = ImageChops.multiply(page, Image.blend(white, layer, scan.ink))
    out = io.BytesIO()
    page.filter(ImageFilter.GaussianBlur(scan.blur)).save(out, "JPEG", quality=scan.quality)
    return out.getvalue()


def _along(
    image: Image.Image, text: str, letter: int, radius: float, start: float, span: float, face: str
) -> None:
    """Set letters along a circle, upright outwards where the span is positive, degrees."""
    middle = image.width / 2
    for number, character in enumerate(text):
        degrees = start + span * (number + 0.5) / len(text)
        turn = math.radians(degrees)
        glyph = Image.new("RGBA", (2 * letter, 2 * letter), (255, 255, 255, 0))
        ImageDraw.Draw(glyph).text(
            (letter, letter), character, font=_font(face, letter), fill=(*_RED, 255), anchor="mm"
        )
        upright = -degrees - 90 if span > 0 else 90 - degrees
        glyph = glyph.rotate(upright, resample=Image.Resampling.BICUBIC)
        place = (
            int(middle + radius * math.cos(turn) - letter),
            int(middle + radius * math.sin(turn) - letter),
        )
        image.alpha_composite(glyph, place)


@cache
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(face, size, index=_SIMPLIFIED)
