"""How many SEALs a second the real server takes, and whether a storm at the deadline loses one.

    python -m bench.seal_storm [--rounds 3]

Prints one JSON object. A lean client (bench/storm_client.py) sends prepared bids on 1, 8 and 32
connections to the web server in a process of its own: small forms, and forms with 20 KB of terms.
Before every storm the limit is measured on the same disk: one-row commits of SQLite (WAL,
synchronous=FULL), fdatasync of 4 KiB, and the same server's smallest answer, /health, on 32
connections. Storms and limits alternate; figures are the medians of the rounds, since neighbours
change the machine's speed from second to second; no round begins after half a minute.
`server_cpu_ms` is the server's own processor time for one SEAL, with its tick.

Then a deadline falls in the middle of a storm: no 201 may be missing in the ledger (`lost`) or
differ from it, no bid sent after the deadline may be taken (`late`), none refused before it
(`refused_on_time`), and the closing must count what was taken. Last, bids to a tender that holds
900 alternate with bids to a fresh one. Exit 1 if any of this is wrong.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import select

from bench import storm_world
from bench.storm_client import Answer, post_bytes, storm
from keys.encoding import canonical
from keys.records import OpeningRecord
from tender.core.processes import Supervisor, free_port
from tender.core.servers import web_program
from tender.ledger.models import LedgerEntry

HOST = "127.0.0.1"
SPAN = timedelta(minutes=90)  # login sessions end after two idle hours of the moved clock
LARGE_TERMS = 20_000  # bytes
FORMS = {"small": 0, "20_kb": LARGE_TERMS}
CONNECTIONS = {1: 60, 8: 150, 32: 300}  # bids of one storm
CROWD = 1000  # bidders; the growth is that of a tender's last hundred against its first
PAIR = 100
LEAD = timedelta(milliseconds=150)  # from the moving of the clock to the deadline
ROUND_SECONDS = 30.0  # no round begins later, so that a busy machine's run ends in time
LIMIT_SECONDS = 0.3
HEALTH = 300  # requests for the server's smallest answer
CLOSING_SECONDS = 15.0
TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')


def fetch_door(host: str, port: int) -> tuple[str, str]:
    """The cookie of a fresh browser session and its CSRF token, from the sign-in page."""
    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.request("GET", "/login")
    answer = connection.getresponse()
    page, cookie = answer.read(), answer.headers["Set-Cookie"]
    connection.close()
    found = TOKEN.search(page)
    if found is None or cookie is None:
        raise RuntimeError(f"/login answered {answer.status} without a CSRF token")
    return cookie.split(";", 1)[0], found[1].decode()


def milliseconds(answers: Sequence[Answer], percent: int) -> float:
    """A percentile of the answers' times."""
    times = sorted(each.seconds for each in answers)
    return round(times[min(len(times) - 1, len(times) * percent // 100)] * 1000, 1)


def per_second(act: Callable[[], object]) -> float:
    """How often an act can be done in a second."""
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < LIMIT_SECONDS:
        act()
        count += 1
    return count / passed


def measure_limit(directory: Path) -> tuple[float, float]:
    """One-row commits of SQLite and fdatasyncs of 4 KiB in a second."""
    base = sqlite3.connect(directory / "limit.sqlite", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE IF NOT EXISTS line (text TEXT)")
    commits = per_second(lambda: base.execute("INSERT INTO line VALUES ('x')"))
    base.close()
    descriptor = os.open(directory / "limit.bin", os.O_RDWR | os.O_CREAT)
    block = secrets.token_bytes(4096)

    def write() -> None:
        os.pwrite(descriptor, block, 0)
        os.fdatasync(descriptor)

    syncs = per_second(write)
    os.close(descriptor)
    return commits, syncs


@dataclass
class Bench:
    """The world, its server, and what was measured of the disk."""

    world: storm_world.World
    directory: Path
    port: int
    people: list[storm_world.Bidder]
    door: tuple[str, str]
    commits: list[float] = field(default_factory=list)
    syncs: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    page_p99: list[float] = field(default_factory=list)

    def measure(self) -> float:
        """Measure the limits once more; gives the commits a second."""
        commits, syncs = measure_limit(self.directory)
        self.commits.append(commits)
        self.syncs.append(syncs)
        request = b"GET /health HTTP/1.1\r\nHost: bench\r\n\r\n"
        answers, seconds = storm(HOST, self.port, [request] * HEALTH, max(CONNECTIONS))
        self.pages.append(len(answers) / seconds)
        self.page_p99.append(milliseconds(answers, 99))
        return commits

    def parcels(
        self, record: OpeningRecord, people: Sequence[storm_world.Bidder], size: int
    ) -> list[bytes]:
        """One prepared request for each bidder, with so many bytes of terms."""
        cookie, token = self.door
        found = []
        for who in people:
            terms = {"plan": secrets.token_hex(size // 2)} if size else {}
            headers = {
                "Cookie": f"{cookie}; sid={who.token}",
                "X-CSRFToken": token,
                "Content-Type": "application/json",
            }
            body = storm_world.seal_body(who, record, terms)
            found.append(post_bytes("/api/bids/seal", headers, body))
        return found

    def accepted(self, parcels: Sequence[bytes], connections: int) -> tuple[list[Answer], float]:
        """A storm in which every bid must be taken."""
        answers, seconds = storm(HOST, self.port, parcels, connections)
        refused = [each for each in answers if each.status != 201]
        if refused:
            raise RuntimeError(f"{len(refused)} refused, the first: {refused[0].text!r}")
        return answers, seconds


def server_seconds() -> float:
    """Processor seconds that the server's processes have used."""
    found = 0.0
    for process in psutil.Process().children(recursive=True):
        used = process.cpu_times()
        found += used.user + used.system
    return found


def one_storm(bench: Bench, connections: int, size: int) -> dict[str, float]:
    """The figures of one storm into a tender of its own, and of the limit just before it."""
    record = storm_world.open_tender(bench.world, SPAN)
    parcels = bench.parcels(record, bench.people[: CONNECTIONS[connections]], size)
    commits, used = bench.measure(), server_seconds()
    answers, seconds = bench.accepted(parcels, connections)
    return {
        "seals_per_s": len(answers) / seconds,
        "p50_ms": milliseconds(answers, 50),
        "p99_ms": milliseconds(answers, 99),
        "server_cpu_ms": (server_seconds() - used) * 1000 / len(answers),
        "commits_per_s": commits,
        "seals_of_commits": len(answers) / seconds / commits,
    }


def rates(bench: Bench, rounds: int) -> dict[str, Any]:
    """Medians over the rounds, by form and connections; every round has every kind of storm."""
    kinds = [(name, connections) for connections in CONNECTIONS for name in FORMS]
    runs: dict[tuple[str, int], list[dict[str, float]]] = {kind: [] for kind in kinds}
    end = time.monotonic() + ROUND_SECONDS
    for number in range(rounds):
        if number and time.monotonic() > end:
            break
        for name, connections in kinds:
            runs[name, connections].append(one_storm(bench, connections, FORMS[name]))
    found: dict[str, Any] = {"rounds": len(runs[kinds[0]])}
    return found | {
        f"{name}_{connections}": {
            figure: round(statistics.median(each[figure] for each in storms), 2)
            for figure in storms[0]
        }
        for (name, connections), storms in runs.items()
    }


def growth(bench: Bench) -> dict[str, Any]:
    """Times of a tender's last hundred bids of a thousand, alternating with a fresh one's first."""
    old, fresh = (storm_world.open_tender(bench.world, SPAN) for _ in range(2))
    last, before = bench.people[:PAIR], bench.people[PAIR:]
    bench.accepted(bench.parcels(old, before, 0), max(CONNECTIONS))
    pairs = zip(*(bench.parcels(record, last, 0) for record in (old, fresh)), strict=True)
    answers = bench.accepted([parcel for pair in pairs for parcel in pair], 1)[0]
    late, early = (
        statistics.median(each.seconds for each in answers if each.number % 2 == side)
        for side in (0, 1)
    )
    return {
        "bids_before_last": len(before),
        "last_100_p50_ms": round(late * 1000, 2),
        "first_100_p50_ms": round(early * 1000, 2),
        "last_of_first": round(late / early, 2),
        "last_of_first_limit": 1.2,
    }


def lines_of(bench: Bench, lot: str) -> list[dict[str, Any]]:
    """The ledger's lines about a lot's bids."""
    query = select(LedgerEntry.line).where(
        LedgerEntry.event == "bid.submitted", LedgerEntry.subject == lot
    )
    with bench.world.platform.database.read() as session:
        return [json.loads(line) for line in session.scalars(query)]


def closed_count(bench: Bench, opening: str) -> int:
    """The count in the entry that closed an opening; waits for the server's tick."""
    query = select(LedgerEntry.line).where(LedgerEntry.event == "opening.closed")
    end = time.monotonic() + CLOSING_SECONDS
    while time.monotonic() < end:
        with bench.world.platform.database.read() as session:
            for line in map(json.loads, session.scalars(query)):
                if line["opening"] == opening:
                    return int(line["count"])
        time.sleep(0.2)
    raise TimeoutError("the server did not close the opening")


def deadline(bench: Bench) -> dict[str, Any]:
    """Let the deadline fall in the middle of a storm and count what went wrong."""
    record = storm_world.open_tender(bench.world, SPAN)
    lot, end = storm_world.lot_of(bench.world, record)
    parcels = bench.parcels(record, bench.people[: CONNECTIONS[32]], 0)
    moments: list[datetime] = []

    def move_clock(done: int) -> None:
        if done == len(parcels) // 3:
            moments.append(datetime.now(UTC) + LEAD)
            text = json.dumps({"offset_seconds": (end - moments[0]).total_seconds()})
            fresh = bench.directory / "clock"
            fresh.write_text(text)
            fresh.replace(bench.world.platform.settings.clock_file)

    answers, _ = storm(HOST, bench.port, parcels, max(CONNECTIONS), move_clock)
    (moment,) = moments
    taken = [each for each in answers if each.status == 201]
    refused = [each for each in answers if each.status != 201]
    written = {line["seq"]: canonical(line) for line in lines_of(bench, lot)}
    entries = {each.body["receipt"]["entry"]["seq"]: each for each in taken}
    return {
        "sent": len(parcels),
        "accepted": len(taken),
        "refused": len(refused),
        "p99_ms": milliseconds(answers, 99),
        "lost": len(parcels) - len(answers) + sum(
            written.get(seq) != canonical(each.body["receipt"]["entry"])
            for seq, each in entries.items()
        ),
        "late": sum(each.at - timedelta(seconds=each.seconds) >= moment for each in taken),
        "refused_on_time": sum(each.at < moment or not is_late(each) for each in refused),
        "written_without_receipt": len(set(written) - set(entries)),
        "not_in_the_closing": abs(closed_count(bench, record.opening_id) - len(taken)),
    }  # fmt: skip


def is_late(answer: Answer) -> bool:
    """Whether a bid was refused as late and for no other reason."""
    code: object = answer.body.get("error", {}).get("code")
    return code in ("bid.late", "bid.closed")


def run(directory: Path, rounds: int) -> dict[str, Any]:
    """Build the county, start its server, run everything."""
    data, port = directory / "data", free_port(HOST)
    world = storm_world.build(data)
    people = storm_world.bidders(world, CROWD)
    environment = {"TENDER_DATA": str(data), "TENDER_MODE": "demo"}
    program = web_program("wsgi:application", host=HOST, port=port, environment=environment)
    with Supervisor(directory / "logs") as supervisor:
        supervisor.start(program)
        bench = Bench(world, directory, port, people, fetch_door(HOST, port))
        warm = storm_world.open_tender(world, SPAN)
        bench.accepted(bench.parcels(warm, people[:200], 0), max(CONNECTIONS))
        found = {**rates(bench, rounds), "growth": growth(bench), "deadline": deadline(bench)}
    return {
        **found,
        "limit_sqlite_full_commits_per_s": round(statistics.median(bench.commits)),
        "limit_fdatasync_4k_per_s": round(statistics.median(bench.syncs)),
        "health_32_per_s": round(statistics.median(bench.pages)),
        "health_32_p99_ms": round(statistics.median(bench.page_p99), 1),
    }


def main() -> int:
    """Run the bench; exit 1 if a bid was lost, late or refused on time, or none came late."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        found = run(Path(name), given.rounds)
    seconds = round(time.monotonic() - start)
    print(json.dumps({"bench": "seal-storm", **found, "seconds": seconds}))
    storm_at_the_end = found["deadline"]
    wrong = (
        "lost", "late", "refused_on_time", "written_without_receipt", "not_in_the_closing",
    )  # fmt: skip
    tested = storm_at_the_end["accepted"] and storm_at_the_end["refused"]
    return int(not tested or any(storm_at_the_end[each] for each in wrong))


if __name__ == "__main__":
    sys.exit(main())
