"""T1, copied text (文字雷同): which passages of two bids came from one hand.

Law: 招标投标法实施条例 第四十条(四), bids that are abnormally alike. What tender and background
hold does not count, nor does a bidder's own repeated text. A passage is never left out because
many bidders share it. Whether a pair's total is out of the ordinary is judged in `strength`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.chains import Chains, find_chains
from evaluation.compare.closure import complete
from evaluation.compare.corpus import Corpus, Places
from evaluation.compare.passages import extend, join_close
from evaluation.compare.printed import without_print
from evaluation.compare.seeds import Entries, find_seeds
from evaluation.compare.strength import RING_LIMIT, ring_limit

_WEAK = 9  # Characters in seeds: enough where the pair is related anyway.
_STRONG = 24  # Enough by itself.
_RELATED = 150
_OWN_SHARE = 0.25  # Less of a passage outside the common ground, and it is an edition of that.
_SEPARATE = 300  # Passages closer than this may be pieces of one clause.
_CLAUSE = 1000  # Longer passages count as several clauses.


class Company(NamedTuple):
    """What each pair shares in the company with which it shares most (同伙段落).

    `value` counts characters, `passages` the separate passages in that company, and `all_passages`
    those in any.
    """

    value: Places
    passages: Places
    all_passages: Places


class Groups(NamedTuple):
    """What a pair shares in each company of bidders, one row per pair and company.

    `row` is the pair's, `mark` stands for the company and `holders` is its size; `own` counts
    characters, `clauses` separate passages, a long one as several.
    """

    row: Places
    mark: NDArray[np.uint64]
    holders: Places
    own: Places
    clauses: Places


@dataclass(frozen=True)
class Overlap:
    """What all pairs of bidders share (共有文字), one row per pair (left < right).

    All values are characters outside the common ground. `total` counts all passages, `narrow`
    those that fewer bidders hold than hold any clause of an unknown common source, `company` the
    most that the pair shares in one and the same company: a ring passes its drafts round among
    the same members, while clauses from a common source are used by ever different bidders.
    `sharers` has, per passage, the number of bidders that hold it.
    """

    left: Places
    right: Places
    total: Places
    narrow: Places
    company: Company
    groups: Groups
    passages: Chains
    sharers: Places
    row: Places  # For each passage, its row.


def find_overlap(corpus: Corpus, entries: Entries) -> Overlap:
    """Return the passages that any two bidders share, and what they amount to.

    `entries` are the shared k-grams of the corpus.
    """
    chains = find_chains(corpus, find_seeds(entries), at_least=_WEAK)
    chains = without_print(corpus, join_close(extend(corpus, chains)))
    own = _own(corpus, chains)
    chains, own = chains.where(own >= _WEAK), own[own >= _WEAK]
    strong = (chains.covered >= _STRONG) & (own >= _OWN_SHARE * (chains.a1 - chains.a0))
    sums = _pair_sums(corpus, chains.where(strong))
    related = np.isin(_pair_keys(corpus, chains), sums.keys[sums.values >= _RELATED])
    chains = chains.where(strong | related)
    sharers, _ = _holders(corpus, chains, _pair_sums(corpus, chains))
    chains = without_print(corpus, join_close(complete(corpus, chains, sharers)))
    sums = _pair_sums(corpus, chains)
    sharers, company = _holders(corpus, chains, sums)
    keys = _pair_keys(corpus, chains)
    left, right = np.divmod(sums.keys, len(corpus.bidders))
    row = np.searchsorted(sums.keys, keys)
    few = sharers <= ring_limit(sharers, row, sums.values, len(corpus.bidders))
    groups, passages = _groups(corpus, chains, sharers, company, sums.keys)
    return Overlap(
        left,
        right,
        sums.values,
        _spread(sums.keys, _pair_sums(corpus, chains.where(few))),
        _same_company(groups, passages, sums.keys.size, len(corpus.bidders)),
        groups,
        chains,
        sharers,
        row,
    )


def _spread(keys: Places, sums: _Sums) -> Places:
    """Return the sums for all keys, 0 for those that have none."""
    values = np.zeros(keys.size, np.int64)
    values[np.searchsorted(keys, sums.keys)] = sums.values
    return values


def _groups(
    corpus: Corpus,
    chains: Chains,
    sharers: Places,
    company: NDArray[np.uint64],
    keys: Places,
) -> tuple[Groups, Places]:
    """Return what each pair shares in each company, and the number of separate passages of each."""
    pair, own = _pair_keys(corpus, chains), _own(corpus, chains)
    order = np.lexsort((chains.a0, company, pair))
    pair, company, own = pair[order], company[order], own[order]
    start, end = chains.a0[order], chains.a1[order]
    new = np.ones(pair.size, np.bool_)
    new[1:] = (pair[1:] != pair[:-1]) | (company[1:] != company[:-1])
    separate = new.copy()
    separate[1:] |= start[1:] > end[:-1] + _SEPARATE
    clauses = np.maximum(own // _CLAUSE, separate)
    first = np.flatnonzero(new)
    sums = (_sums_from(values, first) for values in (own, clauses, separate.astype(np.int64)))
    sizes, counts, passages = sums
    row = np.searchsorted(keys, pair[first])
    return Groups(row, company[first], sharers[order][first], sizes, counts), passages


def _sums_from(values: Places, first: Places) -> Places:
    return np.add.reduceat(values, first) if first.size else np.zeros(0, np.int64)


def _same_company(groups: Groups, passages: Places, pairs: int, bidders: int) -> Company:
    """Return for each pair what it shares in passages that exactly the same bidders hold.

    A company of most bidders tells nothing: a common source that all use has it too.
    """
    value, most, every = (np.zeros(pairs, np.int64) for _ in range(3))
    np.add.at(every, groups.row, passages)
    small = groups.holders <= max(RING_LIMIT, bidders // 2)
    row, sizes, counts = groups.row[small], groups.own[small], passages[small]
    largest = np.lexsort((sizes, row))  # The last of each row is its largest.
    value[row[largest]] = sizes[largest]
    most[row[largest]] = counts[largest]
    return Company(value, most, every)


def _own(corpus: Corpus, chains: Chains) -> Places:
    """Return how many characters of each passage tender and background do not explain."""
    left = corpus.own(chains.left_unit, chains.a0, chains.a1)
    return np.minimum(left, corpus.own(chains.right_unit, chains.b0, chains.b1))


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


def bidder_marks(bidders: int) -> NDArray[np.uint64]:
    """Return one random number per bidder; their sum (modulo 2 ** 64) marks a company."""
    return np.random.default_rng(20240501).integers(1, 2**63, bidders, np.uint64)


def _holders(corpus: Corpus, chains: Chains, sums: _Sums) -> tuple[Places, NDArray[np.uint64]]:
    """Return for each passage how many bidders hold it, and a mark of who they are.

    The mark is the sum of one random number per bidder; equal companies have equal marks.
    """
    total = int(corpus.starts[-1]) + 1
    numbers = bidder_marks(len(corpus.bidders))
    places, other = [], []
    for side, far in ((sums.left, True), (sums.right, False)):
        lower, upper = np.divmod(side.pair, len(corpus.bidders))
        places += [side.start, side.end + total]
        other += [upper if far else lower] * 2
    place = np.concatenate(places)
    leaving = place >= total
    place[leaving] -= total
    order = np.argsort(place, kind="stable")
    weight = numbers[np.concatenate(other)]
    steps = np.where(leaving, -np.ones(1, np.int64), np.ones(1, np.int64))[order]
    marks = np.where(leaving, np.uint64(0) - weight, weight)[order]
    cover = _Cover(place[order], np.cumsum(steps), np.cumsum(marks))
    left, left_mark = cover.at(chains.a0, chains.a1)
    right, right_mark = cover.at(chains.b0, chains.b1)
    left_mark += numbers[corpus.unit_bidder[chains.left_unit]]
    right_mark += numbers[corpus.unit_bidder[chains.right_unit]]
    return 1 + np.maximum(left, right), np.where(left >= right, left_mark, right_mark)


@dataclass(frozen=True)
class _Cover:
    """How many other bidders hold the text at each place, as steps at the ends of passages."""

    places: Places
    counts: Places
    marks: NDArray[np.uint64]

    def at(self, start: Places, end: Places) -> tuple[Places, NDArray[np.uint64]]:
        """Return count and mark of each stretch, at that of three places with the middle count."""
        samples = []
        for step in (1, 2, 3):
            where = start + (end - start) * step // 4
            samples.append(np.searchsorted(self.places, where, side="right") - 1)
        sampled = np.maximum(np.stack(samples), 0)
        if self.places.size == 0:
            return np.zeros(start.size, np.int64), np.zeros(start.size, np.uint64)
        middle = np.argsort(self.counts[sampled], axis=0)[1]
        chosen = sampled[middle, np.arange(start.size)]
        return self.counts[chosen], self.marks[chosen]
