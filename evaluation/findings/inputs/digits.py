"""S-BENFORD for people (首位数字对照): digits counted beside the law, and all bills' departure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evaluation.findings.inputs.exhibits import Exhibit, Plot, Row, Seen, plain
from evaluation.screens.bills import Bill, own_prices
from evaluation.screens.digits import (
    EXPECTED,
    Counts,
    departure,
    digit_signs,
    first_digits,
)
from evaluation.screens.finding import Finding
from tender.core.i18n import N_

LEAST = 50  # Prices of a bill below which its departure is mere chance.


def digits_seen(
    bills: Sequence[Bill], control: Bill | None, counts: Mapping[str, int]
) -> list[Seen]:
    """The findings, each with its digits beside the law's and its departure among all bills'."""
    found = digit_signs(bills, control)
    if not found:
        return []
    digits = {}
    for bill, prices in zip(bills, own_prices(bills, control), strict=True):
        different = np.unique(np.array(prices, np.float64))
        if different.size >= LEAST:
            digits[bill.bidder] = first_digits(different)
    told = {**counts, "digit_bills": len(digits)}
    departures = tuple(sorted(departure(each) for each in digits.values()))
    return [
        Seen(sign, (_table(digits[sign.bidders[0]]),), _plot(sign, digits, departures), told)
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


def _plot(sign: Finding, digits: Mapping[str, Counts], every: tuple[float, ...]) -> Plot:
    return Plot(
        N_("How far each bill's first digits depart from the law"), N_("chi-square over prices"),
        every, departure(digits[sign.bidders[0]]),
    )  # fmt: skip
