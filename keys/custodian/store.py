"""What an agent remembers: one SQLite file whose every commit is on disk before anything is signed.

Why: a custodian accepts a key once, ever, and never co-signs two histories; both promises hang on
memory that survives a crash. So SQLite runs with synchronous=FULL, uniqueness is a primary key,
and the journal (日志) row is committed before the signature exists. After a restore from backup
the memory may be older than the promises: see `keys.custodian.policy`.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from keys import encoding
from keys.errors import Refused
from keys.merkle import HASH_SIZE, Frontier
from keys.openings import Opening
from keys.records import OpeningRecord

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS node (
    level INTEGER NOT NULL, place INTEGER NOT NULL, hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch (
    batch TEXT PRIMARY KEY, made_at TEXT NOT NULL, keys INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'retired', 'destroyed'))) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS one_time_key (
    key_id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE,
    batch TEXT NOT NULL REFERENCES batch(batch), number INTEGER NOT NULL,
    opening TEXT UNIQUE, accepted_at TEXT, released_at TEXT, void_at TEXT,
    CHECK ((opening IS NULL) = (accepted_at IS NULL)),
    CHECK (released_at IS NULL OR accepted_at IS NOT NULL)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS opening (
    opening TEXT PRIMARY KEY, record BLOB NOT NULL, signature TEXT NOT NULL,
    state TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS statement (
    kind TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, posted_at TEXT,
    PRIMARY KEY (kind, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, act TEXT NOT NULL,
    detail TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS journal_act ON journal (act, detail);
"""

COSIGNINGS_KEPT = 20_000


@dataclass
class Watched:
    """An opening that names this custodian: what the ledger said, and how its closing read.

    `fault` is set once a line about it broke a rule; it is then never accepted nor released.
    """

    opening: Opening
    signature: str
    closing: dict[str, Any] | None = None
    fault: str | None = None
    recounted: bool = False


