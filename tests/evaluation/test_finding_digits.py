"""S-BENFORD on the platform: bills as they are kept, the digits shown beside the law's."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.findings.access import own_side
from evaluation.findings.innocence import explanations
from evaluation.findings.inputs.bills import screen_bills
from evaluation.findings.inputs.exhibits import Seen, seen_from
from evaluation.findings.plots import drawing
from evaluation.findings.words import rarity_words, value_words
from tender.core.i18n import speaking


def _kept(folder: Path, bidder: str, prices: npt.NDArray[np.float64]) -> dict[str, str]:
    items = [
        {"code": f"{row:09d}", "name": "", "unit": "m3", "price": int(price), "basis": "own",
         "place": f"Sheet!D{row + 2}"}
        for row, price in enumerate(prices)
    ]  # fmt: skip
    path = folder / f"{bidder}.json"
    path.write_text(json.dumps({"v": 1, "extracted": {}, "bill": {"items": items, "made": []}}))
    return {"bidder": bidder, "file": f"{bidder}.xlsx", "read": str(path)}


def _screened(folder: Path, bills: dict[str, npt.NDArray[np.float64]]) -> list[Seen]:
    rows = [_kept(folder, bidder, prices) for bidder, prices in bills.items()]
    request: dict[str, Any] = {"documents": rows, "tender": []}
    return [seen_from(each) for each in screen_bills(request)]


def test_a_made_up_bill_is_shown_with_its_digits_and_honest_ones_raise_nothing(
    tmp_path: Path,
) -> None:
    random = np.random.default_rng(5)
    costs = np.exp(random.normal(9, 1.6, 500))
    bills = {
        name: np.maximum(np.round(costs * np.exp(0.06 * random.normal(size=500))), 1)
        for name in ("b", "c", "d")
    }
    assert _screened(tmp_path, bills) == []
    bills["a"] = np.round(random.uniform(1, 10, 500) * 10.0 ** random.integers(2, 6, 500))
    [seen] = [each for each in _screened(tmp_path, bills) if each.finding.code == "S-BENFORD"]
    assert seen.finding.bidders == ("a",)
    [exhibit] = seen.exhibits
    assert len(exhibit.rows) == 9
    assert sum(int(row.cells[0].pieces[0].text) for row in exhibit.rows) == seen.finding.value
    drawn = drawing(seen.finding, seen.plot)
    assert drawn is not None
    assert sum(bar.count for bar in drawn.bars) == seen.finding.value
    assert [tick.words for tick in drawn.ticks] == list("123456789")
    assert all(before.y < after.y for before, after in pairwise(drawn.marks))
    with speaking("zh"):
        assert "综合单价" in value_words(seen.finding)
        assert "1,000,000" in rarity_words(seen.finding)
        told = explanations(seen.finding.innocent, seen.counts)
    assert [each.checked for each in told] == [False, True, True]
    assert own_side(seen, "a").plot is None
