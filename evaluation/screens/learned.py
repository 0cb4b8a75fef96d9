"""A second opinion that learns from a labelled history (有标注历史的学习) at the time it is run.

Nothing learned is kept: weights belong to the history that somebody brings, and the project ships
none. Two models of opposite kinds are averaged, a forest of random trees and a strongly held-back
regression on smooth curves, because a history has fifty to some hundred tenders and either alone
fits it too well. Trained on one market and asked about another, such models are worse than the
plain rule "unusually low CV"; so the batch is first compared with the history, and the less they
look alike the more the label-free anomaly speaks instead; so it does where labels are few.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, logit
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

from evaluation.screens.anomaly import label_free
from evaluation.screens.features import Features, features_of
from evaluation.screens.prices import Floats
from evaluation.screens.table import BidTable, Direction

# Fewer labelled tenders of either kind than this, and there is nothing to learn from.
LEAST_LABELS = 5
# With this many labels of the rarer kind, what was learned counts as much as the plain rule.
_DOUBT = 2
# Up to the first AUC history and batch pass for one market, from the second on for two.
_SAME, _OTHER = 0.75, 0.9


def supervised(
    tables: Sequence[BidTable],
    history: Sequence[BidTable],
    direction: Direction = Direction.PURCHASE,
) -> Floats:
    """Return an anomaly in 0..1 for each tender, learned from a history with `collusive` set.

    Uses prices and estimate only, and the batch's own unlabelled tenders for ranks. Falls back to
    the label-free anomaly where the history is too small or of another market. A tender of fewer
    than three bids gets 0. The same input gives the same scores.
    """
    features = features_of([*history, *tables], direction)
    labels = np.array([bool(table.collusive) for table in history], dtype=np.int64)
    past = np.flatnonzero(features.known[: len(history)])
    batch = np.flatnonzero(features.known[len(history) :]) + len(history)
    answer = np.zeros(len(tables))
    if not len(batch):
        return answer
    plain = label_free(features_of(tables, direction))[batch - len(history)]
    fewest = int(np.bincount(labels[past], minlength=2).min())
    trust = trust_in_history(features, past, batch) if fewest >= LEAST_LABELS else 0.0
    score = (1 - trust) * plain
    if trust > 0:
        weight = fewest / (fewest + _DOUBT)
        known = weight * _learn(features, labels, past, batch)
        score = score + trust * (known + (1 - weight) * label_free(features)[batch])
    answer[batch - len(history)] = expit(score)
    return answer


def _learn(
    features: Features,
    labels: np.typing.NDArray[np.int64],
    past: np.typing.NDArray[np.int64],
    batch: np.typing.NDArray[np.int64],
) -> Floats:
    """Return the mean log odds of the forest and the regression for the batch."""
    rows = np.column_stack([features.rows, label_free(features)])
    forest = ExtraTreesClassifier(
        400, min_samples_leaf=8, max_features=0.5, class_weight="balanced", random_state=0
    )
    curves = make_pipeline(
        StandardScaler(),
        SplineTransformer(5, degree=2, knots="quantile"),
        LogisticRegression(C=0.01, class_weight="balanced", max_iter=3000),
    )
    total = np.zeros(len(batch))
    for model in (forest, curves):
        model.fit(rows[past], labels[past])
        chance = model.predict_proba(rows[batch])[:, 1]
        total += logit(0.01 + 0.98 * chance)
    return total / 2


def trust_in_history(
    features: Features, past: np.typing.NDArray[np.int64], batch: np.typing.NDArray[np.int64]
) -> float:
    """Return how far the history speaks for the batch: 1 the same market, 0 another.

    A regression tries to tell the two apart from the features. Its cross-validated AUC is near one
    half where they are alike. Too few tenders to tell count as alike.
    """
    if min(len(past), len(batch)) < 10:
        return 1.0
    rows = features.rows[np.concatenate([past, batch])]
    which = np.concatenate([np.zeros(len(past)), np.ones(len(batch))])
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000)
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    guess = cross_val_predict(model, rows, which, cv=folds, method="predict_proba")[:, 1]
    apart = float(roc_auc_score(which, guess))
    return float(np.clip((_OTHER - apart) / (_OTHER - _SAME), 0.0, 1.0))
