"""The agent's own clock: the machine's, or in a sandbox the machine's plus an offset of its own.

Why: a custodian releases by its own clock, so that no platform can talk it into an early
opening. A sandbox agent (made with `init --sandbox`, refused by real platforms) reads an offset
from `clock.json` in its own directory, never from the platform.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keys import fields
from keys.errors import Malformed

Clock = Callable[[], datetime]
FURTHEST = 100 * 366 * 86_400


def machine_clock() -> datetime:
    """Read the machine's clock as aware UTC."""
    return datetime.now(UTC)


def sandbox_clock(path: Path) -> Clock:
    """Give a clock that adds the `offset_seconds` (an integer) of the file, if it is there."""

    def read() -> datetime:
        return machine_clock() + timedelta(seconds=_offset(path))

    return read


def _offset(path: Path) -> int:
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise Malformed("clock", f"{path} is not JSON") from error
    value = fields.exact(found, ("offset_seconds",), "clock.json")["offset_seconds"]
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > FURTHEST:
        raise Malformed("clock", "offset_seconds is not an integer of at most 100 years")
    return value
