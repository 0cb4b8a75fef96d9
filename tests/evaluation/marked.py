"""Fills tables that hold personal data, and marks each such column, to see what is left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum as PythonEnum
from itertools import count
from typing import Any

from sqlalchemy import JSON, Date, Enum, LargeBinary, Numeric, Table, select, text
from sqlalchemy.orm import Session
from sqlalchemy.types import Integer

from tender.core.db import Base, UtcDateTime
from tender.core.files import StoredFile, store_blob
from tender.core.ids import new_id
from tender.core.retention import table
from tests.evaluation import county as make

MARK = "记号"
DAY = date(2099, 9, 9)  # the mark of a day
_numbers = count()
# Rows that stay by design: staff in office, companies' names, what is published or counts, and work
# that waits. The marks stand in the others.
ONLY = {
    "organisation": "kind IN ('company', 'natural_person')",
    "organisation.name": "kind = 'natural_person'",
    "issued_document": "NOT public",
    "outbox": "done_at IS NOT NULL",
    "sealed_bid.envelope": "status = 'withdrawn'",
    "question.text": "answer IS NULL",
    "legal_hold": "lifted_at IS NOT NULL",
}
BY_HAND = {"low_price_review.files"}  # names stored files, so that they are found by it
# What a JSON column must look like for the product to read it.
SHAPES: dict[str, Any] = {
    "panel_draw.pool": [{"id": "0", "employer": MARK}],
    "panel_draw.order": [{"expert": "0", "reasons": [MARK]}],
    "panel_draw.contributions": [{"contributor": "centre", "value": "0", "words": MARK}],
    "verdict.stored": [{"name": MARK, "sha256": "0" * 64, "size": 1}],
    "finding.bidders": [MARK],
}


def added(session: Session, model: type[Base], **given: Any) -> Any:
    """A row with what is given and, where a column needs something, anything that fits."""
    made: Table = model.__table__  # type: ignore[assignment]  # a mapped class has a Table
    for column in made.columns:
        needed = not column.nullable and column.default is None
        if needed and column.name not in given:
            given[column.name] = _anything(column.type)
    row = model(**given)
    session.add(row)
    session.flush()
    return row


def _anything(kind: Any) -> Any:
    if isinstance(kind, Enum):
        members: type[PythonEnum] = kind.enum_class  # type: ignore[assignment]  # given everywhere
        return next(iter(members))
    if isinstance(kind, UtcDateTime):
        return make.START
    if isinstance(kind, Integer | Numeric):
        return Decimal(1) if isinstance(kind, Numeric) else 1
    if isinstance(kind, JSON):
        return {}
    return False if kind.python_type is bool else f"x{next(_numbers)}"


def stored(session: Session, place: make.County, now: datetime) -> str:
    """A stored file with bytes of its own; gives its id."""
    digest, size = store_blob(place.world.platform.settings.store, [f"{MARK} {new_id()}".encode()])
    row = StoredFile(
        name="凭证.pdf", media_type="application/pdf", size=size, sha256=digest, created_at=now,
        created_by="x",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def personal() -> list[str]:
    """Every column that a row of the table of retention names."""
    return sorted({column for row in table().values() for column in row.columns})


def mark(session: Session) -> list[str]:
    """Write a mark into every personal column of every row that shall go; gives those without."""
    empty = []
    for name in personal():
        if name in BY_HAND:
            continue
        made, column = name.split(".")
        where = " AND ".join(ONLY.get(each, "1 = 1") for each in (made, name))
        rows = session.execute(text(f"SELECT rowid FROM {made} WHERE {where}")).scalars().all()
        empty += [] if rows else [name]
        for row in rows:
            change = text(f'UPDATE {made} SET "{column}" = :value WHERE rowid = :row')
            session.execute(change, {"value": _value(name), "row": row})
    return empty


def _value(name: str) -> Any:
    made, column = name.split(".")
    kind = Base.metadata.tables[made].columns[column].type
    word = f"{MARK}{next(_numbers)}"
    if isinstance(kind, JSON):
        return json.dumps(SHAPES.get(name, {"x": word}), ensure_ascii=False)
    if isinstance(kind, Date):
        return DAY.isoformat()
    return word.encode() if isinstance(kind, LargeBinary) else word


def left(session: Session) -> Iterator[str]:
    """Columns in which a mark still stands, of any table."""
    for made in Base.metadata.sorted_tables:
        for row in session.execute(select(made)).mappings():
            for column, value in row.items():
                told = value.decode("utf-8", "replace") if isinstance(value, bytes) else repr(value)
                if MARK in told or repr(DAY) in told:
                    yield f"{made.name}.{column}"
