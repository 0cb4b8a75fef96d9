"""Plots of a value among its population (总体分布图), as plain numbers for an SVG.

Drawn once, on the server, with words at the lines and a table beside it: nothing rests on colour,
nothing on a script. The same drawing stands on the page and on paper.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.findings.inputs.exhibits import Plot
from evaluation.screens.finding import Finding
from tender.core.i18n import N_, gettext

LEFT, RIGHT, TOP, BOTTOM = 16, 384, 64, 200
_BINS = 24
RARITY = N_("How rare this is among honest bidders")
RARITY_UNIT = N_("chance, each step ten times rarer")
LIMIT = N_("limit")
HERE = N_("this finding")
EXPECTED = N_("Bars show what was counted; the lines across them what would be expected.")


@dataclass(frozen=True)
class Bar:
    """A class of values from `low` to `high` with its count."""

    x: float
    y: float
    width: float
    height: float
    low: str
    high: str
    count: int


@dataclass(frozen=True)
class Line:
    """An upright line with its words; `main` is this finding's own value."""

    x: float
    words: str
    value: str
    anchor: str
    main: bool


@dataclass(frozen=True)
class Tick:
    """A number under the axis."""

    x: float
    words: str


@dataclass(frozen=True)
class Mark:
    """A level line across a bar: the count that was expected there."""

    x: float
    y: float
    width: float


@dataclass(frozen=True)
class Drawing:
    """Everything of one plot, in the reader's language."""

    title: str
    description: str
    unit: str
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...] = ()


def drawing(finding: Finding, plot: Plot | None) -> Drawing | None:
    """The plot of a finding: its population, else its chance on a scale, else none."""
    if plot is not None and plot.expected:
        return _classes(plot)
    if plot is not None and plot.values:
        return _population(plot)
    if finding.p is not None and finding.p > 0:
        return _rarity(finding)
    return None


def _population(plot: Plot) -> Drawing:
    marks = [plot.value, *(value for value, _ in plot.lines)]
    low, high = min(0.0, *plot.values, *marks), max(*plot.values, *marks)
    high = high if high > low else low + 1
    span = (high - low) / _BINS

    def place(value: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (value - low) / (high - low), 1)

    counts = [0] * _BINS
    for value in plot.values:
        counts[min(_BINS - 1, int((value - low) / span))] += 1
    most = max(counts)
    bars = []
    for number, count in enumerate(counts):
        if count:
            # The root keeps a single pair visible beside a thousand.
            height = round((BOTTOM - TOP) * math.sqrt(count / most), 1)
            start, end = low + number * span, low + (number + 1) * span
            x, width = place(start), round((RIGHT - LEFT) / _BINS - 1.5, 1)
            bars.append(Bar(x, BOTTOM - height, width, height, _short(start), _short(end), count))
    lines = [_line(place(plot.value), HERE, _short(plot.value), True)]
    lines += [_line(place(value), words, _short(value), False) for value, words in plot.lines]
    ticks = tuple(Tick(place(low + (high - low) * k / 4), _short(low + (high - low) * k / 4))
                  for k in range(5))  # fmt: skip
    below = sum(value < plot.value for value in plot.values)
    words = gettext(
        N_("%(below)s of %(all)s values lie below this finding's, which is %(value)s."),
        below=below, all=len(plot.values), value=_short(plot.value),
    )  # fmt: skip
    unit = gettext(plot.unit)
    return Drawing(gettext(plot.title), words, unit, tuple(bars), tuple(lines), ticks)


def _classes(plot: Plot) -> Drawing:
    """Counts of the classes 1, 2, ... as bars, each crossed where its expected count lies."""
    slot = (RIGHT - LEFT) / len(plot.values)
    most = max(*plot.values, *plot.expected)

    def height(count: float) -> float:
        return round((BOTTOM - TOP) * count / most, 1)

    bars, marks, ticks = [], [], []
    for place, (count, expected) in enumerate(zip(plot.values, plot.expected, strict=True)):
        x, words = LEFT + slot * place, str(place + 1)
        tall = height(count)
        bars.append(Bar(round(x + 0.2 * slot, 1), BOTTOM - tall, round(0.6 * slot, 1), tall,
                        words, words, round(count)))  # fmt: skip
        marks.append(Mark(round(x + 0.08 * slot, 1), BOTTOM - height(expected),
                          round(0.84 * slot, 1)))  # fmt: skip
        ticks.append(Tick(round(x + 0.5 * slot, 1), words))
    return Drawing(
        gettext(plot.title), gettext(EXPECTED), gettext(plot.unit), tuple(bars), (), tuple(ticks),
        tuple(marks),
    )  # fmt: skip


def _rarity(finding: Finding) -> Drawing:
    """The chance on a scale from certain to one in a million million."""

    def place(p: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * min(12.0, -math.log10(max(p, 1e-12))) / 12, 1)

    p = finding.p or 1.0
    lines = [_line(place(p), HERE, _chance(p), True)]
    if finding.code.startswith("N") and finding.threshold:
        lines.append(_line(place(finding.threshold), LIMIT, _chance(finding.threshold), False))
    names = ("1", "1 : 1,000", "1 : 10⁶", "1 : 10⁹", "1 : 10¹²")
    ticks = tuple(Tick(place(10.0 ** (-3 * k)), words) for k, words in enumerate(names))
    words = gettext(N_("The chance of this among honest bidders is %(p)s."), p=_chance(p))
    return Drawing(gettext(RARITY), words, gettext(RARITY_UNIT), (), tuple(lines), ticks)


def _line(x: float, words: str, value: str, main: bool) -> Line:
    anchor = "end" if x > (LEFT + RIGHT) / 2 else "start"
    return Line(x, gettext(words), value, anchor, main)


def _short(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _chance(p: float) -> str:
    """A chance in words; beyond one in a million no model of honest bidders is to be believed."""
    if p > 1e-3:
        return "1" if p >= 1 else f"{p:.2g}"
    return f"1 : {1 / p:,.0f}" if p >= 1e-6 else "< 1 : 1,000,000"


def summary(drawn: Drawing) -> Sequence[tuple[str, str]]:
    """The lines of a plot as a table."""
    return [(line.words, line.value) for line in drawn.lines]
