"""Every column of every table is thought about: kept for a time, or no personal data, and why."""

from __future__ import annotations

import importlib
import tomllib
from collections import Counter
from typing import Any

from sqlalchemy import Boolean, Column, Enum

from tender.core.db import Base, UtcDateTime
from tender.core.ids import new_id
from tender.core.retention import DATA, table
from tests.house import ROOT

IMPERSONAL: dict[str, Any] = tomllib.loads(DATA.with_name("impersonal.toml").read_text())


def columns() -> dict[str, Column[Any]]:
    """Every column of the product, by `table.column`."""
    for room in ("tender", "evaluation"):
        for path in ROOT.glob(f"{room}/**/*.py"):
            if "__tablename__" in path.read_text():
                importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return {
        f"{made.name}.{column.name}": column
        for made in Base.metadata.sorted_tables
        for column in made.columns
    }


def harmless(column: Column[Any]) -> bool:
    """Columns whose kind says that they tell nothing about anybody by themselves."""
    made_by = getattr(column.default, "arg", None)
    random_id = column.primary_key and getattr(made_by, "__name__", "") == new_id.__name__
    kinds = (UtcDateTime, Boolean, Enum)
    return random_id or bool(column.foreign_keys) or isinstance(column.type, kinds)


def impersonal() -> list[str]:
    """Columns on the list of those that hold no personal data."""
    rows = [row for name, row in IMPERSONAL.items() if name != "folders"]
    return [column for row in rows for column in row["columns"]]


def test_every_column_has_its_retention_or_the_reason_why_it_needs_none() -> None:
    personal = {column for row in table().values() for column in row.columns}
    free = Counter(impersonal())
    known = personal | set(free)
    unthought = [n for n, column in columns().items() if n not in known and not harmless(column)]
    assert unthought == [], "name them in retention.toml, or in impersonal.toml with the reason"
    assert sorted(known - set(columns())) == [], "these columns are gone"
    assert sorted(personal & set(free)) == [], "personal, or not?"
    assert [name for name, times in free.items() if times > 1] == []
    assert len(personal) > 80


def test_every_reason_is_said() -> None:
    reasons = [row["reason"] for name, row in IMPERSONAL.items() if name != "folders"]
    assert all(len(reason) > 10 for reason in [*reasons, *IMPERSONAL["folders"].values()])


def test_a_column_that_nobody_thought_of_would_be_found() -> None:
    phone = Column("phone", UtcDateTime().impl)
    assert not harmless(phone)
    assert harmless(columns()["person.id"])
    assert not harmless(columns()["person.phone"])
