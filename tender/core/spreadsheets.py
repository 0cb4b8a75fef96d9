"""Tables as CSV: for files and audits, opened in a spreadsheet without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = frozenset(
    "=+-@\t\r\n＝＋－＠"
)  # the last four: full width, which spreadsheets read alike


def harmless(text: str) -> str:
    """A text that a spreadsheet cannot run as a formula (CSV injection): quoted if it might."""
    start = text.lstrip(" \u3000\u00a0\ufeff")[:1]
    return f"'{text}" if start in FORMULA and start else text


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV with a byte order mark, which spreadsheets need to read Chinese.

    Texts are made harmless; numbers stay numbers, also negative ones; None is an empty cell.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return "\ufeff" + out.getvalue()
