"""Proving on the spot that an issued document stands in the public ledger (账本包含证明)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from keys import merkle
from tender.ledger import checkpoints
from tender.ledger.service import entry_of
from tender.publication.models import IssuedDocument


@dataclass(frozen=True)
class Inclusion:
    """Where a document stands in the ledger, and the checkpoint that its proof leads to."""

    seq: int
    time: datetime
    size: int
    witnesses: int


def prove_document(session: Session, document: IssuedDocument) -> Inclusion | None:
    """The checked proof of an issued document; None until a checkpoint covers its entry.

    The leaf is computed from the line that strangers read. Raises `Forged` if the ledger does not
    hold what was issued: nothing then may be called genuine.
    """
    if document.ledger_seq is None:
        return None
    checkpoint = checkpoints.covering(session, document.ledger_seq)
    if checkpoint is None:
        return None
    entry = entry_of(session, document.ledger_seq)
    proof = checkpoints.prove_inclusion(session, entry.seq, checkpoint)
    leaf = entry.leaf if entry.fields.get("sha256") == document.sha256 else b""
    merkle.verify_inclusion(leaf, entry.seq, checkpoint.size, proof, checkpoint.root)
    seen = len(checkpoints.witnesses(session, checkpoint.size))
    return Inclusion(entry.seq, entry.time, checkpoint.size, seen)
