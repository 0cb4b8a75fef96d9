"""Chains of seeds along a diagonal (对角线链接): a passage that survived editing.

Copied text keeps its order, so its seeds lie near one diagonal of the (left, right) plane, and an
insertion or a deletion moves the diagonal a little. Seeds on one diagonal are joined to segments,
segments on neighbouring diagonals to chains; unrelated texts give scattered seeds that do not join.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.corpus import Corpus, Places
from evaluation.compare.kgrams import K
from evaluation.compare.seeds import Seeds

_BRIDGE = 24  # Seeds on the same diagonal this close form one segment.
_GAP = 120  # At 30 % edits one gap in a thousand is longer.
_OVERLAP = 16
_DRIFT = 8  # Diagonals that a chain may change at once, and one more per four characters of gap.
_NEIGHBOURS = 8
_CHUNK = 1 << 18
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


@dataclass(frozen=True)
class Chains:
    """Passages in two units, as places: [a0, a1) on the left, [b0, b1) on the right.

    `a_last` and `b_first` with their partners are the ends of the outermost seeds; `covered` counts
    the left characters that lie in seeds.
    """

    left_unit: Places
    right_unit: Places
    a0: Places
    a1: Places
    b0: Places
    b1: Places
    covered: Places

    def where(self, keep: NDArray[np.bool_] | Places) -> Chains:
        """Return the chains that a mask or an index selects."""
        return Chains(
            self.left_unit[keep],
            self.right_unit[keep],
            self.a0[keep],
            self.a1[keep],
            self.b0[keep],
            self.b1[keep],
            self.covered[keep],
        )


@dataclass(frozen=True)
class _Segments:
    pair: NDArray[np.uint64]
    start: Places
    end: Places
    diagonal: Places
    covered: Places


def find_chains(corpus: Corpus, seeds: Seeds, *, at_least: int) -> Chains:
    """Join seeds to chains and keep those whose seeds cover `at_least` characters."""
    segments = _segments(corpus, seeds)
    order, starts = _components(_link(segments))
    if starts.size == 0:
        none = np.zeros(0, np.int64)
        return Chains(none, none, none, none, none, none, none)
    covered = np.add.reduceat(segments.covered[order], starts)
    begin, end = segments.start[order], segments.end[order]
    diagonal = segments.diagonal[order]
    pair = segments.pair[order][starts]
    units = np.uint64(len(corpus.texts))
    found = Chains(
        (pair // units).astype(np.int64),
        (pair % units).astype(np.int64),
        np.minimum.reduceat(begin, starts),
        np.maximum.reduceat(end, starts),
        np.minimum.reduceat(begin + diagonal, starts),
        np.maximum.reduceat(end + diagonal, starts),
        covered,
    )
    return found.where(covered >= at_least)


def _segments(corpus: Corpus, seeds: Seeds) -> _Segments:
    """Join seeds that follow each other on the same diagonal; sorted by unit pair and start."""
    packed = (seeds.right - seeds.left).astype(np.uint64)
    packed <<= _SHIFT
    packed |= seeds.left
    packed.sort()
    joined = np.zeros(packed.size, np.bool_)
    new = np.full(packed.size, K, np.uint8)
    for start in range(0, packed.size - 1, _CHUNK):
        follows, gap = _follows(corpus, packed[start : start + _CHUNK + 1])
        joined[start : start + follows.size] = follows
        new[start : start + follows.size][follows] = np.minimum(gap[follows], K)
    if packed.size == 0:
        return _Segments(np.zeros(0, np.uint64), *(_nothing() for _ in range(4)))
    ends = np.flatnonzero(~joined)
    starts = np.concatenate(([0], ends[:-1] + 1))
    covered = np.add.reduceat(new, starts, dtype=np.int64)
    left = (packed[starts] & _LOW).astype(np.int64)
    last = (packed[ends] & _LOW).astype(np.int64)
    diagonal = (packed[starts] >> _SHIFT).astype(np.int64)
    pair = corpus.unit_of(left) * len(corpus.texts) + corpus.unit_of(left + diagonal)
    key = pair.astype(np.uint64)
    order = np.argsort(key << _SHIFT | left.astype(np.uint64))
    return _Segments(key[order], left[order], last[order] + K, diagonal[order], covered[order])


def _follows(
    corpus: Corpus, packed: NDArray[np.uint64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return for each seed whether the next one continues it, and how far on that is."""
    left = (packed & _LOW).astype(np.int64)
    diagonal = (packed >> _SHIFT).astype(np.int64)
    gap = np.diff(left)
    joined = (diagonal[1:] == diagonal[:-1]) & (gap <= _BRIDGE)
    rest = np.flatnonzero(joined)
    for place in (left, left + diagonal):
        joined[rest] &= corpus.unit_of(place[rest]) == corpus.unit_of(place[rest + 1])
    return joined, gap


def _link(segments: _Segments) -> Places:
    """Return for each segment the nearest segment before it that it continues, or itself."""
    count = segments.start.size
    before = np.arange(count)
    for step in range(1, min(_NEIGHBOURS, count - 1) + 1):
        first, second = slice(0, count - step), slice(step, count)
        gap = segments.start[second] - segments.end[first]
        turn = segments.diagonal[second] - segments.diagonal[first]
        wider = np.maximum(gap, gap + turn)
        fits = segments.pair[first] == segments.pair[second]
        fits &= (wider <= _GAP) & (np.minimum(gap, gap + turn) >= -_OVERLAP)
        fits &= np.abs(turn) <= _DRIFT + np.maximum(wider, 0) // 4
        target = np.flatnonzero(fits) + step
        target = target[before[target] == target]
        before[target] = target - step
    return before


def _components(before: Places) -> tuple[Places, Places]:
    """Return an order that puts the segments of a chain together, and where each chain starts."""
    root = before
    while True:
        further = root[root]
        if np.array_equal(further, root):
            break
        root = further
    order = np.argsort(root, kind="stable")
    ordered = root[order]
    if ordered.size == 0:
        return order, _nothing()
    return order, np.concatenate(([0], np.flatnonzero(np.diff(ordered)) + 1))


def _nothing() -> Places:
    return np.zeros(0, np.int64)
