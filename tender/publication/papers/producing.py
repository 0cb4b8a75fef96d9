"""Producing ordered documents: the outbox's `document.produce`.

The press runs as a process of its own, outside every transaction; only its result is written
under the lock. A document is issued once: whoever comes second (a repeated job, a lease that
ran out) finds it issued and drops what it made, so the ledger never holds two for one order.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts import authority
from tender.core.actor import SYSTEM
from tender.core.errors import DomainError
from tender.core.files import store_blob
from tender.core.outbox import OutboxRow
from tender.core.platform import Platform
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.publication.models import DocumentStatus, IssuedDocument, PublicTender
from tender.publication.papers.press import Made, Press, PressSettings

log = structlog.get_logger(__name__)
PRODUCE = "document.produce"
MAX_DOCUMENT = 64 * 1024 * 1024
_bench: dict[str, Press] = {}  # one running press by centre, kept while there is work for it
_lock = threading.Lock()


def produce_document(platform: Platform, payload: dict[str, Any]) -> None:
    """Make, seal, keep and enter one ordered document; nothing happens if it is issued already.

    Raises DomainError (503) if the press fails; the outbox then tries again later.
    """
    with platform.database.read() as session:
        document = session.get(IssuedDocument, payload["document"])
        if document is None or document.status is DocumentStatus.ISSUED:
            return
        order = dict(document.context)
    moment = platform.clock.now().replace(microsecond=0)
    try:
        made = _make(platform.settings, order, moment)
    except DomainError as error:
        with platform.database.write() as session:
            session.get_one(IssuedDocument, payload["document"]).error = error.text()[:2000]
        raise
    store_blob(platform.settings.store, [made.pdf], limit=MAX_DOCUMENT)
    with platform.database.write() as session:
        issue(session, payload["document"], made, now=platform.clock.now())
        idle = not _more(session)
    if idle:
        rest()


def issue(session: Session, document_id: str, made: Made, *, now: datetime) -> bool:
    """Enter a made and stored document in the ledger; False if another one was there first."""
    document = session.get_one(IssuedDocument, document_id)
    if document.status is DocumentStatus.ISSUED:
        log.info("document.superseded", document=document_id)
        return False
    public = session.get(PublicTender, document.tender_id)
    entry = ledger.append(
        session,
        "document.issued",
        subject=document.tender_id,
        actor=SYSTEM,
        now=now,
        fields={
            "name": document.name,
            "kind": document.kind,
            "tender": public.number if public is not None else None,
            "sha256": made.sha256,
            **({} if document.public else {"public": False}),
        },
    )
    document.status = DocumentStatus.ISSUED
    document.issued_at = now
    document.sha256 = made.sha256
    document.size = len(made.pdf)
    document.ledger_seq = entry.seq
    document.error = None
    return True


def rest() -> None:
    """Stop the press; the next document starts one again."""
    with _lock:
        for press in _bench.values():
            press.close()
        _bench.clear()


def _make(settings: Settings, order: dict[str, Any], moment: datetime) -> Made:
    with _lock:
        centre = authority.directory(settings)
        if str(centre) not in _bench:
            passphrase = settings.data / "secrets" / "centre"
            _bench[str(centre)] = Press(PressSettings(centre, passphrase))
        return _bench[str(centre)].make(order, now=moment)


def _more(session: Session) -> bool:
    waiting = select(OutboxRow.id).where(
        OutboxRow.kind == PRODUCE, OutboxRow.done_at.is_(None), OutboxRow.failed_at.is_(None)
    )
    return len(session.scalars(waiting.limit(2)).all()) > 1
