"""The words of supervision: cards, duties, who owes them, and dates that may be missed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tender.core.i18n import N_
from tender.core.presenting import moment, second
from tender.core.shanghai import SHANGHAI
from tender.supervision.models import CardColour, CardStatus, Holder, MilestoneStatus

MINUTE = timedelta(minutes=1)
COLOUR_NAMES = {CardColour.YELLOW: N_("Yellow card"), CardColour.RED: N_("Red card")}
CARD_NAMES = {
    CardStatus.OPEN: N_("waits for an explanation"),
    CardStatus.EXPLAINED: N_("explained, to be looked at"),
    CardStatus.RETURNED: N_("sent back, to be explained again"),
    CardStatus.ACCEPTED: N_("explanation accepted, closed"),
    CardStatus.REPLACED: N_("became a red card"),
}
DUTY_NAMES = {
    MilestoneStatus.SCHEDULED: N_("term runs"),
    MilestoneStatus.MET: N_("done"),
    MilestoneStatus.NOT_MET: N_("missed, not yet done"),
    MilestoneStatus.CANCELLED: N_("fell away"),
}
HOLDER_NAMES = {
    Holder.FINANCE: N_("Finance office of the trading centre"),
    Holder.SUPERVISION: N_("Supervising body"),
}


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
