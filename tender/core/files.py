"""Stored files: bytes on disk addressed by SHA-256, durable before anybody is told.

A file is written beside its place, fsynced, renamed, and its directory fsynced: fsync of the file
alone loses the name on power cut. A failed fsync is never retried, because the kernel may have
dropped the pages it reports; the process must stop.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from tender.core.db import Base, UtcDateTime
from tender.core.errors import DomainError, Kind, invalid
from tender.core.i18n import N_
from tender.core.ids import new_id
from tender.core.scanner import scan
from tender.core.storage import telling_storage_errors

ALLOWED: dict[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
    "application/zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "text/plain": (),
}
SUFFIXES = {
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
    ".txt": "text/plain",
}
INCOMING = "incoming"  # directory in the store of files that are not checked yet
COPY = 1024 * 1024
MAX_UPLOAD = 100 * 1024 * 1024  # bytes of one ordinary attachment


class StoredFile(Base):
    """One file as somebody gave it: its name and type, and where its bytes lie."""

    __tablename__ = "stored_file"
    __table_args__ = (CheckConstraint("size >= 0", name="size"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(32))
    purged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def fsync_directory(directory: Path) -> None:
    """Make a directory's names durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@telling_storage_errors()
def write_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file by new bytes, durable when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    fsync_directory(path.parent)


def blob_path(store: Path, sha256: str) -> Path:
    """Where the bytes with this digest lie."""
    return store / sha256[:2] / sha256


@telling_storage_errors()
def store_blob(store: Path, chunks: Iterable[bytes], limit: int = MAX_UPLOAD) -> tuple[str, int]:
    """Keep bytes durably; gives their SHA-256 (hex) and size.

    Raises DomainError `file.too_large` and keeps nothing when there are more than `limit` bytes,
    and `storage.full` (503) when the disk is.
    """
    store.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    descriptor, temporary = tempfile.mkstemp(dir=store, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise DomainError(
                        Kind.TOO_LARGE,
                        "file.too_large",
                        N_("The file is larger than %(limit)s MB. Split or compress it."),
                        limit=limit // 1024**2,
                    )
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        path = blob_path(store, digest.hexdigest())
        path.parent.mkdir(exist_ok=True)
        Path(temporary).replace(path)
        fsync_directory(path.parent)
        fsync_directory(store)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size


def adopt_blob(store: Path, source: Path, sha256: str) -> int:
    """Move a file whose SHA-256 the caller has just computed into the store; gives its size.

    Nothing is copied or hashed again: the bytes are fsynced where they lie, then renamed. Only if
    `source`, which must be nobody else's, lies on another file system is it copied.
    """
    descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
        os.fchmod(descriptor, 0o600)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    path = blob_path(store, sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with source.open("rb") as file:
            store_blob(store, iter(lambda: file.read(COPY), b""), 2**62)
    fsync_directory(path.parent)
    fsync_directory(store)
    return size


def _check_content(path: Path, media_type: str, name: str) -> None:
    with path.open("rb") as file:
        start = file.read(16)
    magic = ALLOWED[media_type]
    if magic and not start.startswith(magic):
        raise invalid(
            "file.type",
            N_("The content of “%(name)s” does not match its ending. Save it again and retry."),
            name=name,
        )
    scan(path, name)


def keep_upload(
    session: Session,
    store: Path,
    *,
    name: str,
    chunks: Iterable[bytes],
    actor_id: str,
    now: datetime,
) -> StoredFile:
    """Check an uploaded attachment by type, size and scanner, and keep it.

    It waits beside the store until it has passed, so that a refused file is on no disk. The caller
    holds the write lock.

    The type is judged by the name's ending and the first bytes together; what the browser claims
    is ignored. Raises DomainError `file.type`, `file.too_large` or `file.infected`.
    """
    name = Path(name.replace("\\", "/")).name[:255] or "file"
    media_type = SUFFIXES.get(Path(name).suffix.lower())
    if media_type is None:
        raise invalid(
            "file.type",
            N_(
                "“%(name)s” is not an accepted kind of file. "
                "Use PDF, Word, Excel, JPG, PNG, TXT or ZIP."
            ),
            name=name,
        )
    waiting = store / INCOMING
    sha256, size = store_blob(waiting, chunks)
    try:
        _check_content(blob_path(waiting, sha256), media_type, name)
        path = blob_path(store, sha256)
        path.parent.mkdir(exist_ok=True)
        blob_path(waiting, sha256).replace(path)
        fsync_directory(path.parent)
        fsync_directory(store)
    finally:
        blob_path(waiting, sha256).unlink(missing_ok=True)
    stored = StoredFile(
        name=name,
        media_type=media_type,
        size=size,
        sha256=sha256,
        created_at=now,
        created_by=actor_id,
    )
    session.add(stored)
    session.flush()
    return stored
