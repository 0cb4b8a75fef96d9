"""From chains to passages (雷同段落): exact ends, characters that count, and who else has them.

At 30 % edits the last unbroken five characters of a copy lie some sixteen before its end, so both
ends of a chain are extended by alignment: pairs of equal characters are followed near the
diagonal for as long as they keep coming. A passage then loses what belongs to the common ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.chains import Chains
from evaluation.compare.corpus import Corpus, Places
from evaluation.compare.kgrams import K

_REACH = 64  # Characters looked at beyond an end in one round.
_ROUNDS = 3
_DIAGONALS = 7  # Insertions or deletions that one round may meet, on either side.
_SILENCE = 14  # Characters without an equal pair after which a copy has ended.
_JOIN = 40
_BATCH = 4096


def extend(corpus: Corpus, chains: Chains) -> Chains:
    """Return the chains with both ends moved outwards to where the copies end."""
    lower = _Bounds(corpus.starts[chains.left_unit], corpus.starts[chains.right_unit])
    upper = _Bounds(corpus.starts[chains.left_unit + 1], corpus.starts[chains.right_unit + 1])
    a1, b1 = _follow(corpus, chains.a1 - 1, chains.b1 - 1, upper, forward=True)
    a0, b0 = _follow(corpus, chains.a0, chains.b0, lower, forward=False)
    units = (chains.left_unit, chains.right_unit)
    return Chains(*units, a0, a1 + 1, b0, b1 + 1, chains.covered)


@dataclass(frozen=True)
class _Bounds:
    left: Places
    right: Places


def _follow(
    corpus: Corpus, left: Places, right: Places, bounds: _Bounds, *, forward: bool
) -> tuple[Places, Places]:
    """Move the last matched places (left, right) outwards, round by round."""
    left, right = left.copy(), right.copy()
    active = np.arange(left.size)
    for _ in range(_ROUNDS):
        moved = np.zeros(active.size, np.int64)
        for start in range(0, active.size, _BATCH):
            batch = active[start : start + _BATCH]
            limit = _Bounds(bounds.left[batch], bounds.right[batch])
            step, turn = _reach(corpus, left[batch], right[batch], limit, forward=forward)
            sign = 1 if forward else -1
            left[batch] += sign * step
            right[batch] += sign * (step + turn)
            moved[start : start + _BATCH] = step
        active = active[moved >= _REACH - _SILENCE - 2]
        if active.size == 0:
            break
    return left, right


def _reach(
    corpus: Corpus, left: Places, right: Places, bounds: _Bounds, *, forward: bool
) -> tuple[Places, Places]:
    """Return how far each end can be followed, and by how many diagonals it turned meanwhile."""
    sign = 1 if forward else -1
    steps = np.arange(1, _REACH + 2)
    turns = np.arange(-_DIAGONALS, _DIAGONALS + 1)
    wide = np.arange(1 - _DIAGONALS, _REACH + 2 + _DIAGONALS)
    ours = _letters(corpus, left[:, None] + sign * steps, bounds.left, 1, forward=forward)
    theirs = _letters(corpus, right[:, None] + sign * wide, bounds.right, 2, forward=forward)
    windows = np.lib.stride_tricks.sliding_window_view(theirs, _REACH + 1, axis=1)
    equal = windows == ours[:, None, :]
    double = equal[:, :, :-1] & equal[:, :, 1:]
    # The pair at step s is also reached when it lies beside the end itself (single insertions).
    hit = double.any(axis=1)
    last = np.maximum.accumulate(np.where(hit, steps[:-1], -1), axis=1)
    # A pair that begins at step s matches up to step s + 1.
    silent = steps[:-1] - np.maximum(last + 1, 0) > _SILENCE
    stop = np.where(silent.any(axis=1), silent.argmax(axis=1), _REACH) - 1
    rows = np.arange(left.size)
    start = np.where(stop >= 0, last[rows, np.maximum(stop, 0)], -1)
    found = start >= 0
    column = np.maximum(start - 1, 0)
    votes = double[rows, :, column]
    # Of several diagonals with a pair at the last step, the one nearest to the middle is taken.
    nearness = np.where(votes, _DIAGONALS + 1 - np.abs(turns), 0)
    turn = turns[nearness.argmax(axis=1)]
    return np.where(found, start + 1, 0), np.where(found, turn, 0)


def _letters(
    corpus: Corpus, places: Places, bounds: Places, nothing: int, *, forward: bool
) -> NDArray[np.uint16]:
    """Return the folded characters at places, and `nothing` beyond the end of the unit."""
    inside = places < bounds[:, None] if forward else places >= bounds[:, None]
    safe = np.clip(places, 0, corpus.codes.size - 1)
    return np.where(inside, corpus.codes[safe], np.uint16(nothing))


def join_close(chains: Chains) -> Chains:
    """Join chains of one unit pair that after extension follow or overlap each other."""
    if chains.a0.size < 2:
        return chains
    order = np.lexsort((chains.a0, chains.right_unit, chains.left_unit))
    ordered = chains.where(order)
    gap_a = ordered.a0[1:] - ordered.a1[:-1]
    gap_b = ordered.b0[1:] - ordered.b1[:-1]
    follows = ordered.left_unit[1:] == ordered.left_unit[:-1]
    follows &= ordered.right_unit[1:] == ordered.right_unit[:-1]
    follows &= (np.abs(gap_a - gap_b) <= _JOIN) & (gap_a <= _JOIN) & (gap_b <= _JOIN)
    follows &= ordered.b0[1:] >= ordered.b0[:-1] - K
    starts = np.concatenate(([0], np.flatnonzero(~follows) + 1))
    return Chains(
        ordered.left_unit[starts],
        ordered.right_unit[starts],
        np.minimum.reduceat(ordered.a0, starts),
        np.maximum.reduceat(ordered.a1, starts),
        np.minimum.reduceat(ordered.b0, starts),
        np.maximum.reduceat(ordered.b1, starts),
        np.add.reduceat(ordered.covered, starts),
    )
