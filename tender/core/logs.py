"""What the process log may tell (日志脱敏): where something failed, never what people had sent.

Logs are read by more people than the database, copied to other machines and kept by others. Values
of a request stand in the messages of exceptions ("invalid literal for int(): 'secret'", "Key
(code)=(510...) already exists") and in the variables of each frame, which structlog's own renderer
prints. So a traceback is told by file, line and function; an exception by its type, and in its own
words only if those words hold no values.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from sqlalchemy.exc import DataError, DBAPIError

from tender.core.errors import DomainError

OURS = ("tender.", "evaluation.", "keys.", "wsgi")
HIDDEN = "[...]"
_SCRUBBED = re.compile(
    r"(?<=/recover/)[^\s\"'?]+"  # links to set a new password
    r"|\$argon2[^\s\"'<>]+"
    r"|(?<![0-9A-Za-z])[1-9]\d{16}[\dXx](?![0-9A-Za-z])"  # identity numbers
    r"|(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])"  # mobile telephones
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"
)


def scrub(text: str) -> str:
    """A text without identity numbers, telephones, mail addresses, hashes and recovery links."""
    return _SCRUBBED.sub(HIDDEN, text)


def told(error: BaseException) -> str:
    """An exception as a log may tell it: its type, and its message only if it holds no values.

    Messages of this product's own exceptions are written by us. A database's first line names
    tables and constraints; its details and what it says of wrong values do not pass.
    """
    kind = type(error)
    if isinstance(error, DomainError):
        return f"{kind.__name__}: {error.code}"
    if kind.__module__.startswith(OURS):
        return f"{kind.__name__}: {scrub(str(error))}"
    if isinstance(error, DBAPIError) and not isinstance(error, DataError):
        first = (str(error.orig).splitlines() or [""])[0]
        return f"{kind.__name__}: {scrub(first)}"
    if isinstance(error, OSError) and isinstance(error.errno, int):
        return f"{kind.__name__}: [{error.errno}] {error.strerror}"
    return kind.__name__


def frames(error: BaseException, seen: int = 4) -> str:
    """The traceback with its causes, outermost cause first: places and types, no variables."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{frames(cause, seen - 1)}\n" if cause is not None and seen else ""
    places = "".join(traceback.format_tb(error.__traceback__))
    return f"{before}{places}{told(error)}"


def _safe_traceback(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, tuple):
        info = info[1]
    if isinstance(info, BaseException):
        event["exception"] = frames(info)
    return event


def _scrubbed(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {key: scrub(value) if isinstance(value, str) else value for key, value in event.items()}


def configure_logs() -> None:
    """Have every line of structlog pass the rules above; once at the start of a process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _safe_traceback,
            _scrubbed,
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
