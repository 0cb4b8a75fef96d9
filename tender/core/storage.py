"""What a full, read-only or failing disk is called, so that people are told what to do.

Nothing is lost by such a failure: a transaction is whole or not there, a file gets its name only
when it is durable. But "something failed" helps nobody who stands before a deadline.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_

FULL = "storage.full"
READ_ONLY = "storage.read_only"
BROKEN = "storage.broken"
MESSAGES = {
    FULL: N_(
        "The disk of the system is full, so nothing was saved. The operator must make room; "
        "please send the same again after that."
    ),
    READ_ONLY: N_(
        "The data of the system can only be read at present, so nothing was saved. "
        "The operator must look at the disk; please send the same again later."
    ),
    BROKEN: N_(
        "The disk of the system reported an error, so nothing was saved. "
        "The operator must look at the disk; please send the same again later."
    ),
}
FILE_ERRORS = {
    errno.ENOSPC: FULL, errno.EDQUOT: FULL, errno.EFBIG: FULL,
    errno.EROFS: READ_ONLY, errno.EIO: BROKEN,
}  # fmt: skip
POSTGRES_STATES = {"53100": FULL, "25006": READ_ONLY, "58030": BROKEN}  # SQLSTATE


def _code(error: BaseException) -> str | None:
    if isinstance(error, DBAPIError):
        return None if error.orig is None else _code(error.orig)
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            return FULL
        if name.startswith("SQLITE_READONLY"):
            return READ_ONLY
        return BROKEN if name.startswith(("SQLITE_IOERR", "SQLITE_CORRUPT")) else None
    if isinstance(error, OSError):
        return FILE_ERRORS.get(error.errno or 0)
    return POSTGRES_STATES.get(getattr(error, "sqlstate", None) or "")


def storage_refusal(error: BaseException) -> DomainError | None:
    """The refusal (503) that an error of disk or database amounts to; None for any other error."""
    code = _code(error)
    if code is None:
        return None
    return DomainError(Kind.UNAVAILABLE, code, MESSAGES[code])


@contextmanager
def telling_storage_errors() -> Iterator[None]:
    """Raise a full, read-only or failing disk as the DomainError that says so."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        refusal = storage_refusal(error)
        if refusal is None:
            raise
        raise refusal from error
