"""Reading bills of quantities: spreadsheets (xlsx) and the documented XML.

Bills come from bidders, so they are hostile until read: no entity, no network, no unbounded size.
A file that cannot be read is said to be so; it is never a crash and never an empty bill. The XML
form stands in docs/collusion.md.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from evaluation.screens.bills import Basis, Bill, Item
from evaluation.screens.computers import Machine
from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_

MOST_BYTES = 50_000_000
MOST_UNPACKED = 300_000_000
MOST_ITEMS = 200_000

_HEADINGS = {
    "code": re.compile(r"项目编码|清单编码|编码|^code$|item code", re.IGNORECASE),
    "name": re.compile(r"项目名称|清单名称|^名称$|^name$|description", re.IGNORECASE),
    "unit": re.compile(r"计量单位|^单位$|^unit$", re.IGNORECASE),
    "price": re.compile(r"综合单价|^单价|unit price|^price$", re.IGNORECASE),
    "basis": re.compile(r"计价方式|计价依据|^basis$", re.IGNORECASE),
}
_QUOTA = re.compile(r"定额|政府指导价|信息价|quota", re.IGNORECASE)
_PROVISIONAL = re.compile(r"暂列金额|暂估|provisional", re.IGNORECASE)


class UnreadableBill(DomainError):
    """A bill that could not be read: a finding of its own, never a crash."""


def _unreadable(file: str, why: str) -> UnreadableBill:
    """Say which file, and why."""
    return UnreadableBill(
        Kind.INVALID,
        "screens.bill_unreadable",
        N_("The bill %(file)s could not be read (%(why)s). Look at it by hand."),
        file=file,
        why=why,
    )


def fen(text: object) -> int | None:
    """Return a unit price in fen, None where a cell holds none; half a fen is rounded up."""
    if text is None or isinstance(text, bool):
        return None
    plain = re.sub(r"[\s,，¥￥元]", "", str(text))
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value < Decimal(10) ** 13:
        return None
    return int(value * 100 + Decimal("0.5"))


def read_bill(data: bytes, bidder: str, file: str) -> Bill:
    """Read a bill by its content: a zip is taken for xlsx, anything else for XML.

    Raises UnreadableBill.
    """
    if len(data) > MOST_BYTES:
        raise _unreadable(file, "larger than 50 MB")
    if data[:2] == b"PK":
        try:
            return Bill(bidder, tuple(_xlsx(data, file)), file)
        except (UnreadableBill, MemoryError):
            raise
        except Exception as error:  # A hostile file may raise anything in a parser.
            raise _unreadable(file, "it is damaged") from error
    root = _xml_root(data, file)
    return Bill(bidder, tuple(_xml_items(root, file)), file, _xml_machines(root, file))


def _xml_root(data: bytes, file: str) -> Any:
    """Parse XML without entities, network or deep nesting."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise _unreadable(file, "it declares a document type")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise _unreadable(file, "it is neither xlsx nor well-formed XML") from None
    if root.tag != "bill":
        raise _unreadable(file, "its root is not <bill>")
    return root


def _xml_items(root: Any, file: str) -> Iterator[Item]:
    """Return the items of an XML bill."""
    for number, node in enumerate(root.iter("item"), start=1):
        price = fen(node.get("price"))
        if price is None:
            raise _unreadable(file, f"item {number} has no price")
        if number > MOST_ITEMS:
            raise _unreadable(file, "more than 200,000 items")
        basis = node.get("basis", "own")
        if basis not in set(Basis):
            raise _unreadable(file, f"item {number} has an unknown basis")
        yield Item(
            node.get("code", ""), node.get("name", ""), node.get("unit", ""), price,
            Basis(basis), f"item {number}",
        )  # fmt: skip


def _xml_machines(root: Any, file: str) -> tuple[Machine, ...]:
    """Return what the pricing software recorded of the machines that made the bill."""
    machines = []
    for number, node in enumerate(root.iter("made"), start=1):
        at = node.get("at")
        try:
            moment = datetime.fromisoformat(at) if at else None
        except ValueError:
            raise _unreadable(file, f"made {number} has no readable time") from None
        if moment is not None and moment.tzinfo is None:
            raise _unreadable(file, f"the time of made {number} has no zone")
        machines.append(
            Machine(
                mac=node.get("mac", ""),
                cpu=node.get("cpu", ""),
                disk=node.get("disk", ""),
                dongle=node.get("dongle", ""),
                creation=node.get("creation", ""),
                at=moment,
                file=file,
                record=f"made {number}",
            )
        )
    return tuple(machines)


def _xlsx(data: bytes, file: str) -> Iterator[Item]:
    """Return the items of every sheet that has the headings of a bill."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
                raise _unreadable(file, "it unpacks to more than 300 MB")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, etree.XMLSyntaxError):
        raise _unreadable(file, "it is not a spreadsheet") from None
    seen = 0
    for sheet in book.worksheets:
        columns: dict[str, int] = {}
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            columns = _headings(row) or columns
            item = _xlsx_item(sheet.title, number, row, columns) if columns else None
            if item is not None:
                seen += 1
                yield item
            if number > MOST_ITEMS:
                raise _unreadable(file, "more than 200,000 rows")
    if not seen:
        raise _unreadable(file, "no sheet has a column of unit prices")


def _headings(row: Sequence[object]) -> dict[str, int]:
    """Return where the columns are if this row is a heading: a price and a code or a name."""
    found: dict[str, int] = {}
    for column, cell in enumerate(row):
        text = re.sub(r"\s", "", cell) if isinstance(cell, str) else ""
        for name, pattern in _HEADINGS.items():
            spaced = cell.strip() if isinstance(cell, str) else ""
            if name not in found and text and (pattern.search(text) or pattern.search(spaced)):
                found[name] = column
                break
    return found if "price" in found and ("code" in found or "name" in found) else {}


def _xlsx_item(
    sheet: str, number: int, row: Sequence[object], columns: dict[str, int]
) -> Item | None:
    """Return the item of a row, None for headings, subtotals and empty rows."""

    def cell(name: str) -> str:
        place = columns.get(name)
        value = row[place] if place is not None and place < len(row) else None
        return "" if value is None else str(value).strip()

    price = fen(cell("price") or None)
    if not price or not (cell("code") or cell("name")):
        return None
    basis = Basis.OWN
    if _PROVISIONAL.search(cell("basis") + cell("name")):
        basis = Basis.PROVISIONAL
    elif _QUOTA.search(cell("basis")):
        basis = Basis.QUOTA
    place = f"{sheet}!{get_column_letter(columns['price'] + 1)}{number}"
    return Item(cell("code"), cell("name"), cell("unit"), price, basis, place)
