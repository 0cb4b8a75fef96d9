"""Sentences that rules hand out: an English msgid with its parts, said later in any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from tender.core.i18n import gettext
from tender.core.shanghai import SHANGHAI

Part: TypeAlias = "str | int | Decimal | date | datetime | Wording | tuple[Wording, ...]"


@dataclass(frozen=True)
class Wording:
    """A msgid and the parts for its named places.

    Parts stay what they are (dates, numbers, other wordings) until `text` is asked for, so one
    computed milestone serves the Chinese page and the English one. Moments are shown in
    Asia/Shanghai.
    """

    msgid: str
    params: Mapping[str, Part] = field(default_factory=dict)

    def text(self) -> str:
        """The sentence in the reader's language."""
        return gettext(self.msgid, **{name: _shown(part) for name, part in self.params.items()})


def say(msgid: str, **params: Part) -> Wording:
    """A wording from a msgid marked with `N_` and its parts by keyword."""
    return Wording(msgid, params)


def _shown(part: Part) -> str:
    if isinstance(part, Wording):
        return part.text()
    if isinstance(part, tuple):
        return gettext(", ").join(item.text() for item in part)
    if isinstance(part, datetime):
        return part.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    if isinstance(part, Decimal):
        return f"{part:f}"
    return str(part)


def plain(wording: Wording) -> dict[str, Any]:
    """A wording as JSON data, so that a stored result is shown later in the reader's language."""
    return {
        "msgid": wording.msgid,
        "params": {name: _plain_part(part) for name, part in wording.params.items()},
    }


def read_wording(data: Mapping[str, Any]) -> Wording:
    """The wording that `plain` wrote; KeyError or ValueError for anything else."""
    return Wording(data["msgid"], {name: _read_part(part) for name, part in data["params"].items()})


def _plain_part(part: Part) -> Any:
    if isinstance(part, Wording):
        return plain(part)
    if isinstance(part, tuple):
        return [plain(item) for item in part]
    if isinstance(part, datetime):
        return {"moment": part.isoformat()}
    if isinstance(part, date):
        return {"day": part.isoformat()}
    if isinstance(part, Decimal):
        return {"decimal": f"{part:f}"}
    return part


def _read_part(part: Any) -> Part:
    if isinstance(part, list):
        return tuple(read_wording(item) for item in part)
    if not isinstance(part, dict):
        if isinstance(part, str | int):
            return part
        raise ValueError(f"no part of a sentence: {part!r}")
    if "msgid" in part:
        return read_wording(part)
    if "moment" in part:
        return datetime.fromisoformat(part["moment"])
    if "day" in part:
        return date.fromisoformat(part["day"])
    return Decimal(part["decimal"])
