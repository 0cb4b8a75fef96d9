"""The round seal (圆形印章) drawn from data: a ring, a star, the name along the arc.

The picture proves nothing, the signature does; it is drawn as officials and villagers know it,
42 mm across as county institutions use, in vermilion. Each character is placed by itself along
the arc, so that the drawing needs no text-on-path of the renderer.
"""

from __future__ import annotations

import math
from html import escape

DIAMETER_MM = 42
VERMILION = "#b3261e"


def seal_svg(name: str, purpose: str) -> str:
    """The seal as SVG, 420 units across; `purpose` stands in a line under the star."""
    arc = _arc_text(name[:40])
    line = escape(purpose[:12])
    size = min(34.0, 190 / max(1, len(purpose[:12])))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-210 -210 420 420" '
        f'width="{DIAMETER_MM}mm" height="{DIAMETER_MM}mm" fill="{VERMILION}">'
        f'<circle r="200" fill="none" stroke="{VERMILION}" stroke-width="11"/>'
        f'<circle r="188" fill="none" stroke="{VERMILION}" stroke-width="2.5"/>'
        f'<path d="{_star(62)}"/>'
        f"{arc}"
        f'<text x="0" y="122" font-family="Song" font-weight="700" font-size="{size:.1f}" '
        f'text-anchor="middle">{line}</text></svg>'
    )


def seal_page(name: str, purpose: str) -> str:
    """A page that holds the seal and nothing else, on a clear ground."""
    return (
        f"<style>@page{{size:{DIAMETER_MM}mm {DIAMETER_MM}mm;margin:0}}"
        "html,body{margin:0}svg{display:block}</style>" + seal_svg(name, purpose)
    )


def _star(radius: float) -> str:
    points = []
    for step in range(10):
        reach = radius if step % 2 == 0 else radius * 0.382
        angle = math.radians(-90 + 36 * step)
        points.append(f"{reach * math.cos(angle):.2f} {reach * math.sin(angle):.2f}")
    return "M" + "L".join(points) + "Z"


def _arc_text(name: str) -> str:
    """The characters from lower left over the top to lower right, feet towards the centre."""
    count = max(1, len(name))
    span = min(250.0, 26.0 * max(1, count - 1))
    step = span / max(1, count - 1)
    # The characters grow narrower when the name is long, as on cut seals.
    height = 48.0
    width = min(1.0, math.radians(step) * 150 / height) if count > 1 else 1.0
    drawn = []
    for place, character in enumerate(name):
        angle = -span / 2 + step * place
        drawn.append(
            f'<g transform="rotate({angle:.3f}) translate(0 -134) scale({width:.3f} 1)">'
            f'<text font-family="Song" font-weight="700" font-size="{height}" '
            f'text-anchor="middle">{escape(character)}</text></g>'
        )
    return "".join(drawn)
