"""Seeds: places in two bids that hold the same k-gram (种子), found by sorting, not by comparing.

Known k-grams are gone already. A k-gram that one bidder uses more than four times is its own
repeated text (page headers, table labels) and gives no seed. Nothing is ever left out because
many bidders share it, for that would hide every ring of three or more; where more than eight
share a k-gram, only a fixed sample of such k-grams is paired, and the extension of the chains
fills in what lies between.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.corpus import Corpus, Places

MAX_OWN_REPEATS = 4
_DENSE_GROUP = 8
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


class Seeds(NamedTuple):
    """Places with equal k-grams; `left` belongs to the bidder that comes first."""

    left: NDArray[np.uint32]
    right: NDArray[np.uint32]


class Entries(NamedTuple):
    """K-grams with the places and bidders that hold them."""

    grams: NDArray[np.uint32]
    places: NDArray[np.uint32]
    bidders: NDArray[np.uint16]

    def where(self, keep: NDArray[np.bool_]) -> Entries:
        """Return the entries that a mask selects."""
        return Entries(self.grams[keep], self.places[keep], self.bidders[keep])


def find_seeds(entries: Entries) -> Seeds:
    """Return every pair of places of two bidders that share a k-gram of their own."""
    starts, sizes = runs(entries.grams)
    several = entries.bidders[starts] != entries.bidders[starts + sizes - 1]
    step = np.ones(sizes.size, np.uint32)
    while (crowded := several & (sizes > _DENSE_GROUP * step.astype(np.int64))).any():
        step[crowded] *= np.uint32(2)
    sampled = several & ((entries.grams[starts] & (step - np.uint32(1))) == 0)
    return _pairs(entries.where(np.repeat(sampled, sizes)))


def shared_entries(corpus: Corpus) -> Entries:
    """Return the fresh k-grams that occur at least twice, sorted by k-gram and place.

    A bidder's own repeated text is left out.
    """
    packed = corpus.packed
    packed.sort()  # In place: the largest array of a comparison is not made twice.
    high = packed.view(np.uint32)[1 if sys.byteorder == "little" else 0 :: 2]
    same = high[1:] == high[:-1]
    keep = np.zeros(packed.size, np.bool_)
    keep[1:] = same
    keep[:-1] |= same
    packed = packed[keep]
    places = (packed & _LOW).astype(np.uint32)
    units = np.searchsorted(corpus.starts.astype(np.uint32), places, side="right") - 1
    grams = (packed >> _SHIFT).astype(np.uint32)
    return _without_own_repeats(Entries(grams, places, corpus.unit_bidder[units]))


def _without_own_repeats(entries: Entries) -> Entries:
    mine = entries.grams.astype(np.uint64) << np.uint64(16) | entries.bidders
    _, sizes = runs(mine)
    return entries.where(np.repeat(sizes <= MAX_OWN_REPEATS, sizes))


def runs(values: NDArray[np.unsignedinteger]) -> tuple[Places, Places]:
    """Return start and length of each run of equal values."""
    if values.size == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    starts = np.concatenate(([0], np.flatnonzero(values[1:] != values[:-1]) + 1))
    return starts, np.diff(starts, append=values.size)


def _pairs(entries: Entries) -> Seeds:
    starts, sizes = runs(entries.grams)
    ends = np.repeat(starts + sizes, sizes)
    first = np.arange(entries.grams.size)
    lefts, rights = [], []
    for step in range(1, int(sizes.max(initial=0))):
        first = first[first + step < ends[first]]
        second = first + step
        foreign = entries.bidders[first] != entries.bidders[second]
        lefts.append(entries.places[first[foreign]])
        rights.append(entries.places[second[foreign]])
    if not lefts:
        return Seeds(np.zeros(0, np.uint32), np.zeros(0, np.uint32))
    return Seeds(np.concatenate(lefts), np.concatenate(rights))
