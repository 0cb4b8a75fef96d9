"""Appending to the ledger and reading from it.

The rooms append facts in the past tense (`bid.submitted`); nobody edits or deletes an entry.
Every append happens under the write lock, so that seq has no gap and time never goes back.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from keys import entries
from tender.core import retention
from tender.ledger.models import DataKind, LedgerEntry, PrivateData

LAST = select(LedgerEntry.seq, LedgerEntry.time).order_by(LedgerEntry.seq.desc()).limit(1)
PRIVATE = ("seq", "kind", "salt", "data", "keep_until")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened, ready to be appended.

    `fields` are public for ever; `private` goes into a row that can be deleted, the entry holds
    only its salted digest. `hidden_by` is the opening whose closing reveals the line.
    """

    event: str
    subject: str
    actor: str
    fields: dict[str, Any] | None = None
    private: dict[str, Any] | None = None
    kind: DataKind = DataKind.PROCEDURE
    hidden_by: str | None = None


def last_entry(session: Session) -> LedgerEntry | None:
    """The newest entry."""
    return session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq.desc()).limit(1)).first()


def not_before_last(session: Session, now: datetime) -> datetime:
    """The time to judge and log by: never before the newest entry's.

    A clock that was set back, or a second server that lags, can then neither accept a late bid
    nor write an entry that seems to precede another.
    """
    return _place(session, now)[1]


def append(
    session: Session,
    event: str,
    *,
    subject: str,
    actor: str,
    now: datetime,
    fields: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
    kind: DataKind = DataKind.PROCEDURE,
    hidden_by: str | None = None,
) -> entries.Entry:
    """Append one `Fact` and give the entry as it stands in the ledger.

    The caller holds the write lock and commits.
    """
    fact = Fact(event, subject, actor, fields, private, kind, hidden_by)
    return append_all(session, [fact], now=now)[0]


def append_all(session: Session, facts: Sequence[Fact], *, now: datetime) -> list[entries.Entry]:
    """Append facts in their order, with two statements however many there are.

    The caller holds the write lock and commits. Raises before anything is written if one of them
    is not of its event's form.
    """
    session.flush()
    seq, time = _place(session, now)
    made: list[entries.Entry] = []
    rows, private = list[dict[str, Any]](), list[dict[str, Any]]()
    for fact in facts:
        salt = secrets.token_bytes(entries.SALT_SIZE)
        entry = _entry(fact, seq + len(made), time, salt)
        made.append(entry)
        rows.append(_row(fact, entry, time))
        if fact.private is not None:
            keep_until = retention.keep_until(f"ledger_{fact.kind.value}", now)
            values = (entry.seq, fact.kind, salt.hex(), fact.private, keep_until)
            private.append(dict(zip(PRIVATE, values, strict=True)))
    connection = session.connection()
    if rows:
        connection.execute(insert(cast(Table, LedgerEntry.__table__)), rows)
    if private:
        connection.execute(insert(cast(Table, PrivateData.__table__)), private)
    return made


def _place(session: Session, now: datetime) -> tuple[int, datetime]:
    """The next entry's number and time."""
    last = session.connection().execute(LAST).first()
    return (0, now) if last is None else (last.seq + 1, max(now, last.time))


def _entry(fact: Fact, seq: int, time: datetime, salt: bytes) -> entries.Entry:
    private = fact.private
    return entries.build_entry(
        seq=seq,
        time=time,
        event=fact.event,
        subject=fact.subject,
        actor=fact.actor,
        nonce=secrets.token_bytes(entries.NONCE_SIZE),
        fields=fact.fields,
        data_sha256=None if private is None else entries.personal_digest(salt, private),
    )


def _row(fact: Fact, entry: entries.Entry, time: datetime) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "time": time,
        "event": fact.event,
        "subject": fact.subject,
        "actor": fact.actor,
        "line": entry.line.decode(),
        "leaf": entry.leaf,
        "hidden_by": fact.hidden_by,
    }


def reveal(session: Session, opening_id: str) -> None:
    """Serve the lines that an opening hid, now that it is closed."""
    session.execute(
        update(LedgerEntry).where(LedgerEntry.hidden_by == opening_id).values(hidden_by=None)
    )


def served_line(entry: LedgerEntry) -> str:
    """The line as strangers get it: the entry, or its bare leaf while it is hidden."""
    if entry.hidden_by is None:
        return entry.line
    return entries.hidden_line(entry.leaf).decode()


def served_lines(session: Session, start: int, limit: int, size: int) -> list[str]:
    """Lines `start` .. `start + limit` below `size` (the newest checkpoint's)."""
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.seq >= start, LedgerEntry.seq < min(size, start + limit))
        .order_by(LedgerEntry.seq)
    )
    return [served_line(entry) for entry in session.scalars(query)]


def entry_of(session: Session, seq: int) -> entries.Entry:
    """One entry, parsed."""
    row = session.get_one(LedgerEntry, seq)
    return entries.parse_entry(row.line.encode())
