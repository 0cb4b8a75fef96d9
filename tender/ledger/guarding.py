"""Triggers that keep the ledger's rows as they were written, in the database itself.

A bug or a hurried repair cannot change what was entered. Whoever owns the database can remove a
trigger; that is what checkpoints, witnesses and the verifier are for. One change is allowed:
`hidden_by` becomes NULL when its opening is closed.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

KEPT = {
    "ledger_entry": ("seq", "time", "event", "subject", "actor", "line", "leaf"),
    "ledger_node": ("level", "position", "hash"),
    "ledger_checkpoint": ("size", "root", "note", "signed_at"),
    "ledger_cosignature": ("size", "witness", "line", "received_at"),
}
REFUSAL = "the ledger is append-only"
FUNCTION = f"""
CREATE OR REPLACE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def guard(connection: Connection) -> None:
    """Put the triggers on every ledger table that exists; harmless if they are there already.

    Called after each migration, because rebuilding a table on SQLite drops its triggers.
    """
    sqlite = connection.dialect.name == "sqlite"
    present = KEPT.keys() & set(inspect(connection).get_table_names())
    if present and not sqlite:
        connection.execute(text(FUNCTION))
    for table in sorted(present):
        for statement in _sqlite(table) if sqlite else _postgresql(table):
            connection.execute(text(statement))


def _changed(table: str, differs: str) -> str:
    told = [f"NEW.{column} {differs} OLD.{column}" for column in KEPT[table]]
    if table == "ledger_entry":
        told.append(f"(NEW.hidden_by IS NOT NULL AND NEW.hidden_by {differs} OLD.hidden_by)")
    return " OR ".join(told)


def _sqlite(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    return [
        (
            f"CREATE TRIGGER IF NOT EXISTS {table}_unchanged BEFORE UPDATE ON {table} "
            f"WHEN {_changed(table, 'IS NOT')} {refuse}"
        ),
        f"CREATE TRIGGER IF NOT EXISTS {table}_undeleted BEFORE DELETE ON {table} {refuse}",
    ]


def _postgresql(table: str) -> list[str]:
    act = "EXECUTE FUNCTION ledger_append_only()"
    return [
        (
            f"CREATE OR REPLACE TRIGGER {table}_unchanged BEFORE UPDATE ON {table} "
            f"FOR EACH ROW WHEN ({_changed(table, 'IS DISTINCT FROM')}) {act}"
        ),
        f"CREATE OR REPLACE TRIGGER {table}_undeleted BEFORE DELETE ON {table} FOR EACH ROW {act}",
        (
            f"CREATE OR REPLACE TRIGGER {table}_unemptied BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT {act}"
        ),
    ]
