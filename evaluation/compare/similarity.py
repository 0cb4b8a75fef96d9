"""T1, copied text (文字雷同): which passages of two bids came from one hand.

Law: 招标投标法实施条例 第四十条(四), bids that are abnormally alike. What tender and background
hold does not count, nor does a bidder's own repeated text. A passage is never left out because
many bidders share it. Whether a pair's total is out of the ordinary is judged in `strength`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.chains import Chains, find_chains
from evaluation.compare.closure import complete
from evaluation.compare.corpus import Corpus, Places
from evaluation.compare.passages import extend, join_close
from evaluation.compare.seeds import Entries, find_seeds
from evaluation.compare.strength import RING_LIMIT

_WEAK = 12  # Characters in seeds: enough where the pair is related anyway.
_STRONG = 24  # Enough by itself.
_RELATED = 150


@dataclass(frozen=True)
class Overlap:
    """What all pairs of bidders share (共有文字), one row per pair (left < right).

    `total` counts the characters outside the common ground; `narrow` only those in passages that
    at most eight bidders share; `sharers` has one number per passage.
    """

    left: Places
    right: Places
    total: Places
    narrow: Places
    passages: Chains
    sharers: Places
    row: Places  # For each passage, its row.


def find_overlap(corpus: Corpus, entries: Entries) -> Overlap:
    """Return the passages that any two bidders share, and what they amount to.

    `entries` are the shared k-grams of the corpus.
    """
    chains = find_chains(corpus, find_seeds(entries), at_least=_WEAK)
    chains = join_close(extend(corpus, chains))
    chains = _without_common_ground(corpus, chains)
    strong = chains.covered >= _STRONG
    sums = _pair_sums(corpus, chains.where(strong))
    related = np.isin(_pair_keys(corpus, chains), sums.keys[sums.values >= _RELATED])
    chains = chains.where(strong | related)
    sharers = _sharers(corpus, chains, _pair_sums(corpus, chains))
    chains = join_close(complete(corpus, chains, sharers))
    sums = _pair_sums(corpus, chains)
    sharers = _sharers(corpus, chains, sums)
    narrow = _pair_sums(corpus, chains.where(sharers <= RING_LIMIT))
    values = np.zeros(sums.keys.size, np.int64)
    values[np.searchsorted(sums.keys, narrow.keys)] = narrow.values
    rows = np.searchsorted(sums.keys, _pair_keys(corpus, chains))
    left, right = np.divmod(sums.keys, len(corpus.bidders))
    return Overlap(left, right, sums.values, values, chains, sharers, rows)


def _without_common_ground(corpus: Corpus, chains: Chains) -> Chains:
    """Drop passages that tender and background explain almost wholly."""
    left = corpus.own(chains.left_unit, chains.a0, chains.a1)
    right = corpus.own(chains.right_unit, chains.b0, chains.b1)
    return chains.where(np.minimum(left, right) >= _WEAK)


def _pair_keys(corpus: Corpus, chains: Chains) -> Places:
    left = corpus.unit_bidder[chains.left_unit].astype(np.int64)
    return left * len(corpus.bidders) + corpus.unit_bidder[chains.right_unit]


@dataclass(frozen=True)
class _Union:
    """Non-overlapping stretches of one side of each pair."""

    pair: Places
    start: Places
    end: Places
    own: Places


@dataclass(frozen=True)
class _Sums:
    keys: Places
    values: Places
    left: _Union
    right: _Union


def _pair_sums(corpus: Corpus, chains: Chains) -> _Sums:
    """Return for each pair of bidders the characters that count, the smaller of its two sides."""
    pair = _pair_keys(corpus, chains)
    keys = np.unique(pair)
    left = _union(corpus, pair, chains.left_unit, chains.a0, chains.a1)
    right = _union(corpus, pair, chains.right_unit, chains.b0, chains.b1)
    values = np.minimum(
        *(
            np.bincount(np.searchsorted(keys, side.pair), side.own, keys.size).astype(np.int64)
            for side in (left, right)
        )
    )
    return _Sums(keys, values, left, right)


def _union(corpus: Corpus, pair: Places, unit: Places, start: Places, end: Places) -> _Union:
    order = np.lexsort((start, pair))
    pair, unit, start, end = pair[order], unit[order], start[order], end[order]
    total = int(corpus.starts[-1]) + 1
    furthest = np.maximum.accumulate(pair * total + end)
    begin = start.copy()
    if begin.size > 1:
        begin[1:] = np.maximum(start[1:], furthest[:-1] - pair[1:] * total)
    fresh = begin < end
    pair, unit, begin, end = pair[fresh], unit[fresh], begin[fresh], end[fresh]
    return _Union(pair, begin, end, corpus.own(unit, begin, end))


def _sharers(corpus: Corpus, chains: Chains, sums: _Sums) -> Places:
    """Return for each passage how many bidders hold it, the median over three of its places."""
    if chains.a0.size == 0:
        return np.zeros(0, np.int64)
    change = np.zeros(int(corpus.starts[-1]) + 1, np.int32)
    for side in (sums.left, sums.right):
        np.add.at(change, side.start, 1)
        np.add.at(change, side.end, -1)
    others = np.cumsum(change, out=change)
    left = _sample(others, chains.a0, chains.a1)
    right = _sample(others, chains.b0, chains.b1)
    return (1 + np.maximum(left, right)).astype(np.int64)


def _sample(others: NDArray[np.int32], start: Places, end: Places) -> NDArray[np.int32]:
    quarter = (end - start) // 4
    middle = np.stack([others[start + quarter * step] for step in (1, 2, 3)])
    median: NDArray[np.int32] = np.sort(middle, axis=0)[1]
    return median
