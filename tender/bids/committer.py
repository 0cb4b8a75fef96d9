"""The committer: one thread of a process that writes all SEALs that wait, in one commit.

One fsync then serves many bidders; at the deadline that is the difference between waiting
milliseconds and waiting in a queue. Writers of several processes share the file lock.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import DataError, IntegrityError

from keys.errors import KeysError
from tender.bids.sealing import Outcome, seal_bids
from tender.bids.submission import SealRequest
from tender.bids.turnstile import Turnstile
from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_
from tender.core.platform import Platform

GROUP = 128  # SEALs in one transaction at most
Waiting = tuple[SealRequest, Future[Outcome]]
UNWRITABLE = (KeysError, DataError, IntegrityError, UnicodeError, OverflowError)
PATIENCE = 60.0  # seconds that a request waits for its commit
MOMENT = 0.1  # seconds at most that a group waits for bids that are being checked


@dataclass
class Committer:
    """Collects SEAL requests from request threads; its own thread starts with the first one."""

    platform: Platform
    waiting: queue.Queue[Waiting] = field(default_factory=queue.Queue)
    turnstile: Turnstile = field(default_factory=Turnstile)
    _start: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None

    def seal(self, request: SealRequest) -> dict[str, Any]:
        """Wait until the request is durable or refused; gives the receipt or raises.

        If the answer does not come in time the bid may still be committed: the bidder asks again
        with the same idempotency key and gets the one true answer.
        """
        self.start()
        answer: Future[Outcome] = Future()
        self.waiting.put((request, answer))
        self.turnstile.leave()
        try:
            outcome = answer.result(timeout=PATIENCE)
        except TimeoutError:
            raise DomainError(
                Kind.UNAVAILABLE,
                "bid.slow",
                N_("The system is very busy. Send the same bid again; it is counted once."),
            ) from None
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    def start(self) -> None:
        """Start the thread unless it runs."""
        with self._start:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            group = [self.waiting.get()]
            self.turnstile.let_in(MOMENT)
            try:
                self._commit(group)
            except Exception as error:  # noqa: BLE001 - every waiting request must hear of it
                for _, answer in group:
                    if not answer.done():
                        answer.set_exception(error)

    def _commit(self, group: list[Waiting]) -> None:
        """Commit those that wait; if the group cannot be written, each alone.

        What the database or the ledger will not hold (UNWRITABLE) is one request's fault; a disk
        that fails is nobody's and is not tried again.
        """
        try:
            self._write(group, GROUP)
        except UNWRITABLE:
            if len(group) == 1:
                raise
            for each in group:
                self._alone(each)

    def _alone(self, one: Waiting) -> None:
        try:
            self._write([one], 1)
        except UNWRITABLE as error:
            one[1].set_exception(error)

    def _write(self, group: list[Waiting], most: int) -> None:
        """Fill the group up, judge and commit it, and only then answer."""
        with self.platform.database.write() as session:
            while len(group) < most:
                try:
                    group.append(self.waiting.get_nowait())
                except queue.Empty:
                    break
            outcomes = seal_bids(
                session,
                [request for request, _ in group],
                clock=self.platform.clock,
                settings=self.platform.settings,
            )
        for (_, answer), outcome in zip(group, outcomes, strict=True):
            answer.set_result(outcome)
