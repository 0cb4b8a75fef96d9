"""The turnstile: few SEALs are checked at a time, and a group waits for those that are near.

Threads share one interpreter: of 32 that check bids at once each hands it on at every statement of
the database, to the committer's cost most of all, and a quarter of the processor goes into that.
Whoever waits here waits for less. Because all who stand here will be through in milliseconds, the
committer lets them in before it takes the write lock: one commit then serves them all.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

PLACES = 2  # one checks while the other hears from the database


@dataclass
class Turnstile:
    """Lets so many threads through at a time and knows whether anybody is there."""

    places: int = PLACES
    _coming: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _mine: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        """Lay out the places."""
        self._free = threading.BoundedSemaphore(self.places)

    def enter(self) -> None:
        """Wait for a place; the thread must `leave`."""
        with self._changed:
            self._coming += 1
        self._free.acquire()
        self._mine.inside = True

    def leave(self) -> None:
        """Give the thread's place to the next; again, or without a place, it does nothing."""
        if not getattr(self._mine, "inside", False):
            return
        self._mine.inside = False
        self._free.release()
        with self._changed:
            self._coming -= 1
            if not self._coming:
                self._changed.notify_all()

    def let_in(self, seconds: float) -> None:
        """Wait until nobody is inside or before it, but never longer than so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._coming, seconds)
