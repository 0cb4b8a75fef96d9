"""Where the network expressions run: DuckDB embedded for a county, PySpark for a province.

An engine decides one thing only, how a stage is stored.
"""

from __future__ import annotations

from typing import Any

import ibis

from evaluation.screens.networks import Keep, Table


def embedded(threads: int = 2, path: str | None = None) -> Any:
    """Open DuckDB in this process, in memory or in the file given."""
    connection = ibis.duckdb.connect(path or ":memory:", threads=threads)
    connection.raw_sql("SET preserve_insertion_order = false")
    return connection


def keep_in_duckdb(connection: Any, prefix: str = "screen") -> Keep:
    """Store each stage as a temporary table, replacing an earlier one of the same prefix."""

    def keep(name: str, stage: Table) -> Table:
        return connection.create_table(f"{prefix}_{name}", stage, temp=True, overwrite=True)

    return keep


def keep_in_spark(_name: str, stage: Table) -> Table:
    """Let Spark keep a stage where it has room."""
    return stage.cache()
