"""T2, shared rare errors (雷同错误): the same slip of the pen in two bids.

Two people who write "混泥土" for "混凝土" at the same place did not do so independently. An error
is a k-gram that neither tender nor background has, that only a few bidders have, and that one
edit inside it (a character replaced, lost, added, or two swapped) turns into a common phrase,
while the pair of characters that the edit made stands nowhere else. A typo of the tender itself is
known and never counts, and so is a slip in what a machine read in a picture: it may be the
machine's. A credit code or identity number that its own check digit proves wrong
counts in the same way. Law: 招标投标法实施条例 第四十条(四).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from evaluation.compare import innocent
from evaluation.compare.corpus import Corpus
from evaluation.compare.edits import LOST, common_edits, few
from evaluation.compare.kgrams import K
from evaluation.compare.normalise import Codes
from evaluation.compare.numbers import LENGTH, shared_numbers, unit_at
from evaluation.compare.seeds import Entries
from evaluation.compare.similarity import Overlap
from evaluation.compare.strength import SMALLEST_P, level_of
from evaluation.compare.text_findings import LEGAL, evidence_at
from evaluation.compare.words import find_word_errors
from evaluation.screens.finding import Finding, Strength

# A value is a sign when chance would give fewer than this many such pairs in the whole tender.
FALSE_C, FALSE_B = 0.02, 0.0125
_QUANTILE = 1e-4
# The chance that two people make the same slip: at most this in a known text, and this in a
# phrase, where a word that is merely unusual can look like a slip.
_SLIP, _PHRASE = 0.02, 0.1
# The same for a wrong number: one in a hundred is mistyped, at one of 18 places, to one of ten
# digits or more, and hardly two bids quote the same number of somebody else at all.
_WRONG_NUMBER = 3e-6


@dataclass(frozen=True)
class SharedError:
    """One error in two bids: the places where it stands, and how unlikely it is.

    `length` counts folded characters: one for a slip of the pen, more for a wrong number.
    """

    left: int
    right: int
    chance: float
    length: int = 1


def find_errors(
    corpus: Corpus, entries: Entries, overlap: Overlap, ground: Sequence[Codes]
) -> dict[tuple[int, int], list[SharedError]]:
    """Return for each pair of bidders (as numbers) the rare errors that both make."""
    copied = _copied(corpus, overlap) | corpus.pictured
    free = entries.where(~copied[entries.places])
    candidates = few(free)
    pairs: dict[tuple[int, int], dict[int, SharedError]] = defaultdict(dict)
    for edit in common_edits(corpus, free, candidates, ground):
        for at in range(edit.place.size):
            row = int(edit.candidate[at])
            shift = int(edit.place[at] - candidates.place[row])
            begin, size = int(candidates.start[row]), int(candidates.size[row])
            places = free.places[begin : begin + size].astype(np.int64) + shift
            bidders = free.bidders[begin : begin + size]
            holders = len(set(bidders.tolist()))
            chance = holders / (int(edit.uses[at]) + len(corpus.bidders))
            chance = min(_SLIP, chance) if edit.framed[at] and edit.kind < LOST else _PHRASE
            _note(pairs, places.tolist(), bidders.tolist(), chance)
    for word in find_word_errors(corpus, copied, ground):
        _note(pairs, word.places, word.bidders, _SLIP)
    shared = {pair: _distinct(corpus, found) for pair, found in pairs.items()}
    for pair, wrong in _wrong_numbers(corpus, ground).items():
        shared[pair] = [*wrong, *shared.get(pair, [])]
    return shared


def _wrong_numbers(
    corpus: Corpus, ground: Sequence[Codes]
) -> dict[tuple[int, int], list[SharedError]]:
    """Return numbers that their check digit proves wrong, also inside copied passages."""
    pairs: dict[tuple[int, int], list[SharedError]] = defaultdict(list)
    for number in shared_numbers(corpus, ground):
        if not number.sound and not corpus.pictured[list(number.places.values())].any():
            for one, other in combinations(sorted(number.places), 2):
                places = number.places[one], number.places[other]
                pairs[one, other].append(SharedError(*places, _WRONG_NUMBER, LENGTH))
    return pairs


def _note(
    pairs: dict[tuple[int, int], dict[int, SharedError]],
    places: list[int],
    bidders: list[int],
    chance: float,
) -> None:
    for number, (place, bidder) in enumerate(zip(places, bidders, strict=True)):
        for other, holder in zip(places[number + 1 :], bidders[number + 1 :], strict=True):
            if holder != bidder:
                pairs[bidder, holder].setdefault(place, SharedError(place, other, chance))


def _distinct(corpus: Corpus, found: dict[int, SharedError]) -> list[SharedError]:
    """Keep one of errors that stand together, and one of those that repeat the same word."""
    kept: list[SharedError] = []
    words: set[bytes] = set()
    for error in sorted(found.values(), key=lambda error: (error.chance, error.left)):
        word = corpus.codes[max(0, error.left - 1) : error.left + 2].tobytes()
        if word in words:
            continue
        words.add(word)
        near = (abs(error.left - k.left) < K or abs(error.right - k.right) < K for k in kept)
        if not any(near):
            kept.append(error)
    return kept


def _copied(corpus: Corpus, overlap: Overlap) -> NDArray[np.bool_]:
    """Return for each place whether it lies in a copied passage, where T1 speaks already."""
    inside = np.zeros(int(corpus.starts[-1]), np.bool_)
    chains = overlap.passages
    for starts, ends in ((chains.a0, chains.a1), (chains.b0, chains.b1)):
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            inside[start:end] = True
    return inside


def error_findings(
    corpus: Corpus, found: dict[tuple[int, int], list[SharedError]]
) -> list[Finding]:
    """Return a T2 finding for each pair whose shared errors stand out; `value` is - sum ln p."""
    if not found:
        return []
    pairs = sorted(found)
    slips = np.array([_surprise(e for e in found[pair] if e.length == 1) for pair in pairs])
    count = len(corpus.bidders)
    family = count * (count - 1) / 2
    floor_b = math.log(max(family / FALSE_B, 1 / _QUANTILE))
    level = level_of(slips, count, floor_c=math.log(family / FALSE_C), floor_b=floor_b)
    findings = []
    for pair, slipped in zip(pairs, slips.tolist(), strict=True):
        value = _surprise(found[pair])
        # What the other pairs slip says nothing of a number that is wrong by its own check digit.
        proven = value - slipped >= floor_b
        strength = Strength.B if proven else level.strength(slipped, 0)
        if strength is not None:
            threshold = floor_b if proven else level.threshold_b
            findings.append(_finding(corpus, pair, found[pair], strength, threshold))
    return findings


def _surprise(errors: Iterable[SharedError]) -> float:
    """Return - sum ln p."""
    return -sum(math.log(error.chance) for error in errors)


def _finding(
    corpus: Corpus,
    pair: tuple[int, int],
    errors: Sequence[SharedError],
    strength: Strength,
    threshold: float,
) -> Finding:
    value = _surprise(errors)
    numbers = any(error.length > 1 for error in errors)
    return Finding(
        "T2",
        strength,
        (corpus.bidders[pair[0]], corpus.bidders[pair[1]]),
        value,
        threshold=threshold,
        p=min(1.0, max(SMALLEST_P, math.exp(-value))),
        legal=LEGAL,
        innocent=(*innocent.ERRORS, innocent.NUMBERS) if numbers else innocent.ERRORS,
        evidence=tuple(
            evidence_at(corpus, unit_at(corpus, place), place, place + error.length)
            for error in errors
            for place in (error.left, error.right)
        ),
    )
