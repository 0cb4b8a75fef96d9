"""Whether a model may speak (模型是否可用): only if it beats two plain rules on unseen dates.

A model that cannot tell rigged tenders better than "unusually low CV" or the mere number of bids
adds nothing but authority. It is tried on the history itself, cut into blocks of consecutive dates
so that neighbours in time do not teach it the answer (a random split proves less), and the leads
are told with bootstrap intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from evaluation.screens.learned import LEAST_LABELS, supervised
from evaluation.screens.prices import Floats, price_screens
from evaluation.screens.scored import Scored, unsupervised
from evaluation.screens.table import BidTable, Direction

FOLDS = 5
_BLOCKS, _RESAMPLES, _LARGEST = 20, 1000, 3000
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Lead:
    """What a score's AUC is ahead of a plain rule's on the same tenders, with its 95 % interval."""

    ahead: float
    low: float
    high: float


@dataclass(frozen=True)
class Worth:
    """The AUC of a model on held-out parts of its history, beside -CV and the number of bids.

    `dated` tells whether the parts were blocks of dates; without dates they are random and prove
    less.
    """

    learned: float
    cv: float
    bids: float
    over_cv: Lead
    over_bids: Lead
    dated: bool

    @property
    def better(self) -> bool:
        """Whether the model is ahead of both rules."""
        return min(self.over_cv.ahead, self.over_bids.ahead) > 0


def worth(history: Sequence[BidTable], direction: Direction = Direction.PURCHASE) -> Worth | None:
    """Try the model on its own history; None where there is too little to learn from."""
    tables = [table for table in history if len(table.prices) >= 3]
    if len(tables) > _LARGEST:
        picked = np.sort(np.random.default_rng(0).choice(len(tables), _LARGEST, replace=False))
        tables = [tables[place] for place in picked]
    labels = np.array([bool(table.collusive) for table in tables], dtype=np.bool_)
    if np.bincount(labels, minlength=2).min() < 2 * LEAST_LABELS:
        return None
    folds = date_blocks(tables)
    dated = folds is not None
    if folds is None:
        folds = np.random.default_rng(0).permutation(len(tables)) % FOLDS
    scores = held_out(tables, folds, direction)
    cv, bids = minus_cv(tables, direction), bids_rule(tables, labels)
    return Worth(
        learned=auc(labels, scores),
        cv=auc(labels, cv),
        bids=auc(labels, bids),
        over_cv=lead(labels, scores, cv),
        over_bids=lead(labels, scores, bids),
        dated=dated,
    )


def judged(
    tables: Sequence[BidTable],
    history: Sequence[BidTable],
    direction: Direction = Direction.PURCHASE,
) -> tuple[Scored, Worth | None]:
    """Score by what the history teaches if that is worth anything, else without labels."""
    found = worth(history, direction)
    if found is not None and not found.better:
        return unsupervised(tables, direction), found
    return supervised(tables, history, direction), found


def held_out(tables: Sequence[BidTable], folds: Places, direction: Direction) -> Floats:
    """Score each fold by a model that learned from the others."""
    scores = np.zeros(len(tables))
    for fold in np.unique(folds):
        batch = [table for table, place in zip(tables, folds, strict=True) if place == fold]
        rest = [table for table, place in zip(tables, folds, strict=True) if place != fold]
        scores[folds == fold] = supervised(batch, rest, direction, explained=False).anomaly
    return scores


def date_blocks(tables: Sequence[BidTable]) -> Places | None:
    """Deal blocks of consecutive dates in turn to the folds; None where dates are not known."""
    days = [table.day for table in tables]
    known = [day for day in days if day is not None]
    if len(known) < len(days) or len(set(known)) < 2:
        return None
    _, place, counts = np.unique(known, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(tables)
    block = np.minimum((middle * _BLOCKS).astype(np.int64), _BLOCKS - 1)
    return np.asarray(block[place] % FOLDS, dtype=np.int64)


def minus_cv(tables: Sequence[BidTable], direction: Direction = Direction.PURCHASE) -> Floats:
    """Return the plain rule that every score must beat: an unusually low CV."""
    screens = (price_screens(table.prices, direction=direction) for table in tables)
    return np.array([-(each.cv or 0.0) for each in screens])


def bids_rule(tables: Sequence[BidTable], labels: Flags) -> Floats:
    """Return the other plain rule, the number of bids, turned the way that suits it best."""
    bids = np.array([float(len(table.prices)) for table in tables])
    return bids if auc(labels, bids) >= 0.5 else -bids


def auc(labels: Flags, scores: Floats) -> float:
    """Return the chance that a rigged tender scores above an honest one."""
    rank = rankdata(scores)
    rigged = int(labels.sum())
    return float(
        (rank[labels].sum() - rigged * (rigged + 1) / 2) / (rigged * (len(labels) - rigged))
    )


def interval(labels: Flags, one: Floats, other: Floats | None = None) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of an AUC, or of its lead over another score's."""
    random = np.random.default_rng(0)
    seen = []
    for _ in range(_RESAMPLES):
        pick = random.integers(0, len(labels), len(labels))
        if 0 < labels[pick].sum() < len(pick):
            reached = auc(labels[pick], one[pick])
            seen.append(reached if other is None else reached - auc(labels[pick], other[pick]))
    low, high = np.quantile(seen, [0.025, 0.975])
    return float(low), float(high)


def lead(labels: Flags, one: Floats, other: Floats) -> Lead:
    """Return how far one score is ahead of another."""
    return Lead(auc(labels, one) - auc(labels, other), *interval(labels, one, other))
