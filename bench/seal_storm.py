"""How many SEALs a second the real server takes, and whether a storm at the deadline loses one.

    python -m bench.seal_storm [--bids 450]

Prints one JSON object. Clients on 1, 8 and 32 connections send prepared bids (seven small ones to
two with 20 KB of terms) to the web server in a process of its own. Then a tender's deadline falls
in the middle of a storm: every 201 must stand in the ledger before the deadline (`lost`, `late`),
every other answer must be `bid.late` and not come before the deadline (`refused_on_time`). Then
bids to a full tender alternate with bids to a fresh one (--bids 1100: a thousand). The limit is
measured between the storms on the same disk: one-row commits of SQLite (WAL, synchronous=FULL)
and fdatasync of 4 KiB. Exit 1 if a bid was lost, late or refused on time.
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
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench import storm_world
from keys.records import OpeningRecord
from tender.core.files import write_durably
from tender.core.processes import Supervisor, free_port
from tender.core.servers import web_program
from tender.ledger.models import LedgerEntry

HOST = "127.0.0.1"
DEADLINE = timedelta(minutes=90)  # sessions end after two idle hours of the moved clock
SMALL, LARGE = 7, 2  # the mix: of nine bids seven are small and two carry LARGE_TERMS
LARGE_TERMS = 20_000  # bytes
CONNECTIONS = (1, 8, 32)
PAIR = 100  # bids of each side when the old tender is compared with a fresh one
LIMIT_SECONDS = 1.0
TOKEN = re.compile(rb'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """What became of one SEAL."""

    status: int
    body: dict[str, Any]
    seconds: float
    at: datetime

    @property
    def entry(self) -> int:
        """The place of the receipt's entry in the ledger."""
        return int(self.body["receipt"]["entry"]["seq"])


@dataclass(frozen=True)
class Door:
    """One bidder's signed-in way in: cookies and CSRF token."""

    who: storm_world.Bidder
    headers: dict[str, str]


Parcel = tuple[Door, bytes]


def fetch_door(connection: http.client.HTTPConnection, who: storm_world.Bidder) -> Door:
    """Fetch a session's CSRF token from the sign-in page."""
    connection.request("GET", "/login")
    answer = connection.getresponse()
    page, cookie = answer.read(), answer.headers["Set-Cookie"]
    found = TOKEN.search(page)
    if found is None or cookie is None:
        raise RuntimeError(f"/login answered {answer.status} without a CSRF token")
    cookies = f"{cookie.split(';', 1)[0]}; sid={who.token}"
    return Door(
        who,
        {
            "Cookie": cookies,
            "X-CSRFToken": found[1].decode(),
            "Content-Type": "application/json",
        },
    )


def post(connection: http.client.HTTPConnection, parcel: Parcel) -> Answer:
    """Send one SEAL."""
    door, body = parcel
    start = time.perf_counter()
    connection.request("POST", "/api/bids/seal", body, door.headers)
    answer = connection.getresponse()
    text = answer.read()
    seconds = time.perf_counter() - start
    return Answer(answer.status, json.loads(text), seconds, datetime.now(UTC))


def storm(port: int, parcels: Sequence[Parcel], connections: int) -> tuple[list[Answer], float]:
    """Send all on so many kept connections; give the answers and the seconds it took."""
    waiting: Iterator[Parcel] = iter(parcels)
    lock, answers, errors = threading.Lock(), list[Answer](), list[Exception]()

    def client() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        try:
            while True:
                with lock:
                    parcel = next(waiting, None)
                if parcel is None:
                    return
                answers.append(post(connection, parcel))
        except (OSError, ValueError, http.client.HTTPException) as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=client) for _ in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return answers, time.perf_counter() - start


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
    doors: list[Door]
    commits: list[float]
    syncs: list[float]

    def measure(self) -> None:
        """Measure the limit once more."""
        commits, syncs = measure_limit(self.directory)
        self.commits.append(commits)
        self.syncs.append(syncs)

    def parcels(self, record: OpeningRecord, doors: Sequence[Door]) -> list[Parcel]:
        """One prepared bid for each door, small and large ones mixed."""
        return [
            (door, storm_world.seal_body(door.who, record, terms(number)))
            for number, door in enumerate(doors)
        ]

    def accepted(self, parcels: Sequence[Parcel], connections: int) -> tuple[list[Answer], float]:
        """A storm in which every bid must be taken."""
        answers, seconds = storm(self.port, parcels, connections)
        refused = [each for each in answers if each.status != 201]
        if refused:
            raise RuntimeError(f"{len(refused)} refused, the first: {refused[0].body}")
        return answers, seconds


