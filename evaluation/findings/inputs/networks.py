"""Networks over this platform's past tenders (关系网络): N1 to N4 and N6, kept in one DuckDB file.

The file grows by the lots that it does not hold yet, and by those whose winner has changed since.
The limits of false discoveries come from a count over everything, made anew when the history has
grown by a twentieth; in between a new lot is screened among its own bidders against those limits.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from evaluation.findings.inputs.exhibits import Cell, Exhibit, Row, Seen, plain
from evaluation.findings.inputs.networked import LEAST_TENDERS
from evaluation.screens.engines import embedded, keep_in_duckdb, new_tender_screen
from evaluation.screens.finding import Evidence, Finding
from evaluation.screens.network_findings import NetworkSigns, network_signs
from evaluation.screens.networks import Stages, facts_of, stages
from tender.core.i18n import N_

Answer = list[dict[str, Any]]
_GROWN = 1.05
_TABLES = (
    "CREATE TABLE IF NOT EXISTS firm (no BIGINT, id VARCHAR)",
    "CREATE TABLE IF NOT EXISTS area (no BIGINT, id VARCHAR)",
    (
        "CREATE TABLE IF NOT EXISTS tenders (tender BIGINT, area BIGINT, kind BIGINT, size BIGINT,"
        " year BIGINT, day BIGINT, id VARCHAR, settled BOOLEAN)"
    ),
    "CREATE TABLE IF NOT EXISTS bids (tender BIGINT, bidder BIGINT, price DOUBLE, won BIGINT)",
    "CREATE TABLE IF NOT EXISTS held (tenders BIGINT, signs VARCHAR)",
)


def screen_networks(request: Mapping[str, Any]) -> dict[str, Any]:
    """Take in new lots, then screen the bidders of one; `state` tells what the file holds now."""
    path = Path(request["file"])
    with _alone(path), _opened(path) as connection:
        run = connection.con.execute
        for statement in _TABLES:
            run(statement)
        run("BEGIN")
        for lot in request["lots"]:
            _take_in(run, lot)
        run("COMMIT")
        answer = _screen(connection, request)
        unsettled = [row[0] for row in run("SELECT id FROM tenders WHERE NOT settled").fetchall()]
    return {"findings": answer, "unsettled": unsettled}


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time: DuckDB refuses a second one instead of waiting."""
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    connection = embedded(path=str(path))
    try:
        yield connection
    finally:
        connection.disconnect()


def _first(run: Any, query: str, *values: Any) -> Any:
    """The first row of an answer, read to its end; None without one."""
    rows = run(query, list(values)).fetchall()
    return rows[0] if rows else None


def _number(run: Any, table: str, name: str) -> int:
    found = _first(run, f"SELECT no FROM {table} WHERE id = ?", name)  # noqa: S608 - own name
    if found:
        return int(found[0])
    number = int(_first(run, f"SELECT count(*) FROM {table}")[0])  # noqa: S608 - own name
    run(f"INSERT INTO {table} VALUES (?, ?)", [number, name])  # noqa: S608 - own name
    return number


def _take_in(run: Any, lot: Mapping[str, Any]) -> None:
    """Write one lot, replacing what was known of it."""
    old = _first(run, "SELECT tender FROM tenders WHERE id = ?", lot["id"])
    next_one = _first(run, "SELECT coalesce(max(tender) + 1, 0) FROM tenders")
    number = int((old or next_one)[0])
    run("DELETE FROM bids WHERE tender = ?", [number])
    run("DELETE FROM tenders WHERE tender = ?", [number])
    area = _number(run, "area", lot["area"])
    facts = [number, area, lot["kind"], lot["size"], lot["year"], lot["day"]]
    run("INSERT INTO tenders VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [*facts, lot["id"], lot["settled"]])
    for bidder, price, won in lot["bids"]:
        run(
            "INSERT INTO bids VALUES (?, ?, ?, ?)",
            [number, _number(run, "firm", bidder), price, won],
        )


def _screen(connection: Any, request: Mapping[str, Any]) -> Answer:
    run = connection.con.execute
    count = int(_first(run, "SELECT count(*) FROM tenders")[0])
    if count < LEAST_TENDERS:
        return []
    bids, tenders = connection.table("bids"), connection.table("tenders").drop("id", "settled")
    before = _limits(connection, bids, tenders, count)
    keep = keep_in_duckdb(connection, "all")
    facts = keep("facts", facts_of(bids, tenders))
    strata = keep("strata", facts.group_by(facts.stratum).agg(tenders=facts.count()))
    markets = keep("markets", facts.group_by(facts.market).agg(tenders=facts.count()))
    # A screen of some bidders reads facts, strata and markets of the whole, nothing else.
    whole = Stages(facts, strata, markets, facts, facts, facts, facts, facts)
    known = dict(run("SELECT id, no FROM firm").fetchall())
    bidders = [known[bidder] for bidder in request["bidders"] if bidder in known]
    signs = new_tender_screen(connection, bids, whole, before)(bidders)
    firms = {str(no): name for name, no in known.items()}
    return [_seen(run, finding, firms, count) for finding in signs.findings]


def _limits(connection: Any, bids: Any, tenders: Any, count: int) -> NetworkSigns:
    """The limits of the last whole count; counted anew when the history has grown."""
    run = connection.con.execute
    held = _first(run, "SELECT tenders, signs FROM held")
    if held and count <= held[0] * _GROWN:
        kept = json.loads(held[1])
        return NetworkSigns((), kept["limits"], kept["tests"], kept["spread"])
    signs = network_signs(stages(bids, tenders, keep_in_duckdb(connection, "whole")))
    kept = {"limits": signs.limits, "tests": signs.tests, "spread": signs.spread}
    run("DELETE FROM held")
    run("INSERT INTO held VALUES (?, ?)", [count, json.dumps(kept)])
    return replace(signs, findings=())


def _seen(run: Any, finding: Finding, firms: Mapping[str, str], count: int) -> dict[str, Any]:
    """A finding under the firms' own ids, with the tenders in which the two met."""
    numbers = [int(each.record.split()[-1]) for each in finding.evidence if each.record]
    names = tuple(firms[bidder] for bidder in finding.bidders)
    rows, evidence = [], []
    for number in dict.fromkeys(numbers):
        lot = _first(run, "SELECT id FROM tenders WHERE tender = ?", number)[0]
        query = "SELECT bidder, price, won FROM bids WHERE tender = ?"
        bids = {str(who): (price, won) for who, price, won in run(query, [number]).fetchall()}
        cells = tuple(_meeting(*bids[bidder]) for bidder in finding.bidders)
        rows.append(Row(cells, lot))
        evidence += [Evidence(name, record=lot) for name in names]
    exhibit = Exhibit(
        N_("Tenders in which the two met, the newest first (★: won)"), names, tuple(rows)
    )
    found = replace(finding, bidders=names, evidence=tuple(evidence))
    return Seen(found, (exhibit,), None, {"past": count}).to_json()


def _meeting(price: float, won: int) -> Cell:
    return plain(f"{price:,.2f}" + (" ★" if won else ""))
