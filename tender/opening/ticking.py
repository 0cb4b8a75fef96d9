"""What the clock brings about around openings: closing, opening, fillers. Idempotent throughout.

The web server's tick thread, the worker and `./manage tick` all call this; leases and the status
under the write lock make the first one do it and the others find it done.
"""

from __future__ import annotations

import hashlib
import hmac
import os

import structlog

from tender.bids.withdrawal import add_fillers
from tender.core import leases
from tender.core.ids import new_id
from tender.core.platform import Platform
from tender.opening import closing, unsealing
from tender.opening.record import publish_closing, publish_record
from tender.procedure.models import Tender, TenderStatus

log = structlog.get_logger(__name__)
HOLDER = f"{os.getpid()}-{new_id()[:8]}"
LEASE_SECONDS = 120.0
FILLERS_PER_HOUR = (2.0, 12.0)  # the secret rate of an opening lies between these


def close_due(platform: Platform) -> int:
    """Close every tender whose deadline has passed; gives how many were closed here."""
    with platform.database.read() as session:
        due = [tender.id for tender in closing.due_to_close(session, now=platform.clock.now())]
    closed = 0
    for tender_id in due:
        with platform.database.write() as session:
            tender = session.get_one(Tender, tender_id)
            now = platform.clock.now()
            waiting = tender.status is TenderStatus.PUBLISHED and tender.paused_at is None
            if not waiting or tender.deadline is None or now < tender.deadline:
                continue
            openings = closing.close_tender(session, tender, now=now)
            publish_closing(session, platform.settings, tender, openings, now=now)
            closed += 1
            log.info("opening.closed", tender=tender.number, lots=len(openings))
    return closed


def open_ready(platform: Platform) -> int:
    """Perform every opening that has enough releases; gives how many were performed here."""
    with platform.database.read() as session:
        ready = unsealing.ready(session)
    return sum(_open(platform, opening_id) for opening_id in ready)


def _open(platform: Platform, opening_id: str) -> bool:
    name = f"opening:{opening_id}"
    with platform.database.write() as session:
        now = platform.clock.now()
        if not leases.acquire(session, name, HOLDER, now=now, seconds=LEASE_SECONDS):
            return False
    judged = unsealing.judge_opening(platform, opening_id)
    with platform.database.write() as session:
        now = platform.clock.now()
        done = unsealing.write_verdicts(session, opening_id, judged, now=now)
        if done:
            publish_record(session, platform.settings, opening_id, now=now)
            log.info("opening.performed", opening=opening_id, bids=len(judged))
        leases.release(session, name, HOLDER)
    return done


def hide_numbers(platform: Platform, seconds: float) -> int:
    """Add fillers for the time that has passed since the last call (`seconds`)."""
    key = platform.settings.secret_key.encode()

    def rate(opening_id: str) -> float:
        drawn = hmac.new(key, b"filler " + opening_id.encode(), hashlib.sha256).digest()[0] / 255
        low, high = FILLERS_PER_HOUR
        return (low + (high - low) * drawn) * seconds / 3600

    with platform.database.write() as session:
        return add_fillers(session, now=platform.clock.now(), rate=rate)
