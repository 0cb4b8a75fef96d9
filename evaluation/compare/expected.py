"""What an unknown tenth of the common source would make bidders share (已知底稿推算).

A background is never complete. What it holds is a sample of the source that everybody copies from,
so the text of it that two bidders share, and that exactly the same company of bidders shares, tells
how much they may be expected to share of the part that nobody has filed. In a tender of few bidders
there are too few pairs to tell that from the pairs themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.corpus import Corpus, Places
from evaluation.compare.kgrams import hash_kgrams
from evaluation.screens.finding import Strength

# Up to so many bidders the companies of a tender can be counted one by one.
MOST_BIDDERS = 16
_UNKNOWN = 1 / 9  # Of the source, one tenth beside nine that are known.
_SHORTEST, _CLAUSE, _LONGEST = 100, 350, 1000  # Characters.
_NO_GROUND = 9 * 40  # Characters: too little known text in common to expect anything from.
_NEVER_NONE = 0.005  # Clauses: no company is impossible because the background shows none of it.
_ROUNDING = 1e-6
_SAMPLE = np.uint32(7)
# How often chance alone may explain a sign; there is only one company of all bidders.
_CHANCE = {Strength.B: 0.02, Strength.C: 0.05}
_CHANCE_OF_ALL = 0.05
_FAR_MORE = 1.7  # Times what is expected of all bidders, who then share more than a common source.


@dataclass(frozen=True)
class SharedGround:
    """Characters of the known ground that exactly the bidders of each company share.

    The place of a company in `held` is the sum of 2 ** bidder over its members. `everyone` is the
    company of all whose bids have a text, `companies` how many share anything beyond that ground.
    """

    everyone: int
    held: NDArray[np.float64]
    companies: int

    def limit(
        self, pair: tuple[int, int], characters: float, shared: Iterable[tuple[int, int, int]]
    ) -> tuple[Strength | None, float]:
        """Return how strong a sign a pair can be beside what is to be expected, and the chance.

        `characters` is what it shares in all, `shared` holds (company, clauses, characters) of its
        companies.
        """
        known = self._known(*pair)
        if known < _NO_GROUND:
            return Strength.B, 0.0
        pairs = math.comb(self.everyone.bit_count(), 2)
        chance = pairs * _at_least(characters / _CLAUSE, known * _UNKNOWN / _CLAUSE)
        of_all, weak = 1.0, False
        for company, clauses, own in shared:
            if company == self.everyone:
                of_all = self._chance(company, clauses, own)
                weak |= own > _FAR_MORE * self.held[company] * _UNKNOWN
            else:
                chance = min(chance, self.companies * self._chance(company, clauses, own))
                # Beside this company nobody shares anything: no common source shows itself.
                weak |= self.companies == 1
        p = min(1.0, chance, of_all)
        if chance <= _CHANCE[Strength.B] or of_all <= _CHANCE_OF_ALL:
            return Strength.B, p
        return Strength.C if weak or chance <= _CHANCE[Strength.C] else None, p

    def _chance(self, company: int, clauses: int, own: int) -> float:
        """Return the chance that exactly this company shares so many clauses of such a length."""
        length = min(max(_SHORTEST, own / clauses), _LONGEST)
        held = max(float(self.held[company]), self._typical[company.bit_count()])
        return _at_least(own / length + _ROUNDING, held * _UNKNOWN / length + _NEVER_NONE)

    def _known(self, left: int, right: int) -> float:
        """Return the characters of the known ground that both bidders have."""
        both = (1 << left) | (1 << right)
        return float(self.held[np.arange(self.held.size) & both == both].sum())

    @cached_property
    def _typical(self) -> list[float]:
        """Return for each size of a company what the companies of that size hold on average."""
        sizes = np.bitwise_count(np.arange(self.held.size))
        averages: list[float] = (np.bincount(sizes, self.held) / np.bincount(sizes)).tolist()
        return averages


def shared_ground(corpus: Corpus, companies: int) -> SharedGround:
    """Return what the bidders share of the known ground, told from one k-gram in eight."""
    grams: list[NDArray[np.uint32]] = []
    bits: list[Places] = []
    everyone = 0
    for unit, bidder in enumerate(corpus.unit_bidder.tolist()):
        first, last = corpus.starts[unit : unit + 2].tolist()
        hashes = hash_kgrams(corpus.codes[first:last])
        known = ~corpus.fresh[first : first + hashes.size]
        sampled = np.unique(hashes[known & (hashes & _SAMPLE == 0)])
        grams.append(sampled)
        everyone |= (1 << bidder) * (last > first)
        bits.append(np.full(sampled.size, 1 << bidder, np.int64))
    every, bit = np.concatenate(grams), np.concatenate(bits)
    order = np.argsort(every, kind="stable")
    every, bit = every[order], bit[order]
    held = np.zeros(1 << len(corpus.bidders))
    if every.size:
        starts = np.concatenate(([0], np.flatnonzero(every[1:] != every[:-1]) + 1))
        np.add.at(held, np.bitwise_or.reduceat(bit, starts), int(_SAMPLE) + 1)
    return SharedGround(everyone, held, companies)


def _at_least(count: float, mean: float) -> float:
    """Return the chance of `count` or more where `mean` are expected (Poisson)."""
    whole = math.floor(count)
    if whole <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    logs = (n * math.log(mean) - mean - math.lgamma(n + 1) for n in range(whole))
    return max(0.0, 1.0 - sum(map(math.exp, logs)))
