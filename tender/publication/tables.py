"""The list of tenders as CSV: the same columns whatever the language, names in English."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from keys.encoding import timestamp
from tender.core import money
from tender.publication.models import PublicTender

ROWS = 1000
COLUMNS = (
    "number", "ocid", "title", "kind", "direction", "stage", "organisation", "township",
    "village", "value_yuan", "published_at", "closes_at",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def tender_table(rows: Iterable[PublicTender]) -> str:
    """CSV with a byte order mark, which spreadsheets need to read Chinese.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(
            _harmless(value)
            for value in (
                row.number, row.ocid, row.title, row.kind, row.direction, row.stage,
                row.organisation, row.township or "", row.village or "",
                "" if row.value_fen is None else money.format_yuan(row.value_fen).replace(",", ""),
                timestamp(row.published_at), timestamp(row.closes_at),
            )
        )  # fmt: skip
    return "\ufeff" + out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
