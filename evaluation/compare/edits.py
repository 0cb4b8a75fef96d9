"""Edits that make errors (笔误): which k-grams are one slip away from a common phrase.

A k-gram may be an error when one edit inside it, a character replaced, lost, added, or two
swapped, turns it into a phrase that tender, background or several other bidders use, while the
pairs of characters that the edit made stand nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.corpus import Corpus, Places
from evaluation.compare.kgrams import Hashes, K, KnownGrams, hash_columns
from evaluation.compare.normalise import Codes, fold
from evaluation.compare.seeds import Entries, runs

_FEW = 8
_SAMPLED = 6  # Bids that are asked which phrases are common.
_COMMON = 3  # Sampled bidders that use a phrase which tender and background do not have.
_FILLERS = fold(
    "的了和与及等在对中为一二三四五六七八九十零百千万第各每上下内外前后左右东西南北大小"
)
_INNER = range(1, K - 1)
_MIDDLE = (2, 3)
LOST = 4
# By kind of edit, how far behind the edited character the untouched text begins.
_AFTER = (2, 1, 1, 1, 0, 0)


class Candidates(NamedTuple):
    """K-grams that a few bidders share outside copied passages: one place and the holders."""

    place: Places
    start: Places  # Rows of the entries that hold it: [start, start + size).
    size: Places


class Edit(NamedTuple):
    """One way in which a k-gram may be an error, as the hash of what is left when it is undone."""

    signature: Hashes
    place: Places  # Of the edited character.
    candidate: Places
    sure: NDArray[np.bool_]  # Both pairs that the character makes are new.
    kind: int  # Which reading of the common texts the signature is looked up in.
    framed: NDArray[np.bool_]  # It stands inside text of tender or background.
    uses: Places  # How often the phrase that it restores is used; 0 until that is counted.

    def where(self, keep: NDArray[np.bool_]) -> Edit:
        """Return the edits that a mask selects."""
        return Edit(
            self.signature[keep],
            self.place[keep],
            self.candidate[keep],
            self.sure[keep],
            self.kind,
            self.framed[keep],
            self.uses[keep],
        )


class _Hits(NamedTuple):
    """Signatures of one common text that are among those wanted, for each edit."""

    bidder: int  # -1 for tender and background.
    signatures: list[Hashes]


def few(free: Entries) -> Candidates:
    """Return the k-grams that two to eight bidders hold."""
    starts, sizes = runs(free.grams)
    if starts.size == 0:
        return Candidates(starts, starts, sizes)
    new = np.ones(free.grams.size, np.int64)
    new[1:] = free.bidders[1:] != free.bidders[:-1]
    new[starts] = 1
    holders = np.add.reduceat(new, starts)
    keep = (holders >= 2) & (holders <= _FEW)
    starts, sizes = starts[keep], sizes[keep]
    return Candidates(free.places[starts].astype(np.int64), starts, sizes)


def _edits(corpus: Corpus, candidates: Candidates, new: NDArray[np.bool_]) -> Iterator[Edit]:
    """Yield every way to undo one edit inside the k-grams that made a new pair of characters.

    Kind 0 is looked up among k-grams, 1 to 3 among k-grams with that character left open, 4 and 5
    among k-grams with one more character, which the candidates have lost.
    """
    units = corpus.unit_of(candidates.place)
    columns = _window(corpus, candidates)
    inside = candidates.place + K < corpus.starts[units + 1]
    gram = columns[:K]
    whole = hash_columns(gram)
    for at in _INNER:
        both = new[at - 1] & new[at]
        either = (new[at - 1] | new[at]) & telling(gram[at])
        opened = [None if step == at else column for step, column in enumerate(gram)]
        yield _edit(corpus, hash_columns(opened), candidates, either, both, at, at)
        shorter = [column for step, column in enumerate(columns) if step != at]
        yield _edit(corpus, hash_columns(shorter), candidates, either & inside, both, at, 0)
        if at < K - 2:
            swapped = [*gram[:at], gram[at + 1], gram[at], *gram[at + 2 :]]
            differs = (gram[at] != gram[at + 1]) & either
            yield _edit(corpus, hash_columns(swapped), candidates, differs, both, at, 0)
    for lost in _MIDDLE:
        # A word that is merely shorter looks like this too, so known text must frame the loss.
        touching = new[lost - 1] & telling(gram[lost])
        touching &= _framed(corpus, candidates.place + lost, LOST)
        yield _edit(corpus, whole, candidates, touching, touching, lost, LOST + lost - _MIDDLE[0])


def _edit(
    corpus: Corpus,
    signature: Hashes,
    candidates: Candidates,
    keep: NDArray[np.bool_],
    sure: NDArray[np.bool_],
    at: int,
    kind: int,
) -> Edit:
    rows = np.flatnonzero(keep)
    place = candidates.place[rows] + at
    framed = _framed(corpus, place, kind)
    uses = np.zeros(rows.size, np.int64)
    return Edit(signature[rows], place, rows, sure[rows], kind, framed, uses)


def _new_pairs(
    corpus: Corpus, free: Entries, candidates: Candidates, texts: Sequence[tuple[Codes, int]]
) -> NDArray[np.bool_]:
    """Return, per pair of neighbours in a k-gram and per candidate, whether no text has that pair.

    Shape (K, candidates); the last row is the last character with the one behind the k-gram.
    """
    window = np.stack(_window(corpus, candidates))
    wanted = pair_hashes(window[:-1], window[1:])
    seen = np.zeros(wanted.shape, np.bool_)
    rows = np.arange(candidates.place.size)
    for text, bidder in texts:
        known = KnownGrams([pair_hashes(text[:-1], text[1:])])
        there = known.contains(wanted.ravel()).reshape(wanted.shape)
        seen |= there & ~_holds(free, candidates, rows, bidder)[None, :]
    return ~seen


def _window(corpus: Corpus, candidates: Candidates) -> list[Codes]:
    """Return the characters of each k-gram and the one behind it, as columns."""
    last = corpus.codes.size - 1
    return [corpus.codes[np.minimum(candidates.place + step, last)] for step in range(K + 1)]


def pair_hashes(first: Codes, second: Codes) -> Hashes:
    """Return one number per pair, spread over the hash table (multiplication is one to one)."""
    hashes: Hashes = (first.astype(np.uint32) << np.uint32(16) | second) * np.uint32(0x9E3779B1)
    return hashes


def telling(codes: Codes) -> NDArray[np.bool_]:
    """Return which characters can be an error: no digits, Latin letters or fillers."""
    tells: NDArray[np.bool_] = (codes > 0x2FFF) & ~np.isin(codes, _FILLERS)
    return tells


def common_edits(
    corpus: Corpus, free: Entries, candidates: Candidates, ground: Sequence[Codes]
) -> list[Edit]:
    """Return the edits that restore a common phrase, with how often that phrase is used."""
    if candidates.place.size == 0:
        return []
    texts = list(common_texts(corpus, ground))
    edits = list(_edits(corpus, candidates, _new_pairs(corpus, free, candidates, texts)))
    wanted = [KnownGrams([edit.signature]) for edit in edits]
    hits: list[_Hits] = []
    for codes, bidder in texts:
        readings = _readings(codes)
        matched = ((readings[edit.kind], known) for edit, known in zip(edits, wanted, strict=True))
        hits.append(_Hits(bidder, [reading[known.contains(reading)] for reading, known in matched]))
    settled = []
    for number, edit in enumerate(edits):
        found = np.concatenate([hit.signatures[number] for hit in hits])
        kept = edit.where(np.isin(edit.signature, found))
        settled.append(_used(corpus, kept, number, hits, free, candidates))
    return settled


def _used(
    corpus: Corpus,
    edit: Edit,
    number: int,
    hits: Sequence[_Hits],
    free: Entries,
    candidates: Candidates,
) -> Edit:
    """Keep edits whose phrase is common, or that stand inside text of tender or background.

    A phrase is common when three others use it; each use in tender or background counts.
    """
    uses = np.zeros(edit.place.size, np.int64)
    users = np.zeros(edit.place.size, np.int64)
    for hit in hits:
        sorted_hits = np.sort(hit.signatures[number])
        count = np.searchsorted(sorted_hits, edit.signature, side="right")
        count -= np.searchsorted(sorted_hits, edit.signature, side="left")
        count[_holds(free, candidates, edit.candidate, hit.bidder)] = 0
        uses += count
        if hit.bidder < 0:
            users += np.where(edit.framed, _COMMON * (count > 0), count)
        else:
            users += count > 0
    return edit._replace(uses=uses).where((users >= _COMMON) & edit.sure)


def _framed(corpus: Corpus, place: Places, kind: int) -> NDArray[np.bool_]:
    """Return whether the k-grams just before and after the edit are known."""
    last = corpus.fresh.size - 1
    before = ~corpus.fresh[np.maximum(place - K, 0)]
    after = ~corpus.fresh[np.minimum(place + _AFTER[kind], last)]
    return before & after


def common_texts(corpus: Corpus, ground: Sequence[Codes]) -> Iterator[tuple[Codes, int]]:
    """Yield the texts that tell which phrases are common: the ground as one, and some bids."""
    seam = np.zeros(K + 1, np.uint16)
    yield np.concatenate([part for codes in ground for part in (codes, seam)] or [seam]), -1
    units = np.flatnonzero(np.diff(corpus.starts) > K + 1)
    picked = units[np.linspace(0, units.size - 1, min(_SAMPLED, units.size)).astype(np.int64)]
    for unit in np.unique(picked).tolist():
        begin, end = corpus.starts[unit : unit + 2].tolist()
        yield corpus.codes[begin:end], int(corpus.unit_bidder[unit])


def _readings(codes: Codes) -> list[Hashes]:
    """Return the signatures of a common text, by kind (see `_edits`)."""
    columns = [codes[step : codes.size - K + 1 + step] for step in range(K)]
    readings = [hash_columns(columns)]
    for at in _INNER:
        readings.append(hash_columns([None if s == at else c for s, c in enumerate(columns)]))
    longer = [codes[step : codes.size - K + step] for step in range(K + 1)]
    for at in _MIDDLE:
        readings.append(hash_columns([c for s, c in enumerate(longer) if s != at]))
    return readings


def _holds(free: Entries, candidates: Candidates, rows: Places, bidder: int) -> NDArray[np.bool_]:
    """Return for each candidate row whether the bidder is one of those that share it."""
    if bidder < 0:
        return np.zeros(rows.size, np.bool_)
    sums = np.zeros(free.bidders.size + 1, np.int64)
    np.cumsum(free.bidders == bidder, out=sums[1:])
    start = candidates.start[rows]
    held: NDArray[np.bool_] = sums[start + candidates.size[rows]] > sums[start]
    return held
