"""How values look on a page: money, days, moments and sizes, as Jinja filters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tender.core import i18n, money
from tender.core.shanghai import SHANGHAI

WEEKDAYS = "一二三四五六日"


def yuan(fen: int | None) -> str:
    """Fen as yuan with separators and two decimals: `1,234.50`."""
    if fen is None:
        return "—"
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def day(moment: datetime | None) -> str:
    """The calendar day in China."""
    if moment is None:
        return "—"
    local = moment.astimezone(SHANGHAI)
    if i18n.language() == "zh":
        return f"{local.year}年{local.month}月{local.day}日"
    return f"{local.day} {local:%b} {local.year}"


def moment(value: datetime | None) -> str:
    """Day, weekday and minute in China."""
    if value is None:
        return "—"
    local = value.astimezone(SHANGHAI)
    if i18n.language() == "zh":
        return f"{day(value)}（周{WEEKDAYS[local.weekday()]}）{local:%H:%M}"
    return f"{local:%a} {day(value)}, {local:%H:%M} CST"


def second(value: datetime | None) -> str:
    """Day and second in China: for records."""
    return "—" if value is None else value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def iso(value: datetime) -> str:
    """The machine-readable form for `<time datetime>`."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def size(octets: int) -> str:
    """Bytes in a unit that people read."""
    value = float(octets)
    for unit in ("B", "KB", "MB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.2f} GB"


def groups(text: str, width: int = 4) -> str:
    """Hex digits in groups, to be read aloud and compared on paper."""
    return " ".join(text[i : i + width] for i in range(0, len(text), width))


def left(until: datetime, now: datetime) -> str:
    """The time left in the two units that matter; empty once it is over."""
    seconds = int((until - now).total_seconds())
    if seconds <= 0:
        return ""
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [
        i18n.ngettext("%(n)s day", "%(n)s days", days) if days else "",
        i18n.ngettext("%(n)s hour", "%(n)s hours", hours) if hours else "",
        i18n.ngettext("%(n)s minute", "%(n)s minutes", minutes) if minutes and not days else "",
    ]
    return " ".join(part for part in parts if part) or i18n.gettext("less than a minute")


FILTERS: dict[str, Callable[..., Any]] = {
    "yuan": yuan,
    "day": day,
    "moment": moment,
    "second": second,
    "iso": iso,
    "size": size,
    "groups": groups,
    "left": left,
    "capitals": money.capitals,
    "gettext": i18n.gettext,
}
