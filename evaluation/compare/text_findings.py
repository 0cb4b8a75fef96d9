"""Findings of copied text (T1 线索): one per pair that stands out, with every shared passage."""

from __future__ import annotations

import numpy as np

from evaluation.compare.corpus import Corpus
from evaluation.compare.similarity import Overlap
from evaluation.compare.strength import RING_LIMIT, Level, level_of
from evaluation.screens.finding import Evidence, Finding, Strength

LEGAL = "REG 40(4)"
INNOCENT = (
    "Text of the tender document and of the background texts was left out.",
    "Text that a bidder repeats within its own bid was left out.",
    "A standard, template or old bid that is not among the background texts may be the source.",
    "The same consultant may have written for several bidders.",
)
INNOCENT_CROWD = "Many bidders share some of these passages, so they may come from a common source."


def text_findings(corpus: Corpus, overlap: Overlap) -> list[Finding]:
    """Return a T1 finding for each pair whose shared text stands out from unrelated pairs.

    `value` counts characters outside the common ground: those in passages that few bidders share
    where these alone stand out, otherwise all.
    """
    lengths = _bid_lengths(corpus)
    count = len(corpus.bidders)
    narrow, total = level_of(overlap.narrow, count), level_of(overlap.total, count)
    order = np.argsort(overlap.row, kind="stable")
    edges = np.searchsorted(overlap.row[order], np.arange(overlap.left.size + 1))
    findings = []
    for row in range(overlap.left.size):
        left, right = int(overlap.left[row]), int(overlap.right[row])
        shorter = min(lengths[left], lengths[right])
        judged = _judge(narrow, int(overlap.narrow[row]), shorter)
        judged = judged or _judge(total, int(overlap.total[row]), shorter)
        wide = _judge(total, int(overlap.total[row]), shorter)
        if judged and wide and wide[0] is Strength.B:
            judged = judged if judged[0] is Strength.B else wide
        if judged is None:
            continue
        strength, value, level = judged
        passages = order[edges[row] : edges[row + 1]]
        crowd = bool((overlap.sharers[passages] > RING_LIMIT).any())
        findings.append(
            Finding(
                "T1",
                strength,
                (corpus.bidders[left], corpus.bidders[right]),
                value,
                threshold=level.threshold_b,
                p=level.chance(value),
                legal=LEGAL,
                innocent=(*INNOCENT, INNOCENT_CROWD) if crowd else INNOCENT,
                evidence=_evidence(corpus, overlap, passages.tolist()),
            )
        )
    return findings


def _judge(level: Level, value: int, shorter: int) -> tuple[Strength, int, Level] | None:
    strength = level.strength(value, shorter)
    return (strength, value, level) if strength else None


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
