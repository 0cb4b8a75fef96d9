"""Where the network expressions run: DuckDB embedded for a county, PySpark for a province.

An engine decides one thing only, how a stage is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import ibis
import numpy as np

from evaluation.screens.finding import ordered
from evaluation.screens.network_findings import (
    QUESTIONS,
    NetworkSigns,
    judged,
    with_tenders,
)
from evaluation.screens.networks import Keep, Stages, Table, stages_among


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


def new_tender_screen(
    connection: Any, bids: Table, whole: Stages, before: NetworkSigns
) -> Callable[[Sequence[int]], NetworkSigns]:
    """Return a function that screens one new tender's bidders among each other, in DuckDB.

    It reads those bidders' bids only and holds them against the limits of `before`, the whole run.
    The expressions are turned into SQL once here, because that takes longer than answering them.
    """
    chosen = connection.create_table(
        "new_bidders", schema=ibis.schema({"bidder": "int64"}), temp=True, overwrite=True
    )
    steps: list[str] = []
    store = keep_in_duckdb(connection, "new")

    def keep(name: str, stage: Table) -> Table:
        steps.append(f"CREATE OR REPLACE TEMP TABLE new_{name} AS {ibis.to_sql(stage, 'duckdb')}")
        return store(name, stage)

    mine = keep("bids", bids.semi_join(chosen, "bidder"))
    few = stages_among(mine, whole.facts, whole.strata, whole.markets, keep)
    asked = {code: str(ibis.to_sql(ask(few), "duckdb")) for code, ask in QUESTIONS.items()}

    def screen(bidders: Sequence[int]) -> NetworkSigns:
        run = connection.con.execute
        run("DELETE FROM new_bidders")
        run("INSERT INTO new_bidders SELECT unnest(?)", [[int(bidder) for bidder in bidders]])
        for step in steps:
            run(step)
        answers = {
            code: {name: np.asarray(column) for name, column in run(sql).fetchnumpy().items()}
            for code, sql in asked.items()
        }
        pairs = int(run("SELECT count(*) FROM new_pairs").fetchall()[0][0])
        signs = judged(answers, pairs, before)
        return replace(signs, findings=tuple(ordered(with_tenders(few, signs.findings))))

    return screen
