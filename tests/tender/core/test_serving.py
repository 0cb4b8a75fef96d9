"""Serving in earnest on PostgreSQL and a Redis by URL, with the queue alive and dead."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import redis
from rq import Worker

from tender.core import jobs, outbox
from tender.core.db import Database
from tender.core.processes import Supervisor, free_port, listening, wait_until
from tender.core.servers import answers, queue_program
from tender.core.settings import load
from tests.services import redis_binary, short_directory
from tests.tender.core.test_running import ended, running


def got(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def health(origin: str) -> tuple[int, dict[str, Any]]:
    status, body = got(f"{origin}/health")
    return status, json.loads(body)


def waiting(connection: Any) -> bool:
    """Whether a worker listens to the queue."""
    return bool(Worker.all(connection=connection))


def ordered(database: Database) -> str:
    """An order for a document that does not exist: the handler finds nothing to do."""
    now = datetime.now(UTC)
    with database.write() as session:
        return outbox.enqueue(session, "document.produce", {"document": "none"}, now=now).id


def done(database: Database, row_id: str) -> Callable[[], bool]:
    def asked() -> bool:
        with database.read() as session:
            return session.get_one(outbox.OutboxRow, row_id).done_at is not None

    return asked


def took(database: Database, row_id: str) -> float:
    """Seconds from the order until it was done."""
    with database.read() as session:
        row = session.get_one(outbox.OutboxRow, row_id)
        assert row.done_at is not None
        return (row.done_at - row.created_at).total_seconds()


def test_a_county_on_postgresql_and_redis_works_on_when_the_queue_dies(postgres_url: str) -> None:
    with short_directory() as data, Supervisor(data / "logs") as servers:
        queue = data / "queue"
        queue.mkdir()
        servers.start(queue_program(queue, redis_binary(queue)))
        url = f"unix://{queue / 'valkey.sock'}"
        place = {"DATABASE_URL": postgres_url, "REDIS_URL": url}
        served_and_worked(data, place, servers)


def served_and_worked(data: Path, place: dict[str, str], servers: Supervisor) -> None:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    settings = load({"TENDER_DATA": str(data), **place})
    with running(data, "serve", "--port", str(port), **place) as web:
        assert wait_until(lambda: listening("127.0.0.1", port) or web.poll() is not None, 60)
        status, page = got(f"{origin}/login")
        assert (status, "登录" in page.decode()) == (200, True)
        status, told = health(origin)
        assert (status, told["state"]) == (200, "ok"), told
        assert told["checks"]["database"]["kind"] == "postgresql"
        assert told["checks"]["queue"]["answers"] is True
        assert not list(data.glob("*.sqlite"))
        assert not answers(f"unix://{data / 'run' / 'valkey.sock'}")  # no second queue beside it
        database = Database(settings.database_url, data / "run" / "write.lock")
        with running(data, "worker", **place) as worker:
            with redis.Redis.from_url(settings.redis_url) as connection:
                assert wait_until(partial(waiting, connection), 60), worker.poll()
            hurried = [ordered(database) for _ in range(3)]
            jobs.hurry(settings, hurried)
            assert all(wait_until(done(database, each), 30) for each in hurried)
            worker.terminate()
            code, said = ended(worker)
            assert code == 0, said
        # The tick would have left them to the worker for four seconds.
        assert min(took(database, each) for each in hurried) < 4
        servers.kill("queue")
        row_id = ordered(database)
        jobs.hurry(settings, [row_id])
        status, told = health(origin)
        assert (status, told["checks"]["queue"]["state"]) == (200, "degraded")
        assert wait_until(done(database, row_id), 20)
        assert took(database, row_id) >= 4
        database.close()
        web.terminate()
        code, said = ended(web)
        assert code == 0, said
