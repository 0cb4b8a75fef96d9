"""Reading the fields of a parsed statement: exact key sets, exact types, named errors."""

import re
from collections.abc import Collection
from typing import Any

from keys.encoding import MAX_INTEGER
from keys.errors import Malformed

_PARTY = re.compile(r"[A-Za-z0-9-]{1,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def exact(value: Any, names: Collection[str], what: str) -> dict[str, Any]:
    """Return `value` if it is an object with exactly the keys `names`, or raise Malformed.

    An unknown key is refused as well as a missing one: a reader that ignores what it does not
    know would let two readers see two different statements in the same signed bytes.
    """
    if not isinstance(value, dict):
        raise Malformed("field", f"{what} is not an object")
    if value.keys() != set(names):
        wrong = sorted(str(name)[:40] for name in value.keys() ^ set(names))
        raise Malformed("field", f"{what} has missing or unknown keys: {', '.join(wrong[:5])}")
    return value


def version(value: Any, expected: str) -> None:
    """Raise Malformed unless `value` is exactly the version text `expected`."""
    if not isinstance(value, str) or value != expected:
        raise Malformed("version", f"expected version {expected}")


def text(value: Any, what: str) -> str:
    """Return a string that is not empty, or raise Malformed."""
    if not isinstance(value, str) or not value:
        raise Malformed("field", f"{what} is not a text")
    return value


def integer(value: Any, what: str, low: int = 0, high: int = MAX_INTEGER) -> int:
    """Return an integer from `low` to `high`, or raise Malformed; a bool is no integer."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Malformed("field", f"{what} is not an integer from {low} to {high}")
    return value


def party(value: Any, what: str) -> str:
    """Return a party id, `[A-Za-z0-9-]{1,64}`, or raise Malformed."""
    if not isinstance(value, str) or not _PARTY.fullmatch(value):
        raise Malformed("field", f"{what} is not a party id of 1 to 64 letters, digits or hyphens")
    return value


def digest(value: Any, what: str) -> str:
    """Return 64 lower-case hexadecimal digits, or raise Malformed."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise Malformed("field", f"{what} is not 64 lower-case hexadecimal digits")
    return value


def listing(value: Any, what: str) -> list[Any]:
    """Return a list, or raise Malformed."""
    if not isinstance(value, list):
        raise Malformed("field", f"{what} is not a list")
    return value
