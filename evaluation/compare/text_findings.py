"""Findings of copied text (T1 线索): one per pair that stands out, with every shared passage."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.compare import innocent
from evaluation.compare.chains import Chains
from evaluation.compare.corpus import Corpus, Places
from evaluation.compare.expected import MOST_BIDDERS, SharedGround, shared_ground
from evaluation.compare.printed import in_pictures, longest_runs
from evaluation.compare.similarity import Groups, Overlap, bidder_marks
from evaluation.compare.strength import (
    FLOOR_B,
    FLOOR_C,
    RING_LIMIT,
    SMALLEST_P,
    Level,
    company_chance,
    crowd_chances,
    level_of,
    same_company_chance,
)
from evaluation.screens.finding import Evidence, Finding, Strength

LEGAL = "REG 40(4)"
_TOGETHER = 0.8
# Characters in pictures that print does not reach: of one bidder's text in another's scans, and in
# one run.
_PRINTED, _PRINTED_RUN = 2000, 700
# Beside a common source of a small tender: shares of this many typical pairs stand out.
_FAR_C, _FAR_B = 3.0, 3.5
_FALSE, _FALSE_C = 0.01, 0.05  # Pairs in a whole tender that chance may bring together.


def text_findings(corpus: Corpus, overlap: Overlap) -> list[Finding]:
    """Return a T1 finding for each pair whose shared text stands out from unrelated pairs.

    `value` counts characters outside the common ground: those in passages that few bidders hold,
    or that the same company of bidders holds, or all, whichever of these stands out first.
    """
    if overlap.left.size == 0:
        return []
    lengths = _bid_lengths(corpus)
    judge = _Judge.of(overlap, len(corpus.bidders))
    expected = _Expected.of(corpus, overlap)
    order = np.argsort(overlap.row, kind="stable")
    edges = np.searchsorted(overlap.row[order], np.arange(overlap.left.size + 1))
    findings = []
    for row in range(overlap.left.size):
        left, right = int(overlap.left[row]), int(overlap.right[row])
        sign = judge.sign(row, min(lengths[left], lengths[right]))
        if sign and expected:
            sign = expected.limited(row, sign)
        if sign is None:
            continue
        passages = order[edges[row] : edges[row + 1]]
        shared = overlap.passages.where(passages)
        pictured = in_pictures(corpus, shared)
        if pictured.any() and _may_be_printed(corpus, shared, pictured):
            sign = sign._replace(strength=Strength.C)
        crowd = bool((overlap.sharers[passages] > RING_LIMIT).any())
        findings.append(
            Finding(
                "T1",
                sign.strength,
                (corpus.bidders[left], corpus.bidders[right]),
                sign.value,
                threshold=sign.threshold,
                p=sign.p,
                legal=LEGAL,
                innocent=(
                    *innocent.TEXT,
                    *((innocent.CROWD,) if crowd else ()),
                    *((innocent.PRINTED,) if pictured.any() else ()),
                ),
                evidence=_evidence(corpus, overlap, passages.tolist()),
            )
        )
    return findings


def _may_be_printed(corpus: Corpus, shared: Chains, pictured: Places) -> bool:
    """Return whether all that counts may be what authorities and banks print for many."""
    length = shared.a1 - shared.a0
    if int(length[pictured == 0].sum()) >= FLOOR_B:
        return False
    if int(length[pictured == 1].sum()) >= _PRINTED:
        return False
    return int(longest_runs(corpus, shared).max()) < _PRINTED_RUN


class _Sign(NamedTuple):
    """One way in which a pair stands out."""

    strength: Strength
    value: float
    threshold: float
    p: float


@dataclass(frozen=True)
class _Judge:
    """Judges pairs by their values against the level of unrelated pairs."""

    overlap: Overlap
    bidders: int
    levels: list[tuple[Places, Level]]
    same: float
    crowd: dict[int, tuple[float, float]]  # By row: characters and chance of the likeliest ring.

    @classmethod
    def of(cls, overlap: Overlap, bidders: int) -> _Judge:
        """Set the levels of one tender.

        In a small tender with a common source, in which even typical pairs share text and do so in
        ever different companies, totals of unrelated pairs differ as much as anything. What counts
        there is the company: a ring passes its drafts round among the same members.
        """
        total, narrow = overlap.total, overlap.narrow
        same = same_company_chance(overlap.sharers, bidders)
        if bidders > RING_LIMIT:
            levels = [(total, level_of(total, bidders)), (narrow, level_of(narrow, bidders))]
            return cls(overlap, bidders, levels, same, {})
        every = np.zeros(bidders * (bidders - 1) // 2)
        every[: total.size] = total
        typical = float(np.median(every))
        if typical < FLOOR_C:
            return cls(overlap, bidders, [(total, level_of(total, bidders))], same, {})
        if _share_of_largest(overlap.groups) >= _TOGETHER:
            return cls(overlap, bidders, [(total, Level(0.0, FLOOR_C, FLOOR_B))], same, {})
        level = Level(typical, _FAR_C * typical + FLOOR_C, _FAR_B * typical + FLOOR_B)
        return cls(overlap, bidders, [(total, level)], same, _crowds(overlap, bidders))

    def sign(self, row: int, shorter: int) -> _Sign | None:
        """Return the strongest sign of one pair."""
        signs = []
        for values, level in self.levels:
            value = float(values[row])
            strength = level.strength(value, shorter)
            if strength:
                signs.append(_Sign(strength, value, level.threshold_b, level.chance(value)))
        company = self.overlap.company
        value, passages = float(company.value[row]), int(company.passages[row])
        p = company_chance(passages, int(company.all_passages[row]), self.same)
        if value >= FLOOR_B and p * self.bidders * (self.bidders - 1) / 2 <= _FALSE:
            signs.append(_Sign(Strength.B, value, FLOOR_B, max(p, SMALLEST_P)))
        value, p = self.crowd.get(row, (0.0, 1.0))
        if value >= FLOOR_B and p <= _FALSE_C:
            strength = Strength.B if p <= _FALSE else Strength.C
            signs.append(_Sign(strength, value, FLOOR_B, max(p, SMALLEST_P)))
        return min(signs, key=lambda sign: (sign.strength.value, sign.p), default=None)


@dataclass(frozen=True)
class _Expected:
    """Holds signs of a small tender against what an unknown tenth of the source would make."""

    overlap: Overlap
    ground: SharedGround
    shared: dict[int, list[tuple[int, int, int]]]  # By row: company, clauses, characters.

    @classmethod
    def of(cls, corpus: Corpus, overlap: Overlap) -> _Expected | None:
        """Count the companies; None where they are too many, or where there are two bidders."""
        bidders, groups = len(corpus.bidders), overlap.groups
        if not 3 <= bidders <= MOST_BIDDERS:
            return None
        company = _companies(groups.mark, bidders)
        shared = defaultdict[int, list[tuple[int, int, int]]](list)
        for at in np.flatnonzero(groups.own >= FLOOR_B).tolist():
            held = int(company[at]), int(groups.clauses[at]), int(groups.own[at])
            shared[int(groups.row[at])].append(held)
        return cls(overlap, shared_ground(corpus, np.unique(company).size), shared)

    def limited(self, row: int, sign: _Sign) -> _Sign | None:
        """Return the sign as strong as it can be beside what is to be expected."""
        overlap = self.overlap
        pair = int(overlap.left[row]), int(overlap.right[row])
        strength, chance = self.ground.limit(pair, float(overlap.total[row]), self.shared[row])
        if strength is None:
            return None
        weaker = max(strength, sign.strength, key=lambda each: each.value)
        return sign._replace(strength=weaker, p=max(sign.p, chance))


def _companies(marks: NDArray[np.uint64], bidders: int) -> Places:
    """Return for each mark its company: the sum of 2 ** bidder over the members."""
    sums = np.zeros(1, np.uint64)
    for number in bidder_marks(bidders):
        sums = np.concatenate((sums, sums + number))
    order = np.argsort(sums)
    return order[np.searchsorted(sums, marks, sorter=order)]


def _share_of_largest(groups: Groups) -> float:
    """Return which share of all shared text the company holds that shares most."""
    _, company = np.unique(groups.mark, return_inverse=True)
    largest = np.zeros(company.max(initial=-1) + 1)
    np.maximum.at(largest, company, groups.own)
    return float(largest.max() / max(1.0, largest.sum()))


def _crowds(overlap: Overlap, bidders: int) -> dict[int, tuple[float, float]]:
    """Return for each row what it shares in the least likely of its companies, and that chance."""
    groups = overlap.groups
    chances = crowd_chances(groups.mark, groups.holders, groups.clauses, bidders)
    least: dict[int, tuple[float, float]] = {}
    rows = zip(groups.row.tolist(), groups.own.tolist(), chances.tolist(), strict=True)
    for row, own, chance in rows:
        if chance < least.get(row, (0.0, 2.0))[1]:
            least[row] = (float(own), chance)
    return least


def _bid_lengths(corpus: Corpus) -> list[int]:
    sizes = np.diff(corpus.starts)
    return [int(n) for n in np.bincount(corpus.unit_bidder, sizes, len(corpus.bidders))]


def _evidence(corpus: Corpus, overlap: Overlap, passages: list[int]) -> tuple[Evidence, ...]:
    """Return both sides of each passage, those that few share first, then the longest first."""
    chains, pieces = overlap.passages, []
    passages.sort(
        key=lambda at: (
            overlap.sharers[at] > RING_LIMIT,
            chains.a0[at] - chains.a1[at],
            chains.a0[at],
        )
    )
    for at in passages:
        sides = (
            (int(chains.left_unit[at]), int(chains.a0[at]), int(chains.a1[at])),
            (int(chains.right_unit[at]), int(chains.b0[at]), int(chains.b1[at])),
        )
        pieces += [evidence_at(corpus, *side) for side in sides]
    return tuple(pieces)


def evidence_at(corpus: Corpus, unit: int, start: int, end: int) -> Evidence:
    """Return where places [start, end) of a unit stand in its file."""
    text = corpus.texts[unit]
    begin, finish = corpus.span(unit, start, end)
    return Evidence(text.bidder, text.file, text.page_at(begin), begin, finish)
