"""The list of tenders as CSV: the same columns whatever the language, names in English."""

from __future__ import annotations

from collections.abc import Iterable

from keys.encoding import timestamp
from tender.core import money
from tender.core.spreadsheets import table
from tender.publication.models import PublicTender

ROWS = 1000
COLUMNS = (
    "number", "ocid", "title", "kind", "direction", "stage", "organisation", "township",
    "village", "value_yuan", "published_at", "closes_at",
)  # fmt: skip


def tender_table(rows: Iterable[PublicTender]) -> str:
    """Tenders as CSV."""
    return table(COLUMNS, (_cells(row) for row in rows))


def _cells(row: PublicTender) -> tuple[str | None, ...]:
    value = None if row.value_fen is None else money.format_yuan(row.value_fen).replace(",", "")
    return (
        row.number, row.ocid, row.title, row.kind, row.direction, row.stage, row.organisation,
        row.township, row.village, value, timestamp(row.published_at), timestamp(row.closes_at),
    )  # fmt: skip