def terms(number: int) -> dict[str, str]:
    """The terms of the bid with this number in the mix."""
    large = number % (SMALL + LARGE) >= SMALL
    return {"plan": secrets.token_hex(LARGE_TERMS // 2)} if large else {}


def rates(bench: Bench) -> dict[str, Any]:
    """SEALs a second and their times by connections, each into a tender of its own."""
    found: dict[str, Any] = {}
    for connections in CONNECTIONS:
        record = storm_world.open_tender(bench.world, DEADLINE)
        doors = bench.doors if connections > 1 else bench.doors[: len(bench.doors) // 3]
        parcels = bench.parcels(record, doors)
        bench.measure()
        answers, seconds = bench.accepted(parcels, connections)
        found[f"connections_{connections}"] = {
            "seals": len(answers),
            "seals_per_s": round(len(answers) / seconds),
            "p50_ms": milliseconds(answers, 50),
            "p99_ms": milliseconds(answers, 99),
        }
    bench.measure()
    return found


def growth(bench: Bench) -> dict[str, Any]:
    """Times of bids to a tender with a thousand, alternating with bids to a fresh one."""
    old = storm_world.open_tender(bench.world, DEADLINE)
    fresh = storm_world.open_tender(bench.world, DEADLINE)
    last, before = bench.doors[:PAIR], bench.doors[PAIR:]
    bench.accepted(bench.parcels(old, before), max(CONNECTIONS))
    sides: tuple[list[Answer], list[Answer]] = ([], [])
    queues = [iter(bench.parcels(record, last)) for record in (old, fresh)]
    for _ in range(PAIR // 10):
        for side, parcels in zip(sides, queues, strict=True):
            side += bench.accepted(list(islice(parcels, 10)), 1)[0]
    late, early = (statistics.median(each.seconds for each in side) for side in sides)
    return {
        "bids_before_last": len(before),
        "last_100_p50_ms": round(late * 1000, 2),
        "first_100_p50_ms": round(early * 1000, 2),
        "last_of_first": round(late / early, 2),
        "last_of_first_limit": 1.2,
    }


def submitted(world: storm_world.World, record: OpeningRecord) -> dict[int, datetime]:
    """Place -> time of every bid that the ledger holds of an opening."""
    query = select(LedgerEntry.seq, LedgerEntry.time).where(
        LedgerEntry.event == "bid.submitted", LedgerEntry.hidden_by == record.opening_id
    )
    with world.platform.database.read() as session:
        return {row.seq: row.time for row in session.execute(query)}


def deadline(bench: Bench, rate: float) -> dict[str, int]:
    """Let the deadline fall in the middle of a storm and count what went wrong."""
    settings = bench.world.platform.settings
    record = storm_world.open_tender(bench.world, DEADLINE)
    end = storm_world.deadline_of(bench.world, record)
    parcels = bench.parcels(record, bench.doors)
    middle = datetime.now(UTC) + timedelta(seconds=len(parcels) / rate / 2)
    shift = end - middle
    text = json.dumps({"offset_seconds": shift.total_seconds()})
    write_durably(settings.clock_file, text.encode())
    answers, _ = storm(bench.port, parcels, max(CONNECTIONS))
    written = submitted(bench.world, record)
    taken = {each.entry for each in answers if each.status == 201}
    refused = [each for each in answers if each.status != 201]
    return {
        "sent": len(parcels),
        "accepted": len(taken),
        "refused": len(refused),
        "lost": len(taken - set(written)) + len(parcels) - len(answers),
        "late": sum(moment > end for moment in written.values()),
        "written_without_receipt": len(set(written) - taken),
        "refused_on_time": sum(each.at + shift < end or not is_late(each) for each in refused),
    }


def is_late(answer: Answer) -> bool:
    """Whether a bid was refused as late and for no other reason."""
    code: object = answer.body.get("error", {}).get("code")
    return code == "bid.late"


def run(directory: Path, count: int) -> dict[str, Any]:
    """Build the county, start its server, run everything."""
    data, port = directory / "data", free_port(HOST)
    world = storm_world.build(data)
    people = storm_world.bidders(world, count)
    environment = {"TENDER_DATA": str(data), "TENDER_MODE": "demo"}
    program = web_program("wsgi:application", host=HOST, port=port, environment=environment)
    with Supervisor(directory / "logs") as supervisor:
        supervisor.start(program)
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        doors = [fetch_door(connection, who) for who in people]
        connection.close()
        bench = Bench(world, directory, port, doors, [], [])
        warm = storm_world.open_tender(world, DEADLINE)
        bench.accepted(bench.parcels(warm, doors[:50]), 8)
        found = rates(bench)
        found["growth"] = growth(bench)
        best = found[f"connections_{max(CONNECTIONS)}"]["seals_per_s"]
        found["deadline"] = deadline(bench, best)
    commits = statistics.median(bench.commits)
    return {
        **found,
        "limit_sqlite_full_commits_per_s": round(commits),
        "limit_fdatasync_4k_per_s": round(statistics.median(bench.syncs)),
        "seals_of_commits": round(best / commits, 2),
    }


def main() -> int:
    """Run the bench; exit 1 if a bid was lost, late or refused on time."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--bids", type=int, default=450)
    given = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        found = run(Path(name), given.bids)
    seconds = round(time.monotonic() - start)
    print(json.dumps({"bench": "seal-storm", **found, "seconds": seconds}))
    wrong = ("lost", "late", "written_without_receipt", "refused_on_time")
    return int(any(found["deadline"][each] for each in wrong))


if __name__ == "__main__":
    sys.exit(main())
