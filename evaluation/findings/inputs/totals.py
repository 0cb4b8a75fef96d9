"""The totals of a lot (报价总额): S among similar past tenders of this platform, and B4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evaluation.findings.inputs.exhibits import Exhibit, Plot, Row, Seen, plain
from evaluation.screens.finding import Finding
from evaluation.screens.prices import price_screens
from evaluation.screens.signs import total_signs
from evaluation.screens.table import BidTable, Direction
from tender.core.i18n import N_

Answer = list[dict[str, Any]]
SCREEN_NAMES = {
    "cv": N_("Spread of the prices (coefficient of variation)"),
    "rd": N_("Distance of the winner from the losers, in their own spread"),
}


def table_from(row: Mapping[str, Any]) -> BidTable:
    """One tender from plain values."""
    return BidTable(
        row["tender"], tuple(row["prices"]), tuple(row.get("bidders", ())), row.get("estimate"),
        row.get("day"),
    )  # fmt: skip


def screen_totals(request: Mapping[str, Any]) -> Answer:
    """S and B4 for the lot, with the past values as the population."""
    table = table_from(request["lot"])
    past = [table_from(row) for row in request["past"]]
    direction = Direction(request["direction"])
    counts = {"past": len(past)}
    return [
        Seen(finding, (_totals(finding, table),), _plot(finding, past, direction), counts).to_json()
        for finding in total_signs(table, past, direction)
    ]


def _totals(finding: Finding, table: BidTable) -> Exhibit:
    """All totals in order; those of the finding marked."""
    order = sorted(zip(table.prices, table.bidders, strict=True))
    rows, before = [], None
    for price, bidder in order:
        step = f"{price - before:+,.2f}" if before is not None else ""
        marked = bidder in finding.bidders and finding.code == "B4"
        rows.append(Row((plain(f"{price:,.2f}", marked), plain(step)), bidder=bidder))
        before = price
    columns = (N_("Total in yuan"), N_("Step from the one before"))
    return Exhibit(N_("Totals of the lot in order"), columns, tuple(rows), named=False)


def _plot(finding: Finding, past: list[BidTable], direction: Direction) -> Plot | None:
    name = finding.code.removeprefix("S-").lower()
    if name not in SCREEN_NAMES:
        return None
    screens = (price_screens(each.prices, each.estimate, direction) for each in past)
    values = [getattr(each, name) for each in screens]
    known = sorted(min(value, 50.0) for value in values if value is not None)
    title, unit = N_("This lot among past tenders of its market"), SCREEN_NAMES[name]
    return Plot(title, unit, tuple(known), min(finding.value, 50.0))
