"""What the clock brings about in supervision: missed duties become cards, in any process, once."""

from __future__ import annotations

import os

import structlog

from tender.core import leases
from tender.core.ids import new_id
from tender.core.platform import Platform
from tender.supervision.milestones import is_due, sweep

log = structlog.get_logger(__name__)
LEASE = "supervision.sweep"
SECONDS = 15.0  # between two sweeps, whichever process makes them
LOCKS = 10  # write locks of one sweep; what is still due waits for the next


def sweep_due(platform: Platform) -> int:
    """Issue the cards that are due; gives how many were issued here.

    Looking costs one indexed query and no lock. The lease is taken under a name of its own each
    time and never renewed, so that it also spaces the sweeps: if one fails, the next tick does
    not hammer the write lock that bidders wait for.
    """
    with platform.database.read() as session:
        now = platform.clock.now()
        lease = session.get(leases.Lease, LEASE)
        if (lease is not None and lease.until > now) or not is_due(session, now=now):
            return 0
    with platform.database.write() as session:
        holder = f"{os.getpid()}-{new_id()[:8]}"
        if not leases.acquire(session, LEASE, holder, now=now, seconds=SECONDS):
            return 0
    issued = 0
    for _ in range(LOCKS):
        with platform.database.write() as session:
            found = sweep(session, now=platform.clock.now())
        issued += found
        if not found:
            break
    log.info("supervision.swept", cards=issued)
    return issued
