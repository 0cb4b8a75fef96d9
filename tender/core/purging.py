"""The purge of what every room shares: mails, messages, refusals, reads; and erasing files.

A file that no row names is not found by any row: what an act left that failed halfway, or a
process that was killed, is looked for by its age (`find_strays`).

Files go by an outbox row written in the purge's own transaction: a crash between the commit and
the erasing leaves no forgotten file, and a purge that is rolled back erases nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tender.core import outbox
from tender.core.files import StoredFile, blob_path
from tender.core.messages import InboxMessage
from tender.core.outbox import OutboxRow
from tender.core.platform import Platform
from tender.core.reads import AccessRecord
from tender.core.refusals import Refusal
from tender.core.retention import Purge, in_pieces
from tender.core.shanghai import SHANGHAI

MAIL = "email.send"
STRAY = "stray_file"
# What an upload, an opening, a packing, a backup or a restore leaves when its process is killed.
LEFTOVERS = (
    "store/.new-*", "store/incoming/**/*", "run/opening-*/**/*", "run/backup-*/**/*",
    "run/tmp*/**/*", "screens/**/.new-*", "restoring/**/*",
)  # fmt: skip
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
    _delete(purge, "message", ((each, _settled(each)) for each in session.scalars(messages)))
    mails = _old_work(purge, "mail").where(OutboxRow.kind == MAIL)
    _delete(purge, "mail", ((row, row.done_at or row.failed_at) for row in session.scalars(mails)))
    # Other work that was given up stays: somebody must look at it, and its error names nobody.
    work = _old_work(purge, "work_done").where(OutboxRow.kind != MAIL)
    _delete(purge, "work_done", ((row, row.done_at) for row in session.scalars(work)))


def _settled(message: InboxMessage) -> datetime:
    """When a message was over: a task that was never done, with its day."""
    return message.done_at or max(message.created_at, message.due_at or message.created_at)


def _old_work(purge: Purge, kind: str) -> Select[OutboxRow]:
    return select(OutboxRow).where(OutboxRow.created_at <= purge.latest_start(kind))


def _delete(purge: Purge, kind: str, rows: Iterable[tuple[Any, datetime | None]]) -> None:
    for row, start in list(rows):
        subjects = {getattr(row, "subject", None), getattr(row, "person_id", None)}
        if purge.over(kind, start) and not subjects & (purge.held | purge.protected):
            purge.session.delete(row)
            purge.note(kind)


def find_strays(purge: Purge, uses: Iterable[Uses]) -> None:
    """Have stored files erased that no row names, and leftovers of acts that did not end.

    Files know the machine's clock only, so their age is told by it, also in a sandbox.
    """
    settings = purge.settings
    stored = {path.name for path in aged(purge, settings.store.glob("??/*"))}
    digests = frozenset(stored - purge.blobs)
    stray = digests - {digest for each in uses for digest in each(purge.session, digests)}
    purge.blobs |= stray
    purge.note(STRAY, len(stray))
    for pattern in LEFTOVERS:
        drop_strays(purge, aged(purge, settings.data.glob(pattern)))


def drop_strays(purge: Purge, paths: Iterable[Path]) -> None:
    """Have files erased that nothing names."""
    for path in paths:
        purge.drop_path(path)
        purge.note(STRAY)


def aged(purge: Purge, paths: Iterable[Path]) -> Iterator[Path]:
    """The plain files among paths that are old enough to be strays."""
    period = purge.rules[STRAY].period(purge.now.astimezone(SHANGHAI).date())
    now = datetime.fromtimestamp(time.time(), UTC)
    for path in paths:
        if path.is_file() and not path.is_symlink():
            touched = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if period.end(touched) <= now:
                yield path


def order_erasing(purge: Purge) -> None:
    """Have the run's files erased once it is committed, and the database's log cleared."""
    if purge.counts:
        paths, before = sorted(purge.paths), time.time()
        payload = {"blobs": sorted(purge.blobs), "paths": paths, "before": before}
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

    It holds the write lock and asks again: the same bytes may have been uploaded meanwhile, and
    those that were written after the order wait for a row that is not committed yet. Gives how
    many files went; doing it twice erases nothing more.
    """
    settings, gone, before = platform.settings, 0, payload.get("before", time.time())
    with platform.database.write() as session:
        digests = frozenset(payload["blobs"])
        used = {digest for each in uses for digest in each(session, digests)}
        places = [blob_path(settings.store, digest) for digest in sorted(digests - used)]
        places += [settings.data / path for path in payload["paths"]]
        for place in places:
            inside = place.resolve().is_relative_to(settings.data.resolve())
            if inside and place.is_file() and place.stat().st_mtime <= before:
                place.unlink()
                gone += 1
    platform.database.forget()
    log.info("files.erased", files=gone, kept=len(used))
    return gone
