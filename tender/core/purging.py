"""The purge of what every room shares: mails, messages, refusals, reads; and erasing files.

Files go by an outbox row written in the purge's own transaction: a crash between the commit and
the erasing leaves no forgotten file, and a purge that is rolled back erases nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from tender.core import outbox
from tender.core.files import StoredFile, StoredFileUse, blob_path
from tender.core.messages import InboxMessage
from tender.core.outbox import OutboxRow
from tender.core.platform import Platform
from tender.core.reads import AccessRecord
from tender.core.refusals import Refusal
from tender.core.retention import Purge, in_pieces

log = structlog.get_logger(__name__)
Uses = Callable[[Session, frozenset[str]], set[str]]
"""Which of some digests a room's live rows still use."""


def purge_shared(purge: Purge) -> None:
    """Delete reads, refusals, messages and mails whose period has ended."""
    session = purge.session
    reads = select(AccessRecord).where(AccessRecord.time <= purge.latest_start("read_log"))
    _delete(purge, "read_log", ((each, each.time) for each in session.scalars(reads)))
    refusals = select(Refusal).where(Refusal.time <= purge.latest_start("refusal"))
    _delete(purge, "refusal", ((each, each.time) for each in session.scalars(refusals)))
    messages = select(InboxMessage).where(InboxMessage.created_at <= purge.latest_start("message"))
    closed = (
        (each, each.done_at or each.created_at)
        for each in session.scalars(messages)
        if each.due_at is None or each.done_at is not None
    )
    _delete(purge, "message", closed)
    _delete(purge, "mail", _mails(session.scalars(_old_mails(purge))))


def _old_mails(purge: Purge) -> Select[OutboxRow]:
    return select(OutboxRow).where(
        OutboxRow.kind == "email.send", OutboxRow.created_at <= purge.latest_start("mail")
    )


def _mails(rows: Iterable[OutboxRow]) -> Iterable[tuple[OutboxRow, datetime | None]]:
    return ((row, row.done_at or row.failed_at) for row in rows)


def _delete(purge: Purge, kind: str, rows: Iterable[tuple[Any, datetime | None]]) -> None:
    for row, start in list(rows):
        subject = getattr(row, "subject", None)
        if purge.over(kind, start) and subject not in purge.held | purge.protected:
            purge.session.delete(row)
            purge.note(kind)


def order_erasing(purge: Purge) -> None:
    """Have the run's files erased once it is committed."""
    if purge.blobs or purge.paths:
        payload = {"blobs": sorted(purge.blobs), "paths": sorted(purge.paths)}
        outbox.enqueue(purge.session, "files.erase", payload, now=purge.now)


def uses_of_files(session: Session, digests: frozenset[str]) -> set[str]:
    """Digests of files that are not purged."""
    found: set[str] = set()
    for piece in in_pieces(digests):
        query = select(StoredFile.sha256).where(
            StoredFile.sha256.in_(piece), StoredFile.purged_at.is_(None)
        )
        found |= set(session.scalars(query))
    return found


def erase_files(platform: Platform, payload: dict[str, Any], uses: Iterable[Uses]) -> int:
    """Outbox handler `files.erase`: erase blobs that no live row uses, and files by path.

    It holds the write lock and asks again: the same bytes may have been uploaded meanwhile. Gives
    how many files went; doing it twice erases nothing more.
    """
    settings, gone = platform.settings, 0
    with platform.database.write() as session:
        digests = frozenset(payload["blobs"])
        used = {digest for each in uses for digest in each(session, digests)}
        places = [blob_path(settings.store, digest) for digest in sorted(digests - used)]
        places += [settings.data / path for path in payload["paths"]]
        for place in places:
            if place.resolve().is_relative_to(settings.data.resolve()) and place.is_file():
                place.unlink()
                gone += 1
    log.info("files.erased", files=gone, kept=len(used))
    return gone


def forget_uses(session: Session, subject: str) -> None:
    """Let go of the files that a row kept."""
    session.execute(delete(StoredFileUse).where(StoredFileUse.subject == subject))
