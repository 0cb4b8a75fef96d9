"""The public face of the ledger: who signs it, who watches it, and its newest lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys.plainfiles import Keys
from tender.core.settings import Settings
from tender.ledger import checkpoints
from tender.ledger.models import LedgerCheckpoint, LedgerEntry
from tender.procedure.models import Custodian
from tender.publication.verifying.checking import public_keys

NEWEST = 15


@dataclass(frozen=True)
class Witness:
    """A custodian as witness of the ledger (见证人)."""

    name: str
    identity: str
    seen_at: datetime | None
    signed_newest: bool
    retired: bool


@dataclass(frozen=True)
class Line:
    """One line for the page; a hidden one tells nothing but its place."""

    seq: int
    time: datetime | None
    event: str | None


@dataclass(frozen=True)
class LedgerPage:
    """The newest checkpoint with its witnesses and lines."""

    checkpoint: LedgerCheckpoint | None
    note: str
    witnesses: list[Witness]
    lines: list[Line]


def ledger_page(session: Session) -> LedgerPage:
    """Read the page of the ledger; empty before the first checkpoint."""
    newest = checkpoints.newest(session)
    signed = checkpoints.witnesses(session, newest.size) if newest else set()
    return LedgerPage(
        checkpoint=newest,
        note=checkpoints.with_witnesses(session, newest) if newest else "",
        witnesses=[
            Witness(
                each.name, each.identity, each.seen_at, each.identity in signed,
                each.retired_at is not None,
            )
            for each in _custodians(session)
        ],
        lines=_lines(session, newest.size if newest else 0),
    )  # fmt: skip


def _custodians(session: Session) -> list[Custodian]:
    query = select(Custodian).order_by(Custodian.created_at, Custodian.id)
    return list(session.scalars(query))


def _lines(session: Session, size: int) -> list[Line]:
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.seq < size)
        .order_by(LedgerEntry.seq.desc())
        .limit(NEWEST)
    )
    return [
        Line(row.seq, None, None)
        if row.hidden_by is not None
        else Line(row.seq, row.time, row.event)
        for row in session.scalars(query)
    ]


def ledger_keys(session: Session, settings: Settings) -> Keys:
    """keys.json of this installation: its own key, its roots, its custodians."""
    return public_keys(settings, {each.identity: each.name for each in _custodians(session)})