class Store:
    """The agent's memory in `agent.sqlite`."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA foreign_keys=ON")
        self._db.executescript(SCHEMA)
        self._records: dict[bytes, OpeningRecord] = {}

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def commit(self) -> Iterator[None]:
        """Do all of what is inside or nothing; it is on disk when the block is left."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # The journal.

    def write(self, now: datetime, act: str, **detail: object) -> None:
        """Write one journal line; outside of a block it is on disk on return."""
        text = json.dumps(detail, ensure_ascii=False, sort_keys=True)
        with self.commit():
            self._db.execute(
                "INSERT INTO journal (time, act, detail) VALUES (?, ?, ?)",
                (encoding.timestamp(now), act, text),
            )

    def write_once(self, now: datetime, act: str, **detail: object) -> bool:
        """Write a journal line unless the same stands there; say whether it was new."""
        text = json.dumps(detail, ensure_ascii=False, sort_keys=True)
        with self.commit():
            sql = "SELECT 1 FROM journal WHERE act = ? AND detail = ? LIMIT 1"
            if self._db.execute(sql, (act, text)).fetchone():
                return False
            self.write(now, act, **detail)
        return True

    def write_cosigning(self, now: datetime, text: str, brief: str) -> None:
        """Journal that a checkpoint is about to be co-signed; of these lines the last are kept."""
        with self.commit():
            self.set_meta("cosigning", text)
            self.write(now, "cosign", checkpoint=brief)
            self._db.execute(
                "DELETE FROM journal WHERE act = 'cosign' AND number <="
                " (SELECT max(number) FROM journal) - ?",
                (COSIGNINGS_KEPT,),
            )

    def journal(self, act: str | None = None, last: int = 1000) -> list[dict[str, Any]]:
        """Give the last lines of the journal, oldest first."""
        rows = self._db.execute(
            "SELECT number, time, act, detail FROM journal WHERE act = ?1 OR ?1 IS NULL"
            " ORDER BY number DESC LIMIT ?2",
            (act, last),
        ).fetchall()
        return [
            {"number": number, "time": time, "act": name, **json.loads(detail)}
            for number, time, name, detail in reversed(rows)
        ]

    # The ledger as seen.

    def meta(self, name: str) -> str | None:
        """Give a remembered value."""
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        """Remember a value."""
        with self.commit():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def frontier(self) -> Frontier:
        """Give the frontier of the ledger followed so far."""
        found = json.loads(self.meta("frontier") or '{"size": 0, "edge": []}')
        return Frontier(found["size"], [bytes.fromhex(each) for each in found["edge"]])

    def set_frontier(self, frontier: Frontier) -> None:
        """Remember the frontier; the caller's block holds the nodes that led to it."""
        edge = [each.hex() for each in frontier.edge]
        self.set_meta("frontier", json.dumps({"size": frontier.size, "edge": edge}))

    def add_nodes(self, nodes: list[tuple[int, int, bytes]]) -> None:
        """Keep subtrees of the ledger."""
        self._db.executemany("INSERT INTO node VALUES (?, ?, ?)", nodes)

    def node(self, level: int, place: int) -> bytes:
        """Give a subtree's root (the `NodeSource` of the followed ledger)."""
        row = self._db.execute(
            "SELECT hash FROM node WHERE level = ? AND place = ?", (level, place)
        ).fetchone()
        if row is None or len(row[0]) != HASH_SIZE:
            raise Refused("store", "The agent's memory of the ledger has a gap.")
        return bytes(row[0])

    # Openings.

    def watched(self, opening_id: str) -> Watched | None:
        """Give what is known of an opening that names this custodian."""
        row = self._db.execute(
            "SELECT record, signature, state FROM opening WHERE opening = ?", (opening_id,)
        ).fetchone()
        return None if row is None else self._watched(*row)

    def save(self, watched: Watched, *, done: bool = False) -> None:
        """Remember an opening's state; `done` ones are not looked at again by `pending`."""
        state = asdict(watched.opening)
        del state["record"]
        for name in ("deadline", "closed_time"):
            state[name] = state[name] and encoding.timestamp(state[name])
        state |= {
            "closing": watched.closing,
            "fault": watched.fault,
            "recounted": watched.recounted,
        }
        with self.commit():
            self._db.execute(
                "INSERT INTO opening VALUES (?, ?, ?, ?, ?) ON CONFLICT (opening) DO UPDATE"
                " SET state = excluded.state, done = max(done, excluded.done)",
                (
                    watched.opening.opening_id,
                    watched.opening.record.to_bytes(),
                    watched.signature,
                    json.dumps(state),
                    done,
                ),
            )

    def pending(self) -> list[Watched]:
        """Give the openings in which something is still to be done."""
        rows = self._db.execute(
            "SELECT record, signature, state FROM opening WHERE done = 0 ORDER BY opening"
        ).fetchall()
        return [self._watched(*row) for row in rows]

    def _watched(self, raw: bytes, signature: str, text: str) -> Watched:
        """Put a row together; a record is checked once, as this is done several times a second."""
        record = self._records.get(raw)
        if record is None:
            record = self._records[raw] = OpeningRecord.from_bytes(raw)
        return _watched(record, signature, text)

    # Statements: signed once, sent until the platform has them.

    def keep(self, kind: str, name: str, body: bytes) -> None:
        """Keep a signed statement for sending; an earlier one of that name stays."""
        with self.commit():
            self._db.execute(
                "INSERT OR IGNORE INTO statement VALUES (?, ?, ?, NULL)", (kind, name, body)
            )

    def statement(self, kind: str, name: str) -> bytes | None:
        """Give a kept statement."""
        row = self._db.execute(
            "SELECT body FROM statement WHERE kind = ? AND name = ?", (kind, name)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def unsent(self) -> list[tuple[str, str, bytes]]:
        """Give kind, name and body of the statements that the platform has not taken."""
        rows = self._db.execute(
            "SELECT kind, name, body FROM statement WHERE posted_at IS NULL ORDER BY kind, name"
        ).fetchall()
        return [(kind, name, bytes(body)) for kind, name, body in rows]

    def sent(self, kind: str, name: str, now: datetime) -> None:
        """Note that the platform has taken a statement."""
        with self.commit():
            self._db.execute(
                "UPDATE statement SET posted_at = ? WHERE kind = ? AND name = ?",
                (encoding.timestamp(now), kind, name),
            )

    def query(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a statement of `keys.custodian.stock`, which owns the tables of keys and batches."""
        return self._db.execute(sql, values).fetchall()


def _watched(record: OpeningRecord, signature: str, text: str) -> Watched:
    state = json.loads(text)
    closing, fault = state.pop("closing"), state.pop("fault")
    recounted = state.pop("recounted")
    for name in ("deadline", "closed_time"):
        state[name] = state[name] and encoding.parse_timestamp(state[name])
    state["pauses"] = [(seq, paused) for seq, paused in state["pauses"]]
    opening = Opening(record=record, **state)
    return Watched(opening, signature, closing, fault, recounted)
