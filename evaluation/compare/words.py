"""Misspelt words (错别字): three characters of which the middle one is wrong.

"混泥土" is written everywhere in a bid whose author believes in it, each time in another sentence,
so no five characters repeat. Looked for are three characters that two to eight bidders write, of
which neither pair is usual in tender, background or bids, while the same two outer characters with
another one between them are in use all over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.corpus import Corpus, Places
from evaluation.compare.edits import common_texts, pair_hashes, telling
from evaluation.compare.kgrams import Hashes, KnownGrams
from evaluation.compare.normalise import Codes
from evaluation.compare.seeds import runs

_FEW = 8
_MUCH_USED = 20
_SHIFT = np.uint64(16)


class WordError(NamedTuple):
    """One misspelling: the places of the wrong character and the bidders, one of each."""

    places: list[int]
    bidders: list[int]


def find_word_errors(
    corpus: Corpus, copied: NDArray[np.bool_], ground: Sequence[Codes]
) -> Iterator[WordError]:
    """Yield misspellings that a few bidders share outside copied passages."""
    texts = list(common_texts(corpus, ground))
    right = _frames(texts)
    if right.size == 0 or corpus.codes.size < 3:
        return
    places = _odd_places(corpus, _usual_pairs(texts), KnownGrams([right]))
    places = places[~copied[places]]
    before, middle, after = (corpus.codes[places + step].astype(np.uint64) for step in (-1, 0, 1))
    words = before << (_SHIFT + _SHIFT) | middle << _SHIFT | after
    exact = np.isin(pair_hashes(corpus.codes[places - 1], corpus.codes[places + 1]), right)
    order = np.argsort(words[exact], kind="stable")
    words, places = words[exact][order], places[exact][order]
    bidders = corpus.unit_bidder[corpus.unit_of(places)]
    for start, size in zip(*(part.tolist() for part in runs(words)), strict=True):
        holders = dict(
            zip(
                bidders[start : start + size].tolist(),
                places[start : start + size].tolist(),
                strict=True,
            )
        )
        if 2 <= len(holders) <= _FEW:
            yield WordError(list(holders.values()), list(holders))


def _odd_places(corpus: Corpus, usual: KnownGrams, right: KnownGrams) -> Places:
    """Return the places whose character makes two unusual pairs inside a much used frame."""
    found = []
    for first, last in zip(corpus.starts[:-1].tolist(), corpus.starts[1:].tolist(), strict=True):
        codes = corpus.codes[first:last]
        if codes.size < 3:
            continue
        odd = ~usual.contains(pair_hashes(codes[:-1], codes[1:]))
        inner = np.flatnonzero(odd[:-1] & odd[1:]) + 1
        inner = inner[telling(codes[inner])]
        framed = right.contains(pair_hashes(codes[inner - 1], codes[inner + 1]))
        found.append(inner[framed] + first)
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _usual_pairs(texts: Sequence[tuple[Codes, int]]) -> KnownGrams:
    """Return pairs that tender or background have, or half of the sampled bids."""
    known: list[Hashes] = []
    sampled: list[Hashes] = []
    for codes, bidder in texts:
        hashes = np.sort(pair_hashes(codes[:-1], codes[1:]))
        hashes = hashes[runs(hashes)[0]]
        (known if bidder < 0 else sampled).append(hashes)
    together = np.sort(np.concatenate(sampled)) if sampled else np.zeros(0, np.uint32)
    starts, sizes = runs(together)
    enough = max(2, (len(sampled) + 1) // 2)
    return KnownGrams([*known, together[starts[sizes >= enough]]])


def _frames(texts: Sequence[tuple[Codes, int]]) -> NDArray[np.uint32]:
    """Return the outer pairs of much used words of three characters, sorted."""
    parts = []
    for codes, _ in texts:
        wide = codes.astype(np.uint64)
        parts.append(wide[:-2] << (_SHIFT + _SHIFT) | wide[1:-1] << _SHIFT | wide[2:])
    words = np.sort(np.concatenate(parts))
    starts, sizes = runs(words)
    used = words[starts[sizes >= _MUCH_USED]]
    outer = pair_hashes((used >> (_SHIFT + _SHIFT)).astype(np.uint16), used.astype(np.uint16))
    return np.sort(outer[(used > 0) & telling((used >> _SHIFT).astype(np.uint16))])
