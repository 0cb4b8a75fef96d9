"""Tables of bids (投标报价表) as plain CSV: what the price screens read.

Supervisors and researchers hold such tables outside the platform. A table is read whole or refused
with the line that is wrong, because a silently dropped column would look like an honest tender.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_


class Direction(StrEnum):
    """Which price wins: the lowest of a purchase (采购), the highest of a disposal (处置)."""

    PURCHASE = "purchase"
    DISPOSAL = "disposal"


class UnreadableTable(DomainError):
    """A table of bids that does not follow its format."""


@dataclass(frozen=True)
class BidTable:
    """The bids of one tender, in the order of the table.

    `prices` are positive, in any one currency unit; `bidders` has an empty string where the bidder
    is not known. `estimate` is the pre-tender estimate or control price (控制价). `day` counts in
    whatever unit the table's dates have, days for ISO dates. `collusive` is the label of a history.
    """

    tender: str
    prices: tuple[float, ...]
    bidders: tuple[str, ...] = ()
    estimate: float | None = None
    day: float | None = None
    collusive: bool | None = None


def read_bids(path: Path, *, labelled: bool = False) -> list[BidTable]:
    """Read a CSV of bids, one line a bid, into one entry a tender, in the order of appearance.

    UTF-8 (with or without a mark) or GB18030, as spreadsheets of the county write it. Columns
    tender and price, and where known date (an integer or an ISO date), bidder, estimate; a history
    needs tender_collusive (0 or 1, equal on all lines of a tender). Other columns are passed over.
    A line without a price, or with one that is not positive, is a bidder without a usable bid and
    is left out. Raises UnreadableTable with the line.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    columns = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = columns
    needed = ["tender", "price", *(["tender_collusive"] if labelled else [])]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise UnreadableTable(
            Kind.INVALID,
            "screens.column_missing",
            N_("The table %(path)s has no column %(column)s. Add it and run again."),
            path=path.name,
            column=", ".join(missing),
        )
    rows: dict[str, list[dict[str, str]]] = {}
    for number, row in enumerate(reader, start=2):
        values = {name: (value or "").strip() for name, value in row.items() if name}
        values["line"] = str(number)
        rows.setdefault(values["tender"], []).append(values)
    tables = (_tender(path, name, lines, labelled) for name, lines in rows.items())
    return [table for table in tables if table.prices]


def _text(path: Path) -> str:
    """Decode a table; what is not UTF-8 is taken as GB18030."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def _tender(path: Path, name: str, lines: list[dict[str, str]], labelled: bool) -> BidTable:
    """Fold the lines of one tender into its entry."""
    bids = [(_number(path, row, "price"), row.get("bidder", "")) for row in lines]
    usable = [(price, bidder) for price, bidder in bids if price is not None and price > 0]
    estimates = {value for row in lines if (value := _number(path, row, "estimate")) is not None}
    labels = {_number(path, row, "tender_collusive") for row in lines} if labelled else {None}
    if len(labels) > 1 or (labelled and not labels <= {0.0, 1.0}):
        raise _wrong(path, lines[0], "tender_collusive")
    label = labels.pop()
    return BidTable(
        tender=name,
        prices=tuple(price for price, _ in usable),
        bidders=tuple(bidder for _, bidder in usable),
        estimate=max(estimates) if estimates and max(estimates) > 0 else None,
        day=_day(path, lines[0]),
        collusive=None if label is None else bool(label),
    )


def _number(path: Path, row: dict[str, str], column: str) -> float | None:
    """Return a number of the row, None where the cell is empty or absent."""
    text = row.get(column, "").replace(",", "").replace("\uff0c", "")
    if not text or text.lower() in ("na", "nan", "null", "none"):
        return None
    try:
        value = float(text)
    except ValueError:
        raise _wrong(path, row, column) from None
    if not math.isfinite(value):
        raise _wrong(path, row, column)
    return value


def _day(path: Path, row: dict[str, str]) -> float | None:
    """Return the date of the row as a number: an integer as it is, an ISO date in days."""
    text = row.get("date", "")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text) if len(text) > 10 else None
        return float((moment.date() if moment else date.fromisoformat(text)).toordinal())
    except ValueError:
        raise _wrong(path, row, "date") from None


def _wrong(path: Path, row: dict[str, str], column: str) -> UnreadableTable:
    """Say which cell of which line cannot be read."""
    return UnreadableTable(
        Kind.INVALID,
        "screens.cell_unreadable",
        N_("Line %(line)s of %(path)s: %(column)s cannot be read. Correct the line and run again."),
        line=row["line"],
        path=path.name,
        column=column,
    )
