"""When a duty counts as missed, when a card turns red, and what a pause does to both: pure.

A paused procedure stands still (REG art. 22, 54; GPL art. 57): nobody may be blamed for not
doing what the law just then forbids him to do. So no card falls while a duty is held, and the
time of the pause is given back in full: to the date if it had not come, to the growth of a
yellow card into a red one if it had. Answers to objections and decisions on complaints are not
held, because their own clock runs on while the tender's stands.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tender.core.shanghai import SHANGHAI

RED_AFTER = timedelta(days=3)
"""A duty still not done three days after its yellow card fell due is a red card."""

INSTANT = timedelta(microseconds=1)


def missed(card_at: datetime, *, held: bool, now: datetime) -> bool:
    """Whether a duty is missed now; the moment itself is still in time."""
    return not held and card_at < now


def turns_red(red_at: datetime | None, *, held: bool, now: datetime) -> bool:
    """Whether a yellow card turns red now."""
    return red_at is not None and missed(red_at, held=held, now=now)


def moved(moment: datetime, *, held_at: datetime, now: datetime) -> datetime:
    """A date after a pause from `held_at` to `now`: later by the pause, if it had not come.

    A period of days ends at 24:00 of its last day, also one that was lengthened; a date at any
    other time of day (an opening) moves by the pause exactly.
    """
    if moment <= held_at:
        return moment
    later = moment + (now - held_at)
    if moment.astimezone(SHANGHAI).time() != time(0):
        return later
    day = (later - INSTANT).astimezone(SHANGHAI).date() + timedelta(days=1)
    return datetime.combine(day, time(0), SHANGHAI).astimezone(moment.tzinfo)
