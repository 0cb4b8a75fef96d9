"""Bringing a database to the schema of this version (Alembic)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from tender.core.db import Database
from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def configuration(database: Database) -> Config:
    """Alembic's configuration for a database; nothing of it lies in a file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["database"] = database
    return config


def migrate(database: Database, revision: str = "head") -> None:
    """Upgrade to a revision; does nothing if the database is there already."""
    command.upgrade(configuration(database), revision)


def require_current(database: Database) -> None:
    """Refuse to run on a schema of another version: DomainError `schema.old`."""
    head = ScriptDirectory.from_config(configuration(database)).get_current_head()
    with database.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present != head:
        raise DomainError(
            Kind.UNAVAILABLE,
            "schema.old",
            N_(
                "The database is at version %(present)s and %(head)s is needed. Run ./manage setup."
            ),
            present=present or "-",
            head=head or "-",
        )
