"""JSON that strangers send: bounded in size and depth, and of text that every database can hold."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from tender.core.errors import DomainError, Kind, invalid
from tender.core.i18n import N_

SMALL = 256 * 1024  # bytes: a deposit of 1,000 keys has 100 KB


def json_object(most: int = SMALL) -> dict[str, Any]:
    """The request's JSON object of at most `most` bytes, read before anything is locked.

    A megabyte of brackets costs a hundred in memory and a deep one the parser's stack, so the
    size is judged before the parsing. Lone surrogates and NUL are no text to SQLite or PostgreSQL.
    Raises DomainError `json.too_large` or `json.object`.
    """
    length = request.content_length
    if not request.is_json or length is None:
        raise _no_object()
    if length > most:
        raise DomainError(Kind.TOO_LARGE, "json.too_large", N_("What was sent is too large."))
    data = request.get_data(cache=False)
    try:
        found = json.loads(data.decode("utf-8"))
        if b"\\u" in data:
            _check_text(found)
    except (ValueError, RecursionError) as error:
        raise _no_object() from error
    if not isinstance(found, dict):
        raise _no_object()
    return found


def _check_text(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    text.encode("utf-8")  # UnicodeEncodeError, a ValueError, for a lone surrogate
    if "\\u0000" in text:
        raise ValueError("a text holds NUL")


def _no_object() -> DomainError:
    return invalid("json.object", N_("A JSON object is expected."))
