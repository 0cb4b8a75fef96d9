"""Appending to the ledger and reading from it.

The rooms append facts in the past tense (`bid.submitted`); nobody edits or deletes an entry.
Every append happens under the write lock, so that seq has no gap and time never goes back.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from keys import entries
from tender.ledger.models import DataKind, LedgerEntry, PrivateData

RETENTION: dict[DataKind, timedelta] = {
    DataKind.PERSON: timedelta(days=15 * 366),  # GPL art. 42: archives are kept 15 years
    DataKind.PROCEDURE: timedelta(days=15 * 366),
    DataKind.NETWORK: timedelta(days=3 * 366),  # 数据安全: six months at least, O20 art. 49
}


def last_entry(session: Session) -> LedgerEntry | None:
    """The newest entry."""
    return session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq.desc()).limit(1)).first()


def not_before_last(session: Session, now: datetime) -> datetime:
    """The time to judge and log by: never before the newest entry's.

    A clock that was set back, or a second server that lags, can then neither accept a late bid
    nor write an entry that seems to precede another.
    """
    last = last_entry(session)
    return now if last is None else max(now, last.time)


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
    """Append one fact and give the entry as it stands in the ledger.

    `fields` are public for ever; `private` goes into a row that can be deleted, the entry holds
    only its salted digest. `hidden_by` is the opening whose closing reveals the line. The caller
    holds the write lock and commits.
    """
    last = last_entry(session)
    time = now if last is None else max(now, last.time)
    salt = secrets.token_bytes(entries.SALT_SIZE)
    entry = entries.build_entry(
        seq=0 if last is None else last.seq + 1,
        time=time,
        event=event,
        subject=subject,
        actor=actor,
        nonce=secrets.token_bytes(entries.NONCE_SIZE),
        fields=fields,
        data_sha256=None if private is None else entries.personal_digest(salt, private),
    )
    session.add(
        LedgerEntry(
            seq=entry.seq,
            time=time,
            event=event,
            subject=subject,
            actor=actor,
            line=entry.line.decode(),
            leaf=entry.leaf,
            hidden_by=hidden_by,
        )
    )
    session.flush()
    if private is not None:
        session.add(
            PrivateData(
                seq=entry.seq,
                kind=kind,
                salt=salt.hex(),
                data=private,
                keep_until=now + RETENTION[kind],
            )
        )
    return entry


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


def entries_about(session: Session, subjects: list[str], limit: int = 500) -> list[LedgerEntry]:
    """Revealed entries about some subjects, oldest first: for histories on pages."""
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.subject.in_(subjects), LedgerEntry.hidden_by.is_(None))
        .order_by(LedgerEntry.seq)
        .limit(limit)
    )
    return list(session.scalars(query))


def entry_of(session: Session, seq: int) -> entries.Entry:
    """One entry, parsed."""
    row = session.get_one(LedgerEntry, seq)
    return entries.parse_entry(row.line.encode())


def purge(session: Session, *, now: datetime, actor: str) -> int:
    """Delete private data whose retention has ended; the ledger still verifies. Gives the count."""
    count = session.scalar(
        select(func.count()).select_from(PrivateData).where(PrivateData.keep_until <= now)
    )
    if count:
        session.execute(delete(PrivateData).where(PrivateData.keep_until <= now))
        append(
            session,
            "personal_data.purged",
            subject="ledger",
            actor=actor,
            now=now,
            fields={"count": count},
        )
    return int(count or 0)
