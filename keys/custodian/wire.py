"""Talking to the platform: a few public addresses, with limits on time and size.

Why: the platform may be down, slow or hostile; nothing that it answers may hang the agent, fill
its memory or lead it elsewhere. Every answer is bounded, redirections are not followed, and what
comes back is only text that the caller checks against keys it has pinned.
"""

import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

from keys.entries import LONGEST_LINE
from keys.errors import Forged, KeysError, Malformed
from keys.notes import LONGEST_NOTE

TIMEOUT = 20.0
PAGE = 1000
LARGEST_PAGE = 64 * 1024 * 1024
LARGEST_ANSWER = 4 * 1024 * 1024


class Unreachable(KeysError):
    """The platform did not answer properly; to be tried again."""


class Declined(KeysError):
    """The platform answered that it does not want this (4xx), with its code and message."""


class Platform:
    """The platform's public interface for custodians, over one connection that is kept open."""

    def __init__(self, address: str, *, ca: str | None = None, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Malformed("platform", "The platform's address must be an http or https URL.")
        self._parts, self._timeout = parts, timeout
        self._tls = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def checkpoint(self) -> str:
        """Give the newest signed note."""
        return self._text("/api/ledger/checkpoint", LONGEST_NOTE)

    def cosigned(self, opening: str) -> str:
        """Give the note that covers the closing of an opening, with the witnesses' lines."""
        return self._text(f"/api/ledger/cosigned?opening={quote(opening)}", LONGEST_NOTE)

    def entries(self, start: int, end: int) -> Iterator[bytes]:
        """Give the ledger lines start..end-1, page by page; a missing line raises."""
        while start < end:
            wanted = min(PAGE, end - start)
            raw = self._ask(
                "GET", f"/api/ledger/entries?start={start}&limit={wanted}", None, LARGEST_PAGE
            )
            lines = raw.removesuffix(b"\n").split(b"\n") if raw else []
            if not 1 <= len(lines) <= wanted or any(len(line) > LONGEST_LINE for line in lines):
                raise Forged("entries", f"The platform does not give the lines from {start} on.")
            yield from lines
            start += len(lines)

    def records(self, identity: str) -> list[dict[str, Any]]:
        """Give the opening records that wait for the acceptance of `identity`."""
        raw = self._ask("GET", f"/api/custody/records?identity={quote(identity)}", None)
        found = _json(raw)
        records = found.get("records") if isinstance(found, dict) else None
        if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
            raise Unreachable("answer", "The platform's list of records is not one.")
        return records

    def post(self, path: str, body: bytes) -> None:
        """Send a statement; raises `Declined` or `Unreachable` unless the platform took it."""
        self._ask("POST", path, body)

    def cosignature(self, text: str, line: str) -> None:
        """Send a cosignature."""
        body = json.dumps({"checkpoint": text, "cosignature": line}, ensure_ascii=False)
        self.post("/api/ledger/cosignatures", body.encode())

    def _text(self, path: str, limit: int) -> str:
        try:
            return self._ask("GET", path, None, limit).decode()
        except UnicodeDecodeError as error:
            raise Unreachable("answer", "The platform's answer is not UTF-8.") from error

    def _ask(
        self, method: str, path: str, body: bytes | None, limit: int = LARGEST_ANSWER
    ) -> bytes:
        try:
            status, data = self._exchange(method, path, body, limit)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Unreachable("network", f"No answer from the platform: {error}") from error
        if status in (200, 201):
            return data
        self.close()
        if 400 <= status < 500 and status not in (408, 429):
            raise Declined(*_complaint(status, data))
        raise Unreachable("status", f"The platform answered {status}.")

    def _exchange(
        self, method: str, path: str, body: bytes | None, limit: int
    ) -> tuple[int, bytes]:
        """Send one request; a kept connection that the other side closed is opened once more."""
        kept = self._connection is not None
        try:
            return self._send(method, path, body, limit)
        except (ConnectionError, http.client.BadStatusLine):
            self.close()
            if not kept:
                raise
            return self._send(method, path, body, limit)

    def _send(self, method: str, path: str, body: bytes | None, limit: int) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = self._connect()
        headers = {"Accept": "application/json, text/plain", "User-Agent": "keys-custodian/1"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        prefix = self._parts.path.rstrip("/")
        self._connection.request(method, prefix + path, body=body, headers=headers)
        answer = self._connection.getresponse()
        data = answer.read(limit + 1)
        if len(data) > limit:
            raise ValueError(f"the answer is larger than {limit} bytes")
        if answer.will_close:
            self.close()
        return answer.status, data

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._tls is not None:
            return http.client.HTTPSConnection(host, port, timeout=self._timeout, context=self._tls)
        return http.client.HTTPConnection(host, port, timeout=self._timeout)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unreachable("answer", "The platform's answer is not JSON.") from error


def _complaint(status: int, data: bytes) -> tuple[str, str]:
    try:
        error = json.loads(data)["error"]
        return str(error["code"])[:100], str(error["message"])[:500]
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"status_{status}", f"The platform answered {status}."
