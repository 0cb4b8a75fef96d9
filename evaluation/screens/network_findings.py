"""What the networks say: rows of the Ibis stages to findings, with false discoveries limited.

`NetworkSigns` of all tenders also keeps the largest p that stayed for each code. A new tender is
then screened among its own bidders' bids and held against those limits, so that one tender seen
alone is judged as strictly as if everything had been counted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from evaluation.screens import chances, innocent
from evaluation.screens.finding import Evidence, Finding, Strength, ordered
from evaluation.screens.networks import (
    Stages,
    allotted,
    alternating,
    covering,
    lifted,
    meetings,
    repeated,
)

# Columns of numbers by name, as either engine returns them.
Rows = dict[str, "np.typing.NDArray[Any]"]
QUESTIONS = {"N1": lifted, "N2": alternating, "N3": covering, "N4": allotted, "N6": repeated}
# A person looks at a dozen tenders, not at a hundred.
_SHOWN = 12


@dataclass(frozen=True)
class NetworkSigns:
    """Findings, and for each code the limit of p and the number of tests.

    `spread` is the usual standard deviation of log price ratios of pairs that met often.
    """

    findings: tuple[Finding, ...]
    limits: dict[str, float]
    tests: dict[str, int]
    spread: float = 0.06


@dataclass(frozen=True)
class _Sign:
    """One row that was tested: who, what was seen, and how likely."""

    bidders: tuple[str, ...]
    value: float
    p: float


def network_signs(stages: Stages, before: NetworkSigns | None = None) -> NetworkSigns:
    """Run N1, N2, N3, N4 and N6; with `before` use the limits of that earlier, whole run."""
    answers = {code: _columns(ask(stages)) for code, ask in QUESTIONS.items()}
    pairs = int(stages.pairs.count().to_pyarrow().as_py())
    signs = judged(answers, pairs, before or NetworkSigns((), {}, {}, _usual_spread(stages)))
    return replace(signs, findings=tuple(ordered(with_tenders(stages, signs.findings))))


def judged(answers: dict[str, Rows], pairs: int, before: NetworkSigns) -> NetworkSigns:
    """Turn the engine's rows into findings; where `before` has limits, they are kept.

    `answers` holds the rows of each of `QUESTIONS`, `pairs` how many pairs were looked at. The
    findings have no evidence yet.
    """
    rows = {code: _sorted(columns) for code, columns in answers.items()}
    turns = len(rows["N2"]["a_wins"])
    tested = {
        "N1": (_lifts(rows["N1"]), pairs),
        "N2": (_rotations(rows["N2"]), turns),
        "N3": (_covers(rows["N3"]), 2 * pairs),
        "N4": (_splits(rows["N4"]), pairs),
        "N6": (_repeats(rows["N6"], before.spread), pairs),
    }
    found: list[Finding] = []
    limits = dict(before.limits)
    for code, (signs, tests) in tested.items():
        if code not in limits:
            limits[code] = chances.accepted(np.array([sign.p for sign in signs]), tests)
        found += [_finding(code, sign, limits[code]) for sign in signs if sign.p <= limits[code]]
    counts = {code: tests for code, (_, tests) in tested.items()}
    return NetworkSigns(tuple(ordered(found)), limits, counts, before.spread)


def _columns(expression: Any) -> Rows:
    """Run an expression and return its columns."""
    table = expression.to_pyarrow()
    return {name: np.asarray(table[name]) for name in table.column_names}


def _sorted(rows: Rows) -> Rows:
    """Put rows in an order that no engine decides."""
    by = ("thousandths", "stratum", "partner", "cover", "b_bidder", "a_bidder", "market")
    order = np.lexsort([rows[name] for name in by if name in rows])
    return {name: values[order] for name, values in rows.items()}


def _usual_spread(stages: Stages) -> float:
    """Return the median standard deviation of log price ratios over pairs that met often."""
    pairs = stages.pairs
    mean = pairs.apart / pairs.met
    variance = (pairs.apart2 / pairs.met - mean * mean).clip(lower=0)
    usual = variance.sqrt().approx_median().to_pyarrow().as_py()
    return float(usual) if usual is not None and usual > 0 else 0.06


def _pair(rows: Rows, row: int, a: str = "a_bidder", b: str = "b_bidder") -> tuple[str, ...]:
    """Name the two bidders of a row."""
    return (str(int(rows[a][row])), str(int(rows[b][row])))


def _lifts(rows: Rows) -> list[_Sign]:
    """N1: meetings against the hypergeometric law of the strata."""
    keys = np.column_stack([rows["market"], rows["a_bidder"], rows["b_bidder"]])
    new = np.any(keys[1:] != keys[:-1], axis=1) if len(keys) else np.zeros(0, dtype=bool)
    pair = np.concatenate([[0], np.cumsum(new)])[: len(keys)]
    law = (rows["tenders"], rows["a_n"], rows["b_n"])
    chance = chances.meetings_upper(pair, rows["met"], *law)
    mean = np.bincount(pair, weights=law[1] * law[2] / law[0])
    first = np.flatnonzero(np.r_[True, new])[: len(chance)]
    return [
        _Sign(_pair(rows, row), float(rows["met"][row] / mean[pair[row]]), chance[int(pair[row])])
        for row in first
    ]


def _rotations(rows: Rows) -> list[_Sign]:
    """N2: runs of winners against all orders of the same wins."""
    p = chances.runs_upper(rows["a_wins"], rows["b_wins"], rows["runs"])
    return [_Sign(_pair(rows, r), float(rows["runs"][r]), float(p[r])) for r in range(len(p))]


def _covers(rows: Rows) -> list[_Sign]:
    """N3: seldom wins by its own chances, and the partner wins more when it is there.

    The first must be unlikely (5 %); the p value is the second's, because a firm that loses for
    reasons of its own loses to everybody.
    """
    seldom = chances.sum_lower(rows["cover_wins"], rows["cover_expected"], rows["cover_variance"])
    often = chances.binomial_upper(rows["partner_wins"], rows["met"], rows["rate"])
    return [
        _Sign(_pair(rows, r, "cover", "partner"), float(rows["partner_wins"][r]), float(often[r]))
        for r in range(len(often)) if seldom[r] <= 0.05
    ]  # fmt: skip


def _splits(rows: Rows) -> list[_Sign]:
    """N4: who of two firms wins where, against shuffled winners."""
    cells: dict[tuple[str, ...], list[int]] = {}
    for row in range(len(rows["market"])):
        cells.setdefault(_pair(rows, row), []).append(row)
    signs = []
    for bidders, places in cells.items():
        wins = [(int(rows["a_wins"][r]), int(rows["b_wins"][r])) for r in places]
        clean = sum(max(pair) for pair in wins) / sum(sum(pair) for pair in wins)
        signs.append(_Sign(bidders, clean, chances.split_p(wins)))
    return signs


def _repeats(rows: Rows, usual: float) -> list[_Sign]:
    """N6: a price ratio repeated to three decimals, against the pair's honest spread.

    The pair's own spread counts only as far as it exceeds half of the usual one: a ring that always
    repeats has none of its own.
    """
    mean = rows["apart"] / rows["met"]
    own = np.sqrt(np.maximum(rows["apart2"] / rows["met"] - mean**2, 0.0))
    p = chances.repeat_p(rows["times"], rows["met"], np.maximum(own, usual / 2))
    return [_Sign(_pair(rows, r), float(rows["times"][r]), float(p[r])) for r in range(len(p))]


_INNOCENT = {
    "N1": (innocent.LOCAL_MARKET, innocent.MANY_TESTS),
    "N2": (innocent.CAPACITY, innocent.MANY_TESTS),
    "N3": (innocent.WEAK_BIDDER, innocent.MANY_TESTS),
    "N4": (innocent.HOME_AREA, innocent.MANY_TESTS),
    "N6": (innocent.ROUND_DISCOUNT, innocent.MANY_TESTS),
}


def _finding(code: str, sign: _Sign, limit: float) -> Finding:
    """Make a finding of a sign that stayed; the threshold is the limit of its p.

    The value is the lift over the expectation (N1), the runs of winners (N2), the partner's wins
    beside the cover bidder (N3), the share of wins that follow the market (N4), and how often one
    ratio came (N6).
    """
    return Finding(
        code=code,
        strength=Strength.C,
        bidders=sign.bidders,
        value=sign.value,
        threshold=limit,
        p=sign.p,
        legal="REG 40(4)" if code == "N6" else "",
        innocent=_INNOCENT[code],
    )


def with_tenders(stages: Stages, found: Sequence[Finding]) -> list[Finding]:
    """Point each finding at the newest tenders in which its two bidders met."""
    if not found:
        return []
    pairs = sorted({(int(sign.bidders[0]), int(sign.bidders[1])) for sign in found})
    wanted = ibis.memtable(pa.table({"a": [a for a, _ in pairs], "b": [b for _, b in pairs]}))
    rows = _columns(meetings(stages, wanted).select("a", "b", "tender"))
    seen: dict[tuple[str, ...], list[int]] = {}
    for a, b, tender in zip(rows["a"], rows["b"], rows["tender"], strict=True):
        seen.setdefault((str(a), str(b)), []).append(int(tender))
    answer = []
    for sign in found:
        newest = sorted(seen.get(sign.bidders, []), reverse=True)[:_SHOWN]
        pointers = [Evidence(who, record=f"tender {n}") for n in newest for who in sign.bidders]
        answer.append(replace(sign, evidence=tuple(pointers)))
    return answer
