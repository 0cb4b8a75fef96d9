"""A second opinion that learns from a labelled history (有标注历史的学习) at the time it is run.

Nothing learned is kept: weights belong to the history that somebody brings, and the project ships
none. Two models of opposite kinds are averaged, a forest of random trees and a strongly held-back
regression on smooth curves, because a history has fifty to some hundred tenders and either alone
fits it too well. Trained on one market and asked about another, such models are worse than the
plain rule "unusually low CV"; so the batch is first compared with the history, and the less they
look alike the more the label-free anomaly speaks instead; so it does where labels are few.

Every score says what moved it: how far it would fall, in log odds, if a group of features stood at
the middle of the history. It never decides anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import logit
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler

from evaluation.screens.anomaly import label_free_terms
from evaluation.screens.features import GROUPS, Features, features_of
from evaluation.screens.prices import Floats
from evaluation.screens.scored import VERSION, Scored, everywhere
from evaluation.screens.table import BidTable, Direction

# Fewer labelled tenders of either kind than this, and there is nothing to learn from.
LEAST_LABELS = 5
# With this many labels of the rarer kind, what was learned counts as much as the plain rule.
_DOUBT = 2
# Up to the first AUC history and batch pass for one market, from the second on for two.
_SAME, _OTHER = 0.75, 0.9
Rows = np.typing.NDArray[np.int64]


def supervised(
    tables: Sequence[BidTable],
    history: Sequence[BidTable],
    direction: Direction = Direction.PURCHASE,
    *,
    explained: bool = True,
) -> Scored:
    """Score by what a history with `collusive` set teaches.

    Uses prices and estimate only, and the batch's own unlabelled tenders for ranks. Falls back to
    the label-free anomaly where the history is too small or of another market. A tender of fewer
    than three bids gets 0. The same input gives the same scores.
    """
    features = features_of([*history, *tables], direction)
    labels = np.array([bool(table.collusive) for table in history], dtype=np.int64)
    past = np.flatnonzero(features.known[: len(history)])
    known = features.known[len(history) :]
    batch = np.flatnonzero(known) + len(history)
    if not len(batch):
        return everywhere(known, np.zeros(0), {}, _named(history, 0.0))
    fewest = int(np.bincount(labels[past], minlength=2).min())
    trust = trust_in_history(features, past, batch) if fewest >= LEAST_LABELS else 0.0
    terms = label_free_terms(features_of(tables, direction))
    moved = {group: (1 - trust) * term[known] for group, term in terms.items()}
    score = np.asarray(sum(moved.values()), dtype=np.float64)
    if trust > 0:
        weight = trust * fewest / (fewest + _DOUBT)
        free = {group: term[batch] for group, term in label_free_terms(features).items()}
        model = _learn(features, labels, past)
        score = score + weight * model(batch, None) + (trust - weight) * sum(free.values())
        for group in GROUPS if explained else ():
            fall = weight * (model(batch, None) - model(batch, group))
            fall = fall + (trust - weight) * free.get(group, 0.0)
            moved[group] = moved.get(group, 0.0) + fall
    return everywhere(known, score, moved, _named(history, trust))


def _named(history: Sequence[BidTable], trust: float) -> str:
    """Name a model so that a score can be made again: version, history's digest, trust."""
    digest = hashlib.sha256(repr(list(history)).encode()).hexdigest()
    return f"learned/{VERSION} history {digest[:12]} trust {trust:.2f}"


def _learn(features: Features, labels: Rows, past: Rows) -> Callable[[Rows, str | None], Floats]:
    """Fit forest and regression to the past.

    The answer gives the mean log odds of rows, as they are or with a group of features at the
    middle of the past.
    """
    free = label_free_terms(features)
    rows = np.column_stack([features.rows, sum(free.values())])
    middle = np.median(rows[past], axis=0)
    forest = ExtraTreesClassifier(
        400, min_samples_leaf=8, max_features=0.5, class_weight="balanced", random_state=0
    )
    curves = make_pipeline(
        StandardScaler(),
        SplineTransformer(5, degree=2, knots="quantile"),
        LogisticRegression(C=0.01, class_weight="balanced", max_iter=3000),
    )
    for model in (forest, curves):
        model.fit(rows[past], labels[past])

    def odds(batch: Rows, without: str | None) -> Floats:
        seen = rows[batch]
        if without is not None:
            columns = [n for n, name in enumerate(features.names) if name in GROUPS[without]]
            seen[:, columns] = middle[columns]
            seen[:, -1] -= free[without][batch] if without in free else 0.0
        chances = (model.predict_proba(seen)[:, 1] for model in (forest, curves))
        return np.asarray(sum(logit(0.01 + 0.98 * chance) for chance in chances)) / 2

    return odds


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
