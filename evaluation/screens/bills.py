"""Bills of quantities (工程量清单报价): B1 equal prices, B2 one ratio, B3 one cost file.

Unit prices say more than totals: two bidders who each work out hundreds of items never agree on a
fifth of them to the cent. REG 40(4) names prices alike or in a regular pattern. What binds every
bidder is left out first: quota-priced and provisional items and items copied from the published
control price, of which honest pairs share up to a sixth of a bill.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np
from scipy.stats import norm, poisson, spearmanr

from evaluation.screens import innocent
from evaluation.screens.computers import Machine
from evaluation.screens.finding import Evidence, Finding, Strength, ordered
from evaluation.screens.prices import Floats


class Basis(StrEnum):
    """Who sets the price of an item: the bidder (自主报价), a quota (定额), the tender (暂估)."""

    OWN = "own"
    QUOTA = "quota"
    PROVISIONAL = "provisional"


@dataclass(frozen=True)
class Item:
    """One item of a bill; `price` is the comprehensive unit price (综合单价) in fen.

    `place` is where a person finds it: a cell such as "Sheet1!F12", or "item 12" of an XML bill.
    """

    code: str
    name: str
    unit: str
    price: int
    basis: Basis = Basis.OWN
    place: str = ""


@dataclass(frozen=True)
class Bill:
    """The priced bill of one bidder and lot, with the machines that its file says made it."""

    bidder: str
    items: tuple[Item, ...]
    file: str | None = None
    made: tuple[Machine, ...] = ()


@dataclass(frozen=True)
class _Pair:
    """The comparable items of two bills, prices in fen."""

    first: Bill
    second: Bill
    a: Floats
    b: Floats
    places: tuple[tuple[str, str], ...]


# Honest estimators differ by at least this much (one standard deviation) on an item.
_TIGHT = 0.03
# A fifth of the items, and never fewer than this many: above what honest pairs share by habit.
SHARE, _FEWEST = 0.2, 5
_RARE = 1e-6
# B3 needs this many items, and this much of the correlation that a common file would give.
_ITEMS, _LIKE, _RARE_LIKE = 20, 0.5, 1e-5
_SHOWN = 20


def compare_bills(bills: Sequence[Bill], control: Bill | None = None) -> list[Finding]:
    """Compare every pair of bills of one lot and return B1, B2 and B3.

    `control` is the published control-price bill, whose prices anybody may copy. An item that any
    bill marks as quota-priced or provisional is left out for all. Consortium partners hand in one
    bill; two bills of one bidder must not be given.
    """
    keyed = [_keyed(bill.items) for bill in bills]
    bound = {key for items in keyed for key, item in items.items() if item.basis is not Basis.OWN}
    fixed = {key: item.price for key, item in _keyed(control.items).items()} if control else {}
    found: list[Finding] = []
    for one, other in combinations(range(len(bills)), 2):
        pair = _matched(bills[one], bills[other], keyed[one], keyed[other], bound, fixed)
        if len(pair.a) < _FEWEST:
            continue
        regular = [sign for sign in (_equal(pair), _ratio(pair)) if sign is not None]
        rest = [keyed[k] for k in range(len(bills)) if k not in (one, other)]
        common = _common_file(pair, keyed[one], rest, bound, strong=bool(regular))
        found += [*regular, *([common] if common else [])]
    return ordered(found)


def own_prices(bills: Sequence[Bill], control: Bill | None = None) -> list[list[int]]:
    """Return for each bill the prices in fen of the items that every bidder prices by itself.

    Items that any bill marks as bound, and prices of the published control price, are left out.
    """
    keyed = [_keyed(bill.items) for bill in bills]
    bound = {key for items in keyed for key, item in items.items() if item.basis is not Basis.OWN}
    fixed = {key: item.price for key, item in _keyed(control.items).items()} if control else {}
    return [
        [
            item.price
            for key, item in items.items()
            if key not in bound and item.price > 0 and fixed.get(key) != item.price
        ]
        for items in keyed
    ]


def _keyed(items: Iterable[Item]) -> dict[tuple[str, str, int], Item]:
    """Index items by code, else name, with unit; the same key again counts up."""
    answer: dict[tuple[str, str, int], Item] = {}
    for item in items:
        times = 0
        while (key := (item.code or item.name, item.unit, times)) in answer:
            times += 1
        answer[key] = item
    return answer


def _matched(
    first: Bill,
    second: Bill,
    one: dict[tuple[str, str, int], Item],
    other: dict[tuple[str, str, int], Item],
    bound: set[tuple[str, str, int]],
    fixed: dict[tuple[str, str, int], int],
) -> _Pair:
    """Return the items that both priced freely."""
    keys = [
        key
        for key, item in one.items()
        if key in other
        and key not in bound
        and min(item.price, other[key].price) > 0
        and not (item.price == other[key].price == fixed.get(key))
    ]
    return _Pair(
        first,
        second,
        np.array([one[key].price for key in keys], dtype=np.float64),
        np.array([other[key].price for key in keys], dtype=np.float64),
        tuple((one[key].place, other[key].place) for key in keys),
    )


def _grain(price: Floats) -> Floats:
    """Return the step that a price seems rounded to, in fen: 4500 is a multiple of 500."""
    grain = np.ones_like(price)
    for step in (5, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000, 100_000):
        grain = np.where(price % step == 0, step, grain)
    return np.minimum(grain, price)


def _equal(pair: _Pair) -> Finding | None:
    """B1: items with equal prices, against the chance that each meets by rounding."""
    same = pair.a == pair.b
    seen, share = int(same.sum()), float(same.mean())
    chance = np.minimum(_grain(pair.a) / (pair.a * 2 * _TIGHT * np.sqrt(np.pi)), 1.0)
    p = float(poisson.sf(seen - 1, chance.sum()))
    if seen < _FEWEST or share < SHARE or p > _RARE:
        return None
    why = (innocent.QUOTA_OUT, innocent.SMALL_PRICES)
    return _finding("B1", Strength.B, pair, share, SHARE, p, why, np.flatnonzero(same))


def _ratio(pair: _Pair) -> Finding | None:
    """B2: the ratio that the most items share within the rounding of a cent.

    A ratio of one is B1's. The chance is that of the fullest window of a scan, with every item as
    wide as the step it seems rounded to.
    """
    low, high = (pair.a - 0.5) / (pair.b + 0.5), (pair.a + 0.5) / (pair.b - 0.5)
    uneven = np.flatnonzero((low > 1) | (high < 1))
    if len(uneven) < _FEWEST:
        return None
    order = uneven[np.argsort(low[uneven])]
    ends = np.sort(high[uneven])
    inside = np.arange(1, len(order) + 1) - np.searchsorted(ends, low[order], side="left")
    best = int(inside.argmax())
    ratio = low[order[best]]
    members = order[(low[order] <= ratio) & (high[order] >= ratio)]
    seen, share = len(members), len(members) / len(pair.a)
    width = _grain(pair.a) / pair.a + _grain(pair.b) / pair.b
    mean = float(np.minimum(width / (_TIGHT * 2 * np.sqrt(np.pi)), 1.0).sum())
    p = min(1.0, len(order) * float(poisson.sf(seen - 2, mean)))
    if seen < _FEWEST or share < SHARE or p > _RARE:
        return None
    why = (innocent.QUOTA_OUT, innocent.SMALL_PRICES)
    return _finding("B2", Strength.B, pair, share, SHARE, p, why, np.sort(members))


def _common_file(
    pair: _Pair,
    items: dict[tuple[str, str, int], Item],
    rest: Sequence[dict[tuple[str, str, int], Item]],
    bound: set[tuple[str, str, int]],
    *,
    strong: bool,
) -> Finding | None:
    """B3: both leave the other bidders' prices in the same places by the same amounts.

    The value is the rank correlation of ln price less the median of the other bidders. That median
    is common to both and correlates honest pairs too; what it alone would give is taken off.
    """
    places = {place: row for row, (place, _) in enumerate(pair.places)}
    rows, middles = [], []
    for key, item in items.items():
        others = [np.log(bill[key].price) for bill in rest if key in bill and bill[key].price > 0]
        if key not in bound and item.place in places and len(others) == len(rest):
            rows.append(places[item.place])
            middles.append(float(np.median(others)) if others else np.nan)
    if not rest or len(rows) < _ITEMS:
        return None
    a, b = np.log(pair.a[rows]) - middles, np.log(pair.b[rows]) - middles
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    # Two who each work out their prices are further apart, however closely both follow the market;
    # the spread of few items is known by chance only, to about one in the root of twice as many.
    close = _TIGHT * np.sqrt(2) * (1 - 2.5 / np.sqrt(2 * len(rows)))
    if residual_spread(pair.a[rows], pair.b[rows]) > close:
        return None
    value = float(spearmanr(a, b).statistic)
    noise = _median_noise(len(rest))
    usual = noise / (1 + noise)
    held = np.clip([value, usual], -0.999999, 0.999999)
    p = float(
        norm.sf((np.arctanh(held[0]) - np.arctanh(held[1])) * np.sqrt((len(rows) - 3) / 1.06))
    )
    if (value - usual) / (1 - usual) < _LIKE or p > _RARE_LIKE:
        return None
    strength = Strength.B if strong else Strength.C
    why = (innocent.QUOTA_OUT, innocent.COMMON_COSTS, innocent.SAME_SUPPLIER)
    threshold = usual + _LIKE * (1 - usual)
    nearest = np.argsort(np.abs(a - b))[:_SHOWN]
    return _finding("B3", strength, pair, value, threshold, p, why, np.array(rows)[nearest])


def _median_noise(others: int) -> float:
    """Return the variance of the median of so many honest bidders, one bidder's being 1."""
    return {1: 1.0, 2: 0.5}.get(others, float(np.pi / (2 * (others + 0.5))))


def _finding(
    code: str,
    strength: Strength,
    pair: _Pair,
    value: float,
    threshold: float,
    p: float,
    why: tuple[str, ...],
    rows: np.typing.NDArray[np.intp],
) -> Finding:
    """Make a finding that points at the first items on both sides."""
    evidence: list[Evidence] = []
    for row in rows[:_SHOWN]:
        for bill, cell in zip((pair.first, pair.second), pair.places[row], strict=True):
            evidence.append(Evidence(bill.bidder, file=bill.file, cell=cell or None))
    return Finding(
        code=code,
        strength=strength,
        bidders=(pair.first.bidder, pair.second.bidder),
        value=value,
        threshold=threshold,
        p=p,
        legal="REG 40(4)",
        innocent=why,
        evidence=tuple(evidence),
    )


def residual_spread(a: Sequence[float] | Floats, b: Sequence[float] | Floats) -> float:
    """Return 1.4826 x MAD of ln(a / b): how far two price lists stray from one ratio."""
    ratio = np.log(np.asarray(a, dtype=np.float64) / np.asarray(b, dtype=np.float64))
    return float(1.4826 * np.median(np.abs(ratio - np.median(ratio))))
