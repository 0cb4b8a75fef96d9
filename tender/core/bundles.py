"""Where the browser's built files lie, under names that carry their hash.

A page links a script as `<script defer src="{{ url_for('static', filename=found.path) }}"
integrity="{{ found.sri }}">`: the browser refuses other bytes (W3C Subresource Integrity), and as
a changed file has another name, it may be cached for ever.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

BUILT = Path(__file__).parents[2] / "static" / "build"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One built file: `path` below static/, integrity value, and SHA-256 in hex."""

    path: str
    sri: str
    sha256: str


@lru_cache(maxsize=2)
def _manifest(path: Path, changed: int) -> dict[str, Bundle]:
    found = json.loads(path.read_bytes())
    return {
        name: Bundle(f"{path.parent.name}/{each['file']}", each["sri"], each["sha256"])
        for name, each in found.items()
    }


def bundle(name: str, built: Path = BUILT) -> Bundle:
    """The built file that the manifest calls `name` (`sealing.js`, `htmx.js`, `style.css`).

    Raises FileNotFoundError before the set-up has built anything, KeyError for another name.
    """
    path = built / "manifest.json"
    return _manifest(path, path.stat().st_mtime_ns)[name]
