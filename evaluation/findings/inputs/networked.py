"""How far the networks' file has read the past (关系网络进度): a small note beside it.

The note is written after the file; if a process dies in between, the same lots are taken in again
and replace themselves.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from evaluation.findings.inputs.reading import folder
from tender.core.files import write_durably
from tender.core.settings import Settings

LEAST_TENDERS = 30  # Fewer tenders are no market to compare with.


@dataclass(frozen=True)
class Taken:
    """Openings up to this ledger number are held; `unsettled` lots had no award yet."""

    upto: int = -1
    unsettled: tuple[str, ...] = ()


def taken_so_far(settings: Settings) -> Taken:
    """What the note says; nothing without the file itself."""
    place = folder(settings)
    if not (place / "networks.duckdb").exists():
        return Taken()
    try:
        content = json.loads((place / "networks.json").read_text(encoding="utf-8"))
        return Taken(int(content["upto"]), tuple(content["unsettled"]))
    except (OSError, ValueError, KeyError):
        return Taken()


def keep_taken(settings: Settings, taken: Taken) -> None:
    """Write the note."""
    data = json.dumps(asdict(taken), ensure_ascii=False).encode()
    write_durably(folder(settings) / "networks.json", data)
