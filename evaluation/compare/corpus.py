"""All texts of one tender laid end to end, so that arrays instead of loops compare them.

Every folded character has one number in the whole corpus (its place). A unit is one file of one
bidder; chains never cross from one unit into the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.kgrams import K, KnownGrams, hash_kgrams
from evaluation.compare.normalise import Codes, Positions, fold, positions

Places = NDArray[np.int64]
_WINDOW = 16
_SHIFT = np.uint64(32)
# Marks that are folded away but belong to the passage that they open or close.
_OPENING, _CLOSING = "（(【[《“‘「", "。，、；：！？.,;:!?）)】]》”’」\u200b\u2060\ufeff"


@dataclass(frozen=True)
class Text:
    """The text of one file as it was extracted, before normalisation.

    `page_starts` holds the code point at which each page begins; empty means one page. Pages are
    numbered from 1 on, or by `page_numbers`. From `pictured` on the text was read in pictures by a
    machine, with mistakes.
    """

    bidder: str
    file: str
    text: str
    page_starts: tuple[int, ...] = ()
    page_numbers: tuple[int, ...] = ()
    pictured: int | None = None

    def page_at(self, start: int) -> int:
        """Return the number, from 1, of the page that holds the code point `start`."""
        at = max(1, int(np.searchsorted(self.page_starts, start, side="right")))
        return self.page_numbers[at - 1] if self.page_numbers else at

    def is_pictured(self, start: int) -> bool:
        """Return whether a machine read in a picture what stands at the code point `start`."""
        return self.pictured is not None and start >= self.pictured


@dataclass
class Corpus:
    """Folded texts of all bidders with the k-grams that tender and background do not have."""

    texts: Sequence[Text]
    bidders: tuple[str, ...]
    starts: Places  # First place of each unit, and the total at the end.
    unit_bidder: NDArray[np.uint16]
    codes: Codes
    fresh: NDArray[np.bool_]  # For each place, whether the k-gram that begins there is not known.
    packed: NDArray[np.uint64]  # Hash << 32 | place of each fresh k-gram, in any order.
    _ground: dict[int, NDArray[np.int32]] = field(default_factory=dict)
    _origins: dict[int, Positions] = field(default_factory=dict)

    @cached_property
    def pictured(self) -> NDArray[np.bool_]:
        """For each place, whether a machine read it in a picture."""
        inside = np.zeros(int(self.starts[-1]), np.bool_)
        for unit, text in enumerate(self.texts):
            if text.pictured is not None:
                start = int(self.starts[unit]) + fold(text.text[: text.pictured]).size
                inside[start : self.starts[unit + 1]] = True
        return inside

    def unit_of(self, places: Places) -> Places:
        """Return the unit that holds each place."""
        return np.searchsorted(self.starts, places, side="right") - 1

    def own(self, units: Places, starts: Places, ends: Places) -> Places:
        """Return for each stretch [start, end) of a unit the characters outside the common ground.

        A character belongs to it when more than half of the k-grams around it are known: a stock
        phrase inside a bidder's own text does not, a standard clause with a word changed does.
        """
        counts = np.zeros(units.size, np.int64)
        for unit in np.unique(units).tolist():
            sums = self._ground.get(unit)
            if sums is None:
                sums = self._ground[unit] = self._own_characters(unit)
            here = np.flatnonzero(units == unit)
            first = self.starts[unit]
            counts[here] = sums[ends[here] - first] - sums[starts[here] - first]
        return counts

    def span(self, unit: int, start: int, end: int) -> tuple[int, int]:
        """Return places [start, end) of a unit as code points of its extracted text.

        Marks that belong to the passage are taken in: its quotation marks, its full stop.
        """
        text = self.texts[unit].text
        begin, finish = self.exact_span(unit, start, end)
        while begin and text[begin - 1] in _OPENING:
            begin -= 1
        while finish < len(text) and text[finish] in _CLOSING:
            finish += 1
        return begin, finish

    def exact_span(self, unit: int, start: int, end: int) -> tuple[int, int]:
        """Return the same from the first to the last character that was not folded away."""
        origin = self._origins.get(unit)
        if origin is None:
            origin = self._origins[unit] = positions(self.texts[unit].text)
        first = int(self.starts[unit])
        return int(origin[start - first]), int(origin[end - first - 1]) + 1

    def _own_characters(self, unit: int) -> NDArray[np.int32]:
        """Return running counts of the unit's characters outside the common ground."""
        first, last = int(self.starts[unit]), int(self.starts[unit + 1])
        length = last - first
        grams = max(0, length - K + 1)
        known = np.zeros(length + 2 * _WINDOW, np.int32)  # Running count, shifted by the window.
        np.cumsum(~self.fresh[first : first + grams], out=known[_WINDOW : _WINDOW + grams])
        known[_WINDOW + grams :] = known[_WINDOW + grams - 1] if grams else 0
        around = known[2 * _WINDOW - 1 : 2 * _WINDOW - 1 + length] - known[:length]
        sums = np.zeros(length + 1, np.int32)
        np.cumsum(around <= _width(length, grams) // 2, out=sums[1:])
        return sums


def _width(length: int, grams: int) -> NDArray[np.int32]:
    """Return for each place how many k-grams the window around it holds."""
    width = np.full(length, 2 * _WINDOW - 1, np.int32)
    edge = min(length, 2 * _WINDOW)
    for places in (np.arange(edge), np.arange(length - edge, length)):
        low = np.clip(places - _WINDOW, -1, grams - 1)
        width[places] = np.clip(places + _WINDOW - 1, -1, grams - 1) - low
    return width


def build_corpus(texts: Sequence[Text], known: KnownGrams) -> Corpus:
    """Fold and hash all texts; `texts` come in any order and are kept sorted by bidder."""
    texts = sorted(texts, key=lambda text: text.bidder)
    bidders = tuple(dict.fromkeys(text.bidder for text in texts))
    room = sum(len(text.text) for text in texts)
    codes = np.empty(room, np.uint16)
    fresh = np.zeros(room, np.bool_)
    packed = np.empty(room, np.uint64)
    starts = np.zeros(len(texts) + 1, np.int64)
    used = 0
    for number, text in enumerate(texts):
        first, part = int(starts[number]), fold(text.text)
        starts[number + 1] = last = first + part.size
        if last > room:  # Some characters fold to several.
            room = 2 * last
            codes, fresh, packed = (_enlarged(row, room) for row in (codes, fresh, packed))
        codes[first:last] = part
        grams = hash_kgrams(part)
        unseen = np.logical_not(known.contains(grams), out=fresh[first : first + grams.size])
        found = np.flatnonzero(unseen)
        row = packed[used : used + found.size]
        np.left_shift(grams[found], _SHIFT, out=row)
        row |= (found + first).view(np.uint64)
        used += found.size
    numbers = {bidder: number for number, bidder in enumerate(bidders)}
    unit_bidder = np.array([numbers[text.bidder] for text in texts], np.uint16)
    total = int(starts[-1])
    return Corpus(texts, bidders, starts, unit_bidder, codes[:total], fresh[:total], packed[:used])


def _enlarged(row: NDArray[Any], room: int) -> NDArray[Any]:
    larger = np.zeros(room, row.dtype)
    larger[: row.size] = row
    return larger
