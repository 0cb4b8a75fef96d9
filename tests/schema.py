"""Migrations against models, shared by the tests and by `check`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tender.core.db import Base, Database
from tests.house import ROOT


def import_models() -> None:
    """Every module that declares tables, so that the metadata is whole."""
    for package in ("tender", "evaluation"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "(Base)" in path.read_text() and path.name != "db.py":
                import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def differences(database: Database) -> list[Any]:
    """What a migration would still have to change so that the schema is that of the models."""
    import_models()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        found: list[Any] = compare_metadata(context, Base.metadata)
    return found


def sqlite(directory: Path) -> Database:
    """An empty SQLite database in a directory."""
    return Database(f"sqlite:///{directory / 'schema.sqlite'}", directory / "write.lock")
