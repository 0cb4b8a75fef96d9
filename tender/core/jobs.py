"""Performing outbox rows: by the RQ worker, by the tick when no worker lives, never twice.

Rooms give their handlers to `wsgi.py`, which joins them. A handler opens its own transactions and
must be idempotent: it may run again after a crash between its effect and `finish`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

import redis
import structlog
from rq import Queue
from rq.serializers import JSONSerializer

from tender.core import outbox
from tender.core.logs import told
from tender.core.platform import Handler, Platform
from tender.core.settings import Settings

log = structlog.get_logger(__name__)


QUEUE = "tender"
PERFORM = "wsgi.perform_outbox_row"


def perform(platform: Platform, handlers: Mapping[str, Handler], row_id: str) -> bool:
    """Do one outbox row under a lease; True if it was done here.

    A failing handler is logged and the row postponed: one bad row must not stop the others.
    """
    with platform.database.write() as session:
        row = outbox.take(session, row_id, now=platform.clock.now())
        if row is None:
            return False
        kind, payload, fence = row.kind, dict(row.payload), row.fence
    try:
        handlers[kind](platform, payload)
    except Exception as error:  # noqa: BLE001 - a handler may fail in any way; the row says how
        log.warning("outbox.failed", row=row_id, kind=kind, error=told(error))
        with platform.database.write() as session:
            outbox.postpone(session, row_id, fence, told(error), now=platform.clock.now())
        return False
    with platform.database.write() as session:
        return outbox.finish(session, row_id, fence, now=platform.clock.now())


def perform_due(
    platform: Platform,
    handlers: Mapping[str, Handler],
    limit: int = 20,
    *,
    grace: float = 0.0,
    kinds: Collection[str] | None = None,
) -> int:
    """Do what is due, oldest first, of some kinds only if they are named; gives the number done.

    Rows younger than `grace` seconds are left to the worker.
    """
    before = platform.clock.now() - timedelta(seconds=grace)
    with platform.database.read() as session:
        rows = outbox.due(session, now=before, limit=limit, kinds=kinds)
    return sum(perform(platform, handlers, row) for row in rows)


def hurry(settings: Settings, row_ids: list[str]) -> None:
    """Tell the queue about fresh rows; a dead queue is no error, the tick will find them."""
    try:
        connection = redis.Redis.from_url(settings.redis_url, socket_timeout=2)
        queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
        for row_id in row_ids:
            queue.enqueue(PERFORM, row_id, job_timeout=170, result_ttl=60, failure_ttl=3600)
    except redis.RedisError as error:
        log.info("queue.unreachable", error=str(error))
