"""Complete rings: if A and B, and A and C, share a passage, so do B and C (传递补全).

When two members each rewrite a third of a common draft, hardly any five characters stand unbroken
in both. Their passages are found through the member whose text lies between them, and each is
kept only if the two texts themselves align (longest common subsequence).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import LCSseq

from evaluation.compare.chains import Chains
from evaluation.compare.corpus import Corpus, Places

_LONGEST = 40  # A copy shorter than this is not projected.
_ALIKE = 0.4  # Unrelated Chinese texts stay below .25, a draft rewritten twice by 30 % above .5.
_CROWD = 12  # More bidders than this share the passage: they have each other's copies already.
_PIECE = 1500  # Longer passages are projected piece by piece.
_MOST = 20_000
_LOOK_BACK = 3  # Passages of one pair hardly overlap, so the stretch is covered by one nearby.


class _Hold(NamedTuple):
    """One side of a passage seen from a third text: [start, end) there, [far0, far1) here."""

    start: int
    end: int
    unit: int
    far0: int
    far1: int


class _Bridge(NamedTuple):
    """A passage between two units that is deduced and still to be checked."""

    left: int
    right: int
    a0: int
    a1: int
    b0: int
    b1: int


class _Covered:
    """Which stretches of the left side of each unit pair are matched already."""

    def __init__(self, chains: Chains) -> None:
        self._spans: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
        pairs = zip(chains.left_unit.tolist(), chains.right_unit.tolist(), strict=True)
        spans = zip(chains.a0.tolist(), chains.a1.tolist(), strict=True)
        for pair, span in zip(pairs, spans, strict=True):
            self._spans[pair].append(span)
        for known in self._spans.values():
            known.sort()

    def add(self, bridge: _Bridge) -> bool:
        """Note a stretch; return whether it was new, that is less than nine tenths covered."""
        spans = self._spans[bridge.left, bridge.right]
        wanted = (bridge.a1 - bridge.a0) * 0.9
        after = bisect_right(spans, (bridge.a0, bridge.a1))
        for start, end in spans[max(0, after - _LOOK_BACK) : after + 1]:
            if min(end, bridge.a1) - max(start, bridge.a0) >= wanted:
                return False
        insort(spans, (bridge.a0, bridge.a1))
        return True


def complete(corpus: Corpus, chains: Chains, sharers: Places) -> Chains:
    """Return the chains and those deduced from two of them that meet in a third text.

    `sharers` tells for each chain how many bidders hold it.
    """
    useful = chains.where((sharers > 2) & (sharers <= _CROWD) & (chains.a1 - chains.a0 >= _LONGEST))
    covered = _Covered(chains)
    bridges: list[_Bridge] = []
    for holds in _holds(useful).values():
        for bridge in _meetings(corpus, holds):
            if len(bridges) < _MOST and covered.add(bridge):
                bridges.append(bridge)
    return _joined(chains, [bridge for bridge in bridges if _alike(corpus, bridge)])


def _holds(chains: Chains) -> dict[int, list[_Hold]]:
    """Return for each unit the passages that it shares with others, by their start."""
    holds: dict[int, list[_Hold]] = defaultdict(list)
    columns = (chains.left_unit, chains.right_unit, chains.a0, chains.a1, chains.b0, chains.b1)
    for left, right, a0, a1, b0, b1 in zip(*(c.tolist() for c in columns), strict=True):
        holds[left].append(_Hold(a0, a1, right, b0, b1))
        holds[right].append(_Hold(b0, b1, left, a0, a1))
    for found in holds.values():
        found.sort()
    return holds


def _meetings(corpus: Corpus, holds: list[_Hold]) -> Iterator[_Bridge]:
    """Yield what follows from each two passages of other bidders that overlap in one text."""
    for number, first in enumerate(holds):
        for second in islice(holds, number + 1, None):
            if second.start + _LONGEST > first.end:
                break
            start, end = second.start, min(first.end, second.end)
            same = corpus.unit_bidder[first.unit] == corpus.unit_bidder[second.unit]
            if same or end - start < _LONGEST:
                continue
            one, two = (first, second) if first.unit < second.unit else (second, first)
            pieces = -(-(end - start) // _PIECE)
            edges = [start + (end - start) * number // pieces for number in range(pieces + 1)]
            for low, high in pairwise(edges):
                spans = (*_project(one, low, high), *_project(two, low, high))
                yield _Bridge(one.unit, two.unit, *spans)


def _project(hold: _Hold, start: int, end: int) -> tuple[int, int]:
    """Return where the stretch [start, end) of the text between lies in the far text."""
    scale = (hold.far1 - hold.far0) / (hold.end - hold.start)
    far0 = hold.far0 + round((start - hold.start) * scale)
    return far0, hold.far1 - round((hold.end - end) * scale)


def _alike(corpus: Corpus, bridge: _Bridge) -> bool:
    left = corpus.codes[bridge.a0 : bridge.a1].tobytes().decode("utf-16-le", "surrogatepass")
    right = corpus.codes[bridge.b0 : bridge.b1].tobytes().decode("utf-16-le", "surrogatepass")
    return LCSseq.normalized_similarity(left, right, score_cutoff=_ALIKE) > 0


def _joined(chains: Chains, bridges: list[_Bridge]) -> Chains:
    if not bridges:
        return chains
    left, right, a0, a1, b0, b1 = np.array(bridges, np.int64).T
    return Chains(
        np.concatenate((chains.left_unit, left)),
        np.concatenate((chains.right_unit, right)),
        np.concatenate((chains.a0, a0)),
        np.concatenate((chains.a1, a1)),
        np.concatenate((chains.b0, b0)),
        np.concatenate((chains.b1, b1)),
        np.concatenate((chains.covered, (_ALIKE * (a1 - a0)).astype(np.int64))),
    )
