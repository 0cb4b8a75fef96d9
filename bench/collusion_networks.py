"""How long the network screens take over a million tenders, and over one new tender.

    ./manage bench collusion-networks [TENDERS]

Draws seeded markets with planted rings (about ten bids a tender), loads them into DuckDB on two
threads, counts everything once, then screens new tenders among their own bidders. Also says which
planted rings were found and how many other pairs were named. Wall time depends on who else uses the
cores, so processor time is printed beside it, and what DuckDB needs in the same run for the least
that any such screen must do: join every two bids of a tender and count the pairs.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np

from bench.generate_markets import Markets, generate
from evaluation.screens.engines import embedded, keep_in_duckdb, new_tender_screen
from evaluation.screens.network_findings import NetworkSigns, network_signs
from evaluation.screens.networks import Stages, stages

THREADS, NEW = 2, 20


def timed_whole(bids: Any, tenders: Any, connection: Any) -> tuple[Stages, NetworkSigns]:
    """Count everything and print how long it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    whole = stages(bids, tenders, keep_in_duckdb(connection, "whole"))
    counted = time.perf_counter() - wall
    signs = network_signs(whole)
    print(
        f"all screens: {time.perf_counter() - wall:.1f} s wall (stages {counted:.1f} s), "
        f"{time.process_time() - cpu:.1f} s processor time on {THREADS} threads"
    )
    return whole, signs


def timed_new(bids: Any, whole: Stages, signs: NetworkSigns, connection: Any, last: int) -> None:
    """Screen new tenders of bidders who met before, and print the slowest and the middle."""
    screen = new_tender_screen(connection, bids, whole, signs)
    took, cpu = [], time.process_time()
    for tender in range(last - NEW, last):
        bidders = bids.filter(bids.tender == tender).bidder.execute().tolist()
        began = time.perf_counter()
        screen(bidders)
        took.append(time.perf_counter() - began)
    each = (time.process_time() - cpu) / NEW
    print(
        f"a new tender: {1000 * np.median(took):.0f} ms, slowest {1000 * max(took):.0f} ms, "
        f"{1000 * each:.0f} ms processor time"
    )


def limit_of_engine(connection: Any) -> None:
    """Print what the bare join and count take, and the bare reading of the bids."""
    bare = {
        "reading and grouping": "SELECT tender, count(*), sum(price) FROM bids GROUP BY 1",
        "counting pairs": (
            "SELECT a.no, b.no, count(*) AS met FROM whole_active AS a JOIN whole_active AS b "
            "ON a.tender = b.tender AND a.no < b.no GROUP BY 1, 2 HAVING met >= 5"
        ),
    }
    for name, sql in bare.items():
        wall, cpu = time.perf_counter(), time.process_time()
        connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE bare AS {sql}").fetchall()
        print(
            f"DuckDB alone, {name}: {time.perf_counter() - wall:.1f} s wall, "
            f"{time.process_time() - cpu:.1f} s processor time"
        )


def tell(drawn: Markets, signs: NetworkSigns) -> None:
    """Print which planted rings were found, by what, and what else was named."""
    ringed = {str(firm) for ring in drawn.rings.values() for firm in ring}
    for ring, firms in drawn.rings.items():
        names = {str(firm) for firm in firms}
        codes = sorted({found.code for found in signs.findings if set(found.bidders) <= names})
        print(f"ring {ring:11} of {len(firms)}: {', '.join(codes) or 'not found'}")
    others = [found for found in signs.findings if not set(found.bidders) <= ringed]
    print(f"other findings: {len(others)} among {signs.tests['N1']} pairs; limits {signs.limits}")


def main() -> None:
    """Run the bench."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    drawn = generate(count)
    connection = embedded(THREADS)
    bids = connection.create_table("bids", drawn.bids)
    tenders = connection.create_table("tenders", drawn.tenders)
    print(f"{count} tenders, {drawn.bids.num_rows} bids")
    whole, signs = timed_whole(bids, tenders, connection)
    limit_of_engine(connection)
    timed_new(bids, whole, signs, connection, count)
    tell(drawn, signs)


if __name__ == "__main__":
    main()
