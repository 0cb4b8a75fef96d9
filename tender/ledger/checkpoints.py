"""Checkpoints: signed statements of the tree, their witnesses' lines, and proofs from them."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from keys import encoding, entries, merkle, notes
from keys.errors import KeysError
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.ledger.models import LedgerCheckpoint, LedgerCosignature, LedgerEntry, LedgerNode
from tender.ledger.signing import signing_key

NODE = ("level", "position", "hash")


def newest(session: Session) -> LedgerCheckpoint | None:
    """The newest checkpoint."""
    query = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1)
    return session.scalars(query).first()


def _node(session: Session, level: int, position: int) -> bytes:
    return session.get_one(LedgerNode, (level, position)).hash


def _frontier(session: Session, size: int) -> merkle.Frontier:
    edge: list[bytes] = []
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            edge.append(_node(session, level, start >> level))
            start += 1 << level
    return merkle.Frontier(size, edge)


def sign_checkpoint(session: Session, settings: Settings, *, now: datetime) -> bool:
    """Sign a checkpoint over all entries; False if there is nothing new. Needs the write lock."""
    last = newest(session)
    frontier = _frontier(session, last.size if last else 0)
    query = (
        select(LedgerEntry.leaf)
        .where(LedgerEntry.seq >= frontier.size)
        .order_by(LedgerEntry.seq)
        .execution_options(yield_per=1000)
    )
    nodes = [node for leaf in session.scalars(query) for node in merkle.new_nodes(frontier, leaf)]
    if not nodes:
        return False
    rows = [dict(zip(NODE, node, strict=True)) for node in nodes]
    session.connection().execute(insert(cast(Table, LedgerNode.__table__)), rows)
    root = frontier.root()
    note = notes.sign_checkpoint(settings.platform, frontier.size, root, signing_key(settings))
    session.add(LedgerCheckpoint(size=frontier.size, root=root, note=note, signed_at=now))
    session.flush()
    return True


def with_witnesses(session: Session, checkpoint: LedgerCheckpoint) -> str:
    """A checkpoint's note with all cosignature lines gathered so far."""
    query = select(LedgerCosignature.line).where(LedgerCosignature.size == checkpoint.size)
    lines = [notes.parse_signature(line) for line in session.scalars(query)]
    return str(notes.with_lines(notes.parse_note(checkpoint.note), lines))


def covering(session: Session, seq: int) -> LedgerCheckpoint | None:
    """The checkpoint over entry `seq` with the most witnesses; the oldest such if several."""
    query = (
        select(LedgerCheckpoint)
        .where(LedgerCheckpoint.size > seq)
        .order_by(LedgerCheckpoint.size)
        .limit(200)
    )
    best: LedgerCheckpoint | None = None
    most = -1
    for checkpoint in session.scalars(query):
        count = len(witnesses(session, checkpoint.size))
        if count > most:
            best, most = checkpoint, count
    return best


def witnesses(session: Session, size: int) -> set[str]:
    """Identities (base64url) that co-signed the checkpoint of this size."""
    query = select(LedgerCosignature.witness).where(LedgerCosignature.size == size)
    return set(session.scalars(query))


def add_cosignature(
    session: Session, *, text: str, line: str, identity: str, now: datetime
) -> None:
    """Keep a custodian's cosignature of one of our checkpoints.

    `identity` must be a known custodian's (the caller looks it up). Raises DomainError if the
    checkpoint is not ours or the signature does not hold.
    """
    try:
        stated = notes.parse_checkpoint(text)
        key = notes.witness_key(encoding.unb64u(identity, 32))
        notes.check_cosignature_line(text, notes.parse_signature(line), key)
    except KeysError as error:
        raise invalid(
            "cosignature.invalid", N_("The cosignature does not hold: %(why)s"), why=str(error)
        ) from error
    checkpoint = session.get(LedgerCheckpoint, stated.size)
    if checkpoint is None or checkpoint.root != stated.root:
        raise conflict(
            "cosignature.unknown", N_("This ledger has no such checkpoint. Fetch the newest one.")
        )
    if session.get(LedgerCosignature, (stated.size, identity)) is None:
        session.add(
            LedgerCosignature(size=stated.size, witness=identity, line=line, received_at=now)
        )


def prove_inclusion(session: Session, seq: int, checkpoint: LedgerCheckpoint) -> list[bytes]:
    """The inclusion proof of entry `seq` in a checkpoint's tree."""

    def node(level: int, position: int) -> bytes:
        return _node(session, level, position)

    return merkle.prove_inclusion(seq, checkpoint.size, node)


def complete_receipt(session: Session, receipt: dict[str, object], seq: int) -> dict[str, object]:
    """A receipt with checkpoint, witnesses' lines and proof.

    Raises DomainError `receipt.waiting` (404) until a checkpoint covers the entry, which takes a
    second at most while the tick runs.
    """
    checkpoint = covering(session, seq)
    if checkpoint is None:
        raise not_found(
            "receipt.waiting", N_("The next checkpoint is not signed yet. Ask again in a second.")
        )
    note = with_witnesses(session, checkpoint)
    return entries.with_inclusion(receipt, note, prove_inclusion(session, seq, checkpoint))
