"""Sentences that rules hand out: an English msgid with its parts, said later in any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from tender.core.clock import SHANGHAI
from tender.core.i18n import gettext

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
