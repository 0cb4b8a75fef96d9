"""S-BENFORD for people (首位数字对照): digits counted beside the law, as a table and as a plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evaluation.findings.inputs.exhibits import Exhibit, Plot, Row, Seen, plain
from evaluation.screens.bills import Bill, own_prices
from evaluation.screens.digits import (
    EXPECTED,
    LEAST_PRICES,
    Counts,
    digit_signs,
    first_digits,
)
from tender.core.i18n import N_


def digits_seen(
    bills: Sequence[Bill], control: Bill | None, counts: Mapping[str, int]
) -> list[Seen]:
    """The findings, each with the digits counted beside those that the law expects."""
    found = digit_signs(bills, control)
    if not found:
        return []
    digits = {}
    for bill, prices in zip(bills, own_prices(bills, control), strict=True):
        different = np.unique(np.array(prices, np.float64))
        if different.size >= LEAST_PRICES:
            digits[bill.bidder] = first_digits(different)
    told = {**counts, "digit_bills": len(digits)}
    return [
        Seen(sign, (_table(digits[sign.bidders[0]]),), _plot(digits[sign.bidders[0]]), told)
        for sign in found
    ]


def _table(counts: Counts) -> Exhibit:
    total = counts.sum()
    rows = tuple(
        Row(
            (
                plain(f"{count:.0f}"),
                plain(f"{100 * count / total:.1f} %"),
                plain(f"{total * share:.0f}"),
                plain(f"{100 * share:.1f} %"),
            ),
            N_("Begins with %(n)s"),
            {"n": digit},
        )
        for digit, (count, share) in enumerate(zip(counts, EXPECTED, strict=True), start=1)
    )
    columns = (N_("Counted"), N_("Share"), N_("Expected"), N_("Share expected"))
    return Exhibit(N_("First digits of the unit prices"), columns, rows, named=False)


def _plot(counts: Counts) -> Plot:
    total = float(counts.sum())
    return Plot(
        N_("First digits of the unit prices"), N_("first digit"), tuple(counts.tolist()), total,
        expected=tuple((total * EXPECTED).tolist()),
    )  # fmt: skip
