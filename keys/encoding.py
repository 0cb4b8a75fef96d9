"""The encodings of everything that is hashed or signed: JCS, base64url, times, Padmé, digests.

Two programs that disagree about one byte disagree about a signature, so every reader here accepts
exactly one spelling: JSON must equal its own RFC 8785 bytes, base64url must re-encode to itself.
"""

import base64
import binascii
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, NoReturn

from keys.errors import Malformed

Buffer = bytes | bytearray | memoryview

MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1
PIECE = 8 * 1024 * 1024

_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def canonical(obj: Any, *, max_depth: int = MAX_DEPTH) -> bytes:
    """Return the RFC 8785 bytes of `obj`, which may hold dict, list, str, int, bool and None.

    Only what every implementation writes alike is allowed: ASCII keys (so that sorting by UTF-16
    units and by code points agree), integers 0..2^53-1 (exact in JavaScript), no floats, no lone
    surrogates, at most `max_depth` levels of nesting. Anything else raises Malformed.
    """
    _check(obj, max_depth)
    text = json.dumps(obj, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Malformed("json_surrogate", "the JSON has a lone surrogate") from error


def parse(data: bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value of `data`, which must be its own RFC 8785 bytes, or raise Malformed.

    Duplicate keys, other spellings of a number, white space, a byte order mark and trailing bytes
    all fail the comparison with the bytes written anew.
    """
    try:
        value = json.loads(data.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:
        raise Malformed("json_syntax", "the bytes are not JSON in UTF-8") from error
    if canonical(value, max_depth=max_depth) != data:
        raise Malformed("json_not_canonical", "the JSON is not in its RFC 8785 form")
    return value


def _no_float(text: str) -> NoReturn:
    raise Malformed("json_number", "numbers must be integers from 0 to 2^53-1")


def _check(value: Any, depth: int) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not 0 <= value <= MAX_INTEGER:
            raise Malformed("json_number", "numbers must be integers from 0 to 2^53-1")
        return
    if not isinstance(value, dict | list):
        raise Malformed("json_type", f"a {type(value).__name__} has no canonical JSON form")
    if depth <= 0:
        raise Malformed("json_depth", "the JSON is nested too deeply")
    if isinstance(value, dict):
        if not all(isinstance(key, str) and key.isascii() for key in value):
            raise Malformed("json_key", "keys must be ASCII strings")
        value = list(value.values())
    for item in value:
        _check(item, depth - 1)


def b64u(data: bytes) -> str:
    """Return base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64u(text: Any, length: int | None = None) -> bytes:
    """Decode base64url without padding, or raise Malformed.

    The text must be what `b64u` writes: otherwise one value would have several spellings, and a
    statement could be changed without changing what it says. `length` counts decoded bytes.
    """
    if type(text) is not str or not text.isascii():
        raise Malformed("base64url", "expected base64url text")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("base64url", "the text is not base64url") from error
    if b64u(data) != text:
        raise Malformed("base64url", "the text is not base64url in its only spelling")
    if length is not None and len(data) != length:
        raise Malformed("base64url_length", f"expected {length} bytes, found {len(data)}")
    return data


def timestamp(moment: datetime) -> str:
    """Write an aware time as `YYYY-MM-DDTHH:MM:SSZ`, cutting fractions of a second off."""
    if moment.tzinfo is None:
        raise Malformed("time", "a time without a zone cannot be written")
    moment = moment.astimezone(UTC)
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%SZ}"


def parse_timestamp(text: Any) -> datetime:
    """Read `YYYY-MM-DDTHH:MM:SSZ` into an aware UTC time, or raise Malformed."""
    if type(text) is not str or not _TIMESTAMP.fullmatch(text):
        raise Malformed("time", "expected a time of the form YYYY-MM-DDTHH:MM:SSZ")
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Malformed("time", "there is no such time") from error


def padme(length: int) -> int:
    """Return the Padmé size of `length` bytes: at most 12 % more, so that sizes say little.

    (Nikitin et al., PURBs, PETS 2019.) Exact integers throughout; a length below 2 stays.
    """
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return (length + step - 1) // step * step


def sha256_hex(data: Buffer) -> str:
    """Return SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


class PieceDigest:
    """The piece digest of a stream: SHA-256 over the SHA-256s of its 8 MiB pieces.

    Slices of a large upload can be hashed apart and in any order. An empty stream has no piece.
    """

    def __init__(self) -> None:
        self._outer = hashlib.sha256()
        self._piece = hashlib.sha256()
        self._filled = 0

    def update(self, data: Buffer) -> "PieceDigest":
        """Add bytes, in chunks of any size."""
        view = memoryview(data).cast("B")
        while view:
            part = view[: PIECE - self._filled]
            self._piece.update(part)
            self._filled += len(part)
            view = view[len(part) :]
            if self._filled == PIECE:
                self._outer.update(self._piece.digest())
                self._piece, self._filled = hashlib.sha256(), 0
        return self

    def hexdigest(self) -> str:
        """Return the digest of what was added so far."""
        outer = self._outer.copy()
        if self._filled:
            outer.update(self._piece.digest())
        return outer.hexdigest()
