"""Resumable uploads of encrypted files (tus 1.0 semantics): durable slices, not acceptance.

A slice is at most one piece of 8 MiB or a part of it; its SHA-256 is checked, its bytes are
fsynced, and only then does the offset move. The pieces' digests are kept, so that SEAL need not
read the file again to know its piece digest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, require
from tender.bids.models import Upload
from tender.bids.submission import check_approved, open_lot
from tender.core.actor import Actor
from tender.core.db import Database
from tender.core.errors import DomainError, Kind, conflict, invalid, not_found
from tender.core.files import fsync_directory
from tender.core.i18n import N_
from tender.core.settings import Settings

SLICE = 8 * 1024 * 1024
OPEN_UPLOADS = 8  # unfinished uploads of one bidder for one opening
OVERHEAD = 1024 * 1024  # room for salt and tags above the limit on plain files


def upload_path(settings: Settings, upload_id: str) -> Path:
    """Where an upload's encrypted bytes lie."""
    return settings.data / "uploads" / upload_id[:2] / upload_id


def create_upload(
    session: Session,
    actor: Actor,
    opening_id: str,
    length: int,
    *,
    settings: Settings,
    now: datetime,
) -> Upload:
    """Begin an upload of `length` encrypted bytes for an opening.

    Raises DomainError `upload.too_large` before a byte has travelled, and `bidder.not_approved`:
    strangers must not be able to fill the disk that bids need.
    """
    require(actor, Permission.BID_SUBMIT)
    check_approved(session.get_one(Organisation, actor.organisation_id).status)
    open_lot(session, opening_id, now=now)
    _check_length(length, settings)
    waiting = session.scalar(
        select(func.count())
        .select_from(Upload)
        .where(
            Upload.owner_id == actor.organisation_id,
            Upload.opening_id == opening_id,
            Upload.sealed_by.is_(None),
            Upload.erased_at.is_(None),
        )
    )
    if waiting and waiting >= OPEN_UPLOADS:
        _erase_oldest(session, actor, opening_id, settings, now)
    upload = Upload(
        owner_id=actor.organisation_id,
        opening_id=opening_id,
        length=length,
        created_at=now,
        slices=[],
    )
    session.add(upload)
    session.flush()
    path = upload_path(settings, upload.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    fsync_directory(path.parent)
    fsync_directory(path.parent.parent)
    return upload


def _check_length(length: int, settings: Settings) -> None:
    limit = settings.max_bid_bytes + settings.max_bid_bytes // 8 + OVERHEAD
    if not 0 < length <= limit:
        raise DomainError(
            Kind.TOO_LARGE,
            "upload.too_large",
            N_(
                "A bid's files may have %(limit)s MB at most. "
                "Compress drawings or leave copies out."
            ),
            limit=settings.max_bid_bytes // 1024**2,
        )


def _erase_oldest(
    session: Session, actor: Actor, opening_id: str, settings: Settings, now: datetime
) -> None:
    query = (
        select(Upload)
        .where(
            Upload.owner_id == actor.organisation_id,
            Upload.opening_id == opening_id,
            Upload.sealed_by.is_(None),
            Upload.erased_at.is_(None),
        )
        .order_by(Upload.created_at)
        .limit(1)
    )
    for upload in session.scalars(query):
        upload.erased_at = now
        upload_path(settings, upload.id).unlink(missing_ok=True)


def own_upload(session: Session, actor: Actor, upload_id: str) -> Upload:
    """The actor's upload; DomainError `upload.unknown` for anybody else's."""
    upload = session.get(Upload, upload_id)
    if upload is None or upload.owner_id != actor.organisation_id or upload.erased_at is not None:
        raise not_found(
            "upload.unknown", N_("This upload does not exist any more. Start the upload again.")
        )
    return upload


@contextmanager
def _sole_writer(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise conflict(
                "upload.busy", N_("Another window is sending this upload. Close it and go on here.")
            ) from None
        yield descriptor
    finally:
        os.close(descriptor)


def append_slice(
    database: Database,
    actor: Actor,
    upload_id: str,
    *,
    offset: int,
    checksum: bytes | None,
    chunks: Iterable[bytes],
    settings: Settings,
) -> int:
    """Write one slice durably and move the offset; gives the new offset.

    `checksum` is the slice's SHA-256. Raises DomainError `upload.offset` (409), `upload.checksum`
    or `upload.slice`; nothing of a refused slice counts.
    """
    require(actor, Permission.BID_SUBMIT)
    path = upload_path(settings, upload_id)
    with database.read() as session:
        own_upload(session, actor, upload_id)
    with _sole_writer(path) as descriptor:
        with database.read() as session:
            upload = own_upload(session, actor, upload_id)
            length, expected = upload.length, upload.offset
        if offset != expected or expected == length:
            raise conflict(
                "upload.offset",
                N_("The upload stands at byte %(offset)s. Ask where it stands and go on there."),
                offset=expected,
            )
        boundary = min(offset - offset % SLICE + SLICE, length)
        size, digest = _write(descriptor, offset, boundary - offset, chunks)
        if checksum is not None and digest != checksum:
            raise invalid(
                "upload.checksum",
                N_("A slice arrived damaged and was not kept. It will be sent again."),
            )
        os.fsync(descriptor)
        piece = _piece(descriptor, offset, size, digest) if offset + size == boundary else None
        with database.write() as session:
            upload = own_upload(session, actor, upload_id)
            upload.offset = offset + size
            if piece is not None:
                upload.slices = [*upload.slices, piece.hex()]
    return offset + size


def _write(descriptor: int, offset: int, room: int, chunks: Iterable[bytes]) -> tuple[int, bytes]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        if size + len(chunk) > room:
            raise invalid(
                "upload.slice",
                N_("A slice must not cross an 8 MiB boundary or the end. It will be sent again."),
            )
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            written = os.pwrite(descriptor, view, offset + size)
            size += written
            view = view[written:]
    if size == 0:
        raise invalid("upload.slice", N_("An empty slice arrived. It will be sent again."))
    return size, digest.digest()


def _piece(descriptor: int, offset: int, size: int, digest: bytes) -> bytes:
    """The SHA-256 of the piece that a slice completed; read again if it came in parts."""
    start = offset - offset % SLICE
    if start == offset:
        return digest
    return hashlib.sha256(os.pread(descriptor, offset + size - start, start)).digest()


def piece_digest(upload: Upload) -> str:
    """The piece digest of a complete upload, from its slices' digests."""
    return hashlib.sha256(b"".join(bytes.fromhex(each) for each in upload.slices)).hexdigest()
