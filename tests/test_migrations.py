"""Migrations form one line, make what the models say, and go down and up with rows in place."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from tender.core.db import Database
from tender.core.errors import DomainError
from tender.core.migrating import configuration, migrate, require_current
from tests import schema
from tests.tender import factories


@pytest.fixture
def database(database_url: str, tmp_path: Path):
    made = Database(database_url, tmp_path / "write.lock")
    yield made
    made.close()


def script(database: Database) -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration(database))


def rows(database: Database) -> dict[str, int]:
    """Table -> number of its rows, for every table that has any."""
    found = {}
    with database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            count = connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one()
            if count:
                found[table] = count
    return found


def test_the_migrations_are_one_line_numbered_in_order(tmp_path):
    database = schema.sqlite(tmp_path)
    found = list(script(database).walk_revisions())
    assert len(script(database).get_heads()) == 1
    assert not [each.revision for each in found if each.is_merge_point or each.is_branch_point]
    assert [each.revision for each in reversed(found)] == [
        f"{number:04}" for number in range(1, len(found) + 1)
    ]
    names = [Path(each.path).name for each in found]
    assert names == sorted(names, reverse=True)


def test_the_migrations_make_what_the_models_say(database):
    migrate(database)
    assert schema.differences(database) == []


def test_a_missing_column_would_be_found(database):
    migrate(database)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE lot DROP COLUMN unit"))
    assert any("unit" in str(difference) for difference in schema.differences(database))


def test_a_filled_database_goes_down_to_each_revision_and_up_again(database_url, tmp_path):
    world = factories.world(tmp_path / "data", database_url)
    factories.open_tender(world, lots=2)
    database = world.platform.database
    filled = rows(database)
    assert {"organisation", "tender", "lot", "ledger_entry"} <= set(filled)
    steps = [each.revision for each in script(database).walk_revisions()]
    for lower in [*steps[1:], "base"]:
        command.downgrade(configuration(database), lower)
        with pytest.raises(DomainError, match="Run"):
            require_current(database)
        migrate(database)
        require_current(database)
        assert schema.differences(database) == []
    # The lowest step drops every table and leaves nothing in the way of new ones.
    assert set(rows(database)) == {"alembic_version"}
    database.close()
    again = factories.world(tmp_path / "again", database_url)
    factories.open_tender(again, lots=2)
    assert rows(again.platform.database) == filled
    again.platform.database.close()


def test_upgrading_twice_changes_nothing(database_url, tmp_path):
    world = factories.world(tmp_path / "data", database_url)
    filled = rows(world.platform.database)
    migrate(world.platform.database)
    assert rows(world.platform.database) == filled
    world.platform.database.close()
