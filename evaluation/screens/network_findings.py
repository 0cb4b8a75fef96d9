"""What the networks say: rows of the Ibis stages to findings, with false discoveries limited.

`NetworkSigns` of all tenders also keeps the largest p that stayed for each code. A new tender is
then screened among its own bidders' bids and held against those limits, so that one tender seen
alone is judged as strictly as if everything had been counted again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np

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
# A person looks at a dozen tenders, not at a hundred.
_SHOWN = 12


@dataclass(frozen=True)
class NetworkSigns:
    """Findings, and for each code the largest p that stayed and the number of tests."""

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
    pairs = int(stages.pairs.count().execute())
    spread = _usual_spread(stages) if before is None else before.spread
    tested: dict[str, tuple[list[_Sign], int]] = {
        "N1": (_lifts(_rows(lifted(stages))), pairs),
        "N2": _rotations(_rows(alternating(stages))),
        "N3": (_covers(_rows(covering(stages))), 2 * pairs),
        "N4": (_splits(_rows(allotted(stages))), pairs),
        "N6": (_repeats(_rows(repeated(stages)), spread), pairs),
    }
    found: list[Finding] = []
    limits: dict[str, float] = {}
    for code, (signs, tests) in tested.items():
        p = np.array([sign.p for sign in signs])
        limits[code] = chances.accepted(p, tests) if before is None else before.limits[code]
        found += [_finding(code, sign, limits[code]) for sign in signs if sign.p <= limits[code]]
    found = _with_tenders(stages, found)
    counts = {code: tests for code, (_, tests) in tested.items()}
    return NetworkSigns(tuple(ordered(found)), limits, counts, spread)


def _rows(expression: Any) -> Rows:
    """Run an expression and return its columns, in an order that no engine decides."""
    frame = expression.to_pandas()
    by = [name for name in ("market", "a_bidder", "b_bidder", "cover", "partner") if name in frame]
    frame = frame.sort_values([*by, *(["thousandths"] if "thousandths" in frame else [])])
    return {name: frame[name].to_numpy() for name in frame.columns}


def _usual_spread(stages: Stages) -> float:
    """Return the median standard deviation of log price ratios over pairs that met often."""
    pairs = stages.pairs
    mean = pairs.apart / pairs.met
    variance = (pairs.apart2 / pairs.met - mean * mean).clip(lower=0)
    usual = variance.sqrt().approx_median().execute()
    return float(usual) if usual is not None and usual > 0 else 0.06


def _pair(rows: Rows, row: int, a: str = "a_bidder", b: str = "b_bidder") -> tuple[str, ...]:
    """Name the two bidders of a row."""
    return (str(int(rows[a][row])), str(int(rows[b][row])))


def _lifts(rows: Rows) -> list[_Sign]:
    """N1: meetings against the stratified hypergeometric expectation."""
    p = chances.sum_upper(rows["met"], rows["mean"], rows["variance"])
    return [
        _Sign(_pair(rows, r), float(rows["met"][r] / rows["mean"][r]), float(p[r]))
        for r in range(len(p))
    ]


def _rotations(rows: Rows) -> tuple[list[_Sign], int]:
    """N2: runs of winners against all orders of the same wins."""
    p = chances.runs_upper(rows["a_wins"], rows["b_wins"], rows["runs"])
    signs = [_Sign(_pair(rows, r), float(rows["runs"][r]), float(p[r])) for r in range(len(p))]
    return signs, len(signs)


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
    """Make a finding of a sign that stayed; the threshold is the largest p that stays.

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


def _with_tenders(stages: Stages, found: list[Finding]) -> list[Finding]:
    """Point each finding at the newest tenders in which its two bidders met."""
    if not found:
        return []
    pairs = sorted({(int(sign.bidders[0]), int(sign.bidders[1])) for sign in found})
    wanted = ibis.memtable({"a": [a for a, _ in pairs], "b": [b for _, b in pairs]})
    frame = meetings(stages, wanted).select("a", "b", "tender").to_pandas()
    seen: dict[tuple[str, ...], list[int]] = {}
    for a, b, tender in zip(frame["a"], frame["b"], frame["tender"], strict=True):
        seen.setdefault((str(a), str(b)), []).append(int(tender))
    answer = []
    for sign in found:
        newest = sorted(seen.get(sign.bidders, []), reverse=True)[:_SHOWN]
        pointers = [Evidence(who, record=f"tender {n}") for n in newest for who in sign.bidders]
        answer.append(replace(sign, evidence=tuple(pointers)))
    return answer


def new_tender(
    bids: Any,
    whole: Stages,
    bidders: Sequence[int],
    before: NetworkSigns,
    stages_among: Callable[[Any], Stages],
) -> NetworkSigns:
    """Screen one new tender: its bidders' past bids among each other, at the limits of `before`.

    `stages_among(bids)` computes the stages of those bids on the caller's engine.
    """
    mine = bids.filter(bids.bidder.isin(list(bidders)))
    return network_signs(stages_among(mine), before)
