"""Finding (围串标线索): what a screen saw, how sure it is, and where a person can look at it.

A finding is a question put to people, never a verdict: the panel or the supervisor confirms,
rejects with a reason, or refers. So it carries what a person needs to judge it: the value beside
its threshold, how often an honest market would show it (p or percentile), the passages or cells
of both sides, the legal item, and the innocent explanations that were looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Strength(StrEnum):
    """How far a finding may carry (线索强度).

    A: a legal "deemed" case is met on its face, still put to people. B: a strong sign, the bidder
    is asked to explain. C: a statistical sign, for supervision only, never a ground to reject.
    """

    A = "A"
    B = "B"
    C = "C"


_ORDER = {Strength.A: 0, Strength.B: 1, Strength.C: 2}


@dataclass(frozen=True)
class Evidence:
    """Where to look (证据位置): a passage, a cell or a record of one bidder.

    `page` counts from 1. `start` and `end` are code points of the extracted text before
    normalisation, end exclusive. `cell` is a spreadsheet address such as "Sheet1!F12".
    `record` is the id of a stored record: a tender, an upload, a bond payment, a register extract.
    """

    bidder: str
    file: str | None = None
    page: int | None = None
    start: int | None = None
    end: int | None = None
    cell: str | None = None
    record: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields that are known, under their own names."""
        fields = {
            "file": self.file,
            "page": self.page,
            "start": self.start,
            "end": self.end,
            "cell": self.cell,
            "record": self.record,
        }
        known = {name: value for name, value in fields.items() if value is not None}
        return {"bidder": self.bidder, **known}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Evidence:
        """Read what `to_json` wrote; a missing field is None."""
        return cls(
            bidder=data["bidder"],
            file=data.get("file"),
            page=data.get("page"),
            start=data.get("start"),
            end=data.get("end"),
            cell=data.get("cell"),
            record=data.get("record"),
        )


@dataclass(frozen=True)
class Finding:
    """One sign seen by one screen (线索).

    `value` and `threshold` are in the unit of the screen `code`. `p` is the chance of the value,
    or one further out, among honest bidders; `percentile` (0..1, 1 = most suspicious) is the place
    in the population; one of the two is usually there. `legal` is the item, such as "REG 40(4)",
    or "" where the law names none. `innocent` holds fixed English sentences, which are message ids
    for translation: the explanations that were checked and did not explain the finding away.
    """

    code: str
    strength: Strength
    bidders: tuple[str, ...]
    value: float
    threshold: float | None = None
    p: float | None = None
    percentile: float | None = None
    legal: str = ""
    innocent: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values; a number that is not finite becomes null."""
        return {
            "code": self.code,
            "strength": self.strength.value,
            "bidders": list(self.bidders),
            "value": _finite(self.value),
            "threshold": _finite(self.threshold),
            "p": _finite(self.p),
            "percentile": _finite(self.percentile),
            "legal": self.legal,
            "innocent": list(self.innocent),
            "evidence": [piece.to_json() for piece in self.evidence],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """Read what `to_json` wrote; a value written as null comes back as not-a-number."""
        value = data["value"]
        return cls(
            code=data["code"],
            strength=Strength(data["strength"]),
            bidders=tuple(data["bidders"]),
            value=math.nan if value is None else float(value),
            threshold=data.get("threshold"),
            p=data.get("p"),
            percentile=data.get("percentile"),
            legal=data.get("legal", ""),
            innocent=tuple(data.get("innocent", ())),
            evidence=tuple(Evidence.from_json(piece) for piece in data.get("evidence", ())),
        )


def _finite(value: float | None) -> float | None:
    """Return the number, or None where JSON has no word for it (infinite, not a number)."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Sort findings for reading: the strongest first, then by code, chance and bidders.

    The order depends on the findings alone, so two runs over the same data give the same file.
    """
    return sorted(
        findings,
        key=lambda found: (
            _ORDER[found.strength],
            found.code,
            1.0 if found.p is None else found.p,
            found.bidders,
        ),
    )
