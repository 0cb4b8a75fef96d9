"""Bills of quantities of a lot (工程量清单): read, B1 to B3 over prices, H2 to H4 over machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

from evaluation.findings.inputs.digits import digits_seen
from evaluation.findings.inputs.exhibits import (
    MOST_ROWS,
    Exhibit,
    Piece,
    Plot,
    Row,
    Seen,
    cell_of,
)
from evaluation.findings.inputs.machines import machine_exhibit, machine_from
from evaluation.screens.bill_files import UnreadableBill, read_bill
from evaluation.screens.bills import SHARE, Basis, Bill, Item, compare_bills
from evaluation.screens.computers import Known, Machine, maker_signs
from evaluation.screens.finding import Evidence, Finding
from tender.core.i18n import N_

Answer = list[dict[str, Any]]


def read_bills(request: Mapping[str, Any]) -> dict[str, Any] | None:
    """The bill in one file as plain values, None where the file holds none."""
    data = Path(request["path"]).read_bytes()
    try:
        bill = read_bill(data, "", request["name"])
    except UnreadableBill:
        return None
    made = [asdict(machine) for machine in bill.made]
    for machine in made:
        machine["at"] = machine["at"].isoformat() if machine["at"] else None
    return {"items": [asdict(item) for item in bill.items], "made": made}


def bill_from(held: Mapping[str, Any], bidder: str, file: str) -> Bill:
    """Read what `read_bills` gave, as the bill of a bidder."""
    items = tuple(Item(**{**item, "basis": Basis(item["basis"])}) for item in held["items"])
    return Bill(bidder, items, file, tuple(machine_from(row, file) for row in held["made"]))


def _bills(rows: Sequence[Mapping[str, Any]]) -> Iterator[Bill]:
    for row in rows:
        content = json.loads(Path(row["read"]).read_text("utf-8", "surrogatepass"))
        if content.get("bill") is not None:
            yield bill_from(content["bill"], row["bidder"], row["file"])


def screen_bills(request: Mapping[str, Any]) -> Answer:
    """B1, B2 and B3 over the largest bill of each bidder, beside the control-price bill."""
    every = list(_bills(request["documents"]))
    largest: dict[str, Bill] = {}
    for bill in every:
        if (
            len(bill.items) > len(largest.get(bill.bidder, bill).items)
            or bill.bidder not in largest
        ):
            largest[bill.bidder] = bill
    bills = list(largest.values())
    controls = list(_bills(request["tender"]))
    control = max(controls, key=lambda bill: len(bill.items), default=None)
    bound = sum(item.basis is not Basis.OWN for bill in bills for item in bill.items)
    counts = {"bound_items": bound, "control_items": len(control.items) if control else 0}
    shares = _shares(bills)
    found = [
        Seen(finding, (_prices(finding, largest),), _plot(finding, shares), counts)
        for finding in compare_bills(bills, control)
    ]
    found += digits_seen(bills, control, counts)
    return [seen.to_json() for seen in found]


def _shares(bills: Sequence[Bill]) -> tuple[float, ...]:
    """The share of equal unit prices of every pair, for the population of B1."""
    found = []
    for one, other in combinations(bills, 2):
        mine, theirs = ({_key(item): item.price for item in bill.items} for bill in (one, other))
        both = [key for key in mine if key in theirs]
        if both:
            found.append(sum(mine[key] == theirs[key] for key in both) / len(both))
    return tuple(sorted(found))


def _key(item: Item) -> tuple[str, str]:
    return (item.code or item.name, item.unit)


def _plot(finding: Finding, shares: tuple[float, ...]) -> Plot | None:
    if finding.code != "B1":
        return None
    return Plot(
        N_("Share of equal unit prices of every pair of bidders in this lot"), N_("share of items"),
        shares, finding.value, ((SHARE, N_("Strong sign from here on")),),
    )  # fmt: skip


def _prices(finding: Finding, bills: Mapping[str, Bill]) -> Exhibit:
    """The cells of both bills, item by item, with the ratio where prices differ."""
    places = {
        bidder: {item.place: item for item in bills[bidder].items} for bidder in finding.bidders
    }
    pairs = list(zip(finding.evidence[::2], finding.evidence[1::2], strict=False))
    rows = [_item_row(sides, places) for sides in pairs[:MOST_ROWS]]
    return Exhibit(
        N_("Unit prices of both bills"), finding.bidders, tuple(rows), more=len(pairs) - len(rows)
    )


def _item_row(sides: tuple[Evidence, Evidence], places: Mapping[str, Mapping[str, Item]]) -> Row:
    items = [places[side.bidder].get(side.cell or "") for side in sides]
    known = [item for item in items if item is not None]
    same = len(known) == 2 and known[0].price == known[1].price
    cells = tuple(
        cell_of(side, Piece(_money(item.price) if item else "", "same" if same else ""))
        for side, item in zip(sides, items, strict=True)
    )
    name = f"{known[0].code} {known[0].name} {known[0].unit}".strip() if known else ""
    if len(known) == 2 and not same and known[1].price:
        ratio = f"{known[0].price / known[1].price:.4f}"
        return Row(cells, N_("%(item)s; ratio %(ratio)s"), {"item": name[:120], "ratio": ratio})
    return Row(cells, name[:120], same=same)


def _money(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


def screen_makers(request: Mapping[str, Any]) -> Answer:
    """H2, H3 and H4 over the records in bills, without the control-price file's."""
    records = [(bill.bidder, m) for bill in _bills(request["documents"]) for m in bill.made]
    control = tuple(machine for bill in _bills(request["tender"]) for machine in bill.made)
    published = request.get("published")
    known = Known(
        venue=tuple(machine_from(row) for row in request["venue"]),
        control=control,
        published=datetime.fromisoformat(published) if published else None,
    )
    counts = {"venue": len(known.venue), "control": len(control)}
    return [
        Seen(finding, (_machines(finding, records),), counts=counts).to_json()
        for finding in maker_signs(records, known)
    ]


def _machines(finding: Finding, records: Sequence[tuple[str, Machine]]) -> Exhibit:
    sides = []
    for place in finding.evidence:
        here = [m for bidder, m in records if bidder == place.bidder and m.file == place.file]
        exact = [m for m in here if m.record == place.record]
        sides.append((exact or here or [Machine()])[0])
    return machine_exhibit(finding.bidders, sides)
