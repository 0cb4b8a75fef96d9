"""An anomaly with what moved it and which model spoke (异常程度及其来由)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evaluation.screens.anomaly import label_free_terms
from evaluation.screens.features import features_of
from evaluation.screens.prices import Floats
from evaluation.screens.table import BidTable, Direction

# Counted up whenever features, models or their settings change, so that scores can be told apart.
VERSION = 1


@dataclass(frozen=True)
class Scored:
    """Anomalies in 0..1, one a tender, with what moved each.

    `moved` has an array for each group of features (`features.GROUPS`), in log odds: positive
    made the tender more suspicious. `model` names version, history and how far it was trusted.
    """

    anomaly: Floats
    moved: Mapping[str, Floats]
    model: str

    def movers(self, row: int) -> list[tuple[str, float]]:
        """Return what moved one tender's score by a hundredth or more, the strongest first."""
        told = [(group, round(float(values[row]), 2)) for group, values in self.moved.items()]
        return sorted((each for each in told if each[1]), key=lambda each: -abs(each[1]))


def unsupervised(tables: Sequence[BidTable], direction: Direction = Direction.PURCHASE) -> Scored:
    """Score without labels: 1 is the most suspicious, from prices alone.

    Tenders are compared with each other only. A tender of fewer than three bids shows no spread to
    judge and gets 0: not suspicious by its prices, which says nothing else about it.
    """
    features = features_of(tables, direction)
    known = features.known
    terms = label_free_terms(features) if known.any() else {}
    moved = {group: term[known] for group, term in terms.items()}
    score = np.asarray(sum(moved.values(), np.zeros(int(known.sum()))))
    return everywhere(known, score, moved, f"label-free/{VERSION}")


def everywhere(
    known: np.typing.NDArray[np.bool_], score: Floats, moved: Mapping[str, Floats], model: str
) -> Scored:
    """Give every tender a place; those of fewer than three bids get 0 and nothing that moved it."""
    places = np.flatnonzero(known)
    anomaly = np.zeros(len(known))
    anomaly[places] = expit(score)
    told = {group: np.zeros(len(known)) for group in moved}
    for group, values in moved.items():
        told[group][places] = values
    return Scored(anomaly, told, model)
