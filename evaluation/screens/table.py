"""Tables of bids (投标报价表) as plain CSV: what the price screens read.

Supervisors and researchers hold such tables outside the platform. A table is read whole or refused
with the line that is wrong, because a silently dropped column would look like an honest tender.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_

_READ = ("tender", "price", "date", "bidder", "estimate", "tender_collusive")
_ABSENT = ("na", "n/a", "nan", "null", "none")
# A comma parts thousands and nothing else: "1.234,50" and "1,5" would be read a hundredfold wrong.
_NUMBER = re.compile(r"[+-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_SMALLEST, _LARGEST = 1e-9, 1e18


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
    is left out; a tender of such lines alone has no prices. Raises UnreadableTable with the line.
    """
    needed = ["tender", "price", *(["tender_collusive"] if labelled else [])]
    rows: dict[str, list[dict[str, str]]] = {}
    for row in _rows(path, needed):
        if not row["tender"]:
            raise _wrong(path, row, "tender")
        rows.setdefault(row["tender"], []).append(row)
    return [_tender(path, name, lines, labelled) for name, lines in rows.items()]


def _rows(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the lines that hold anything, each by its columns and with its number as `line`.

    A quotation mark that is never closed would swallow the rest of the table, and a price with
    thousands but without quotation marks is two cells: both are refused.
    """
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True, skipinitialspace=True)
    columns: list[str] = []
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            if not any(row):
                continue
            if not columns:
                columns = _columns(path, row, needed)
                continue
            if any(row[len(columns) :]):
                raise _unsound(path, reader.line_num)
            held = dict(zip(columns, row, strict=False))
            yield dict.fromkeys(columns, "") | held | {"line": str(reader.line_num)}
    except csv.Error as error:
        raise _unsound(path, reader.line_num) from error
    if not columns:
        _columns(path, [], needed)


def _columns(path: Path, heading: list[str], needed: Sequence[str]) -> list[str]:
    """Return the names of the columns; one that is missing or stands twice is refused."""
    missing = [name for name in needed if name not in heading]
    if missing:
        raise UnreadableTable(
            Kind.INVALID,
            "screens.column_missing",
            N_("The table %(path)s has no column %(column)s. Add it and run again."),
            path=path.name,
            column=", ".join(missing),
        )
    twice = [name for name in _READ if heading.count(name) > 1]
    if twice:
        raise UnreadableTable(
            Kind.INVALID,
            "screens.column_twice",
            N_("The table %(path)s has the column %(column)s twice. Keep one and run again."),
            path=path.name,
            column=", ".join(twice),
        )
    return heading


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
    text = row.get(column, "").replace("\uff0c", ",")
    if not text or text.lower() in _ABSENT:
        return None
    if not _NUMBER.fullmatch(text):
        raise _wrong(path, row, column)
    value = float(text.replace(",", ""))
    if value and not _SMALLEST <= abs(value) <= _LARGEST:
        raise _wrong(path, row, column)
    return value


def _day(path: Path, row: dict[str, str]) -> float | None:
    """Return the date of the row as a number: an integer as it is, an ISO date in days."""
    text = row.get("date", "")
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        return _number(path, row, "date")
    try:
        moment = datetime.fromisoformat(text) if len(text) > 10 else None
        return float((moment.date() if moment else date.fromisoformat(text)).toordinal())
    except ValueError:
        raise _wrong(path, row, "date") from None


def _unsound(path: Path, line: int) -> UnreadableTable:
    """Say which line is no row of the table."""
    return UnreadableTable(
        Kind.INVALID,
        "screens.line_unreadable",
        N_(
            "Line %(line)s of %(path)s is no row of the table. "
            "Check its quotation marks and commas and run again."
        ),
        line=line,
        path=path.name,
    )


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
