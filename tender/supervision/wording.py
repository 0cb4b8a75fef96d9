"""How a date that may be missed is said: 24:00 of its day, not 00:00 of the next."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tender.core.presenting import moment, second
from tender.core.shanghai import SHANGHAI

MINUTE = timedelta(minutes=1)


def due_words(value: datetime) -> str:
    """Day, weekday and minute in China; the end of a day belongs to that day (Civil Code 203).

    A reader who is told 30 December, 00:00 is easily a day late.
    """
    if value.astimezone(SHANGHAI).time() != time(0):
        return moment(value)
    return moment(value - MINUTE).replace("23:59", "24:00")


def due_figures(value: datetime) -> str:
    """The same in figures, for tables: `2026-12-29 24:00:00`."""
    if value.astimezone(SHANGHAI).time() != time(0):
        return second(value)
    return f"{second(value - MINUTE)[:10]} 24:00:00"
