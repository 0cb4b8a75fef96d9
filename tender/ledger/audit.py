"""Computing the ledger again from its lines: after a restore, and daily.

A stranger does the same with `python -m keys verify` on exported lines; this one also sees the
lines that are still hidden and the columns that pages are made from.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import entries, merkle, notes
from keys.errors import KeysError
from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.ledger.models import LedgerCheckpoint, LedgerEntry
from tender.ledger.signing import note_key


class LedgerBroken(DomainError):
    """The ledger does not agree with itself; nothing may be appended until people have looked."""

    def __init__(self, seq: int, why: str) -> None:
        message = N_(
            "The ledger is broken at entry %(seq)s: %(why)s. Stop the service, keep a copy of the "
            "data and compare it with the witnesses' checkpoints."
        )
        super().__init__(Kind.UNAVAILABLE, "ledger.broken", message, fields=None, seq=seq, why=why)


@dataclass(frozen=True)
class Audit:
    """What was computed: the size, the root over all entries, checkpoints that agreed."""

    size: int
    root: str
    checkpoints: int
    newest: datetime | None


def _check_row(row: LedgerEntry, seq: int, before: datetime | None) -> None:
    """One row against its line, its leaf and its place."""
    if row.seq != seq:
        raise LedgerBroken(seq, "an entry is missing")
    line = row.line.encode()
    try:
        entry = entries.parse_entry(line)
    except KeysError as error:
        raise LedgerBroken(seq, str(error)) from error
    if merkle.leaf_hash(line) != row.leaf:
        raise LedgerBroken(seq, "the line does not have its leaf's hash")
    told = (entry.seq, entry.event, entry.subject, entry.actor)
    second = row.time.replace(microsecond=0)  # Lines hold whole seconds.
    if told != (seq, row.event, row.subject, row.actor) or entry.time != second:
        raise LedgerBroken(seq, "the line and its columns differ")
    if before is not None and row.time < before:
        raise LedgerBroken(seq, "time goes back")


def _check_point(checkpoint: LedgerCheckpoint, root: bytes, key: notes.NoteKey) -> None:
    """One checkpoint against the root over its entries and the platform's signature."""
    last = checkpoint.size - 1
    if checkpoint.root != root:
        raise LedgerBroken(last, "a checkpoint states another root")
    try:
        stated = notes.check_checkpoint(checkpoint.note, key)
    except KeysError as error:
        raise LedgerBroken(last, str(error)) from error
    if (stated.size, stated.root) != (checkpoint.size, root):
        raise LedgerBroken(last, "a checkpoint's note states another tree")


def audit(session: Session, settings: Settings) -> Audit:
    """Compute every leaf and root again; raise `LedgerBroken` at the first disagreement.

    Linear in the entries, flat in memory.
    """
    points = iter(session.scalars(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size)).all())
    point = next(points, None)
    key = note_key(settings)
    frontier, agreed, newest = merkle.Frontier(), 0, None
    query = select(LedgerEntry).order_by(LedgerEntry.seq).execution_options(yield_per=1000)
    with closing(session.scalars(query)) as rows:
        for row in rows:
            _check_row(row, frontier.size, newest)
            frontier.append(row.leaf)
            newest = row.time
            if point is not None and point.size == frontier.size:
                _check_point(point, frontier.root(), key)
                agreed += 1
                point = next(points, None)
    if point is not None:
        raise LedgerBroken(frontier.size, "entries under a signed checkpoint are missing")
    return Audit(frontier.size, frontier.root().hex(), agreed, newest)
