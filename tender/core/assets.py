"""Built browser files: by their hashed names and integrity values, from the build's manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BUILT = Path(__file__).parents[2] / "static" / "build"


@dataclass(frozen=True)
class Asset:
    """A built file: its address, its subresource integrity value and its SHA-256."""

    url: str
    integrity: str
    sha256: str


@cache
def asset(name: str) -> Asset:
    """The built file that a source name stands for; the plain one while nothing is built."""
    try:
        row = json.loads((BUILT / "manifest.json").read_text())[name]
    except (FileNotFoundError, KeyError):
        return Asset(f"/static/{name}", "", "")
    return Asset(f"/static/build/{row['file']}", row["sri"], row["sha256"])
