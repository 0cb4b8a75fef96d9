"""Running an installation: the web server in earnest, and the queue's worker.

What exists for the demo must never reach a county's tenders: `refuse_demo` looks for each of its
traces before anything listens.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_
from tender.core.jobs import QUEUE
from tender.core.processes import Supervisor, require_port, until_signalled
from tender.core.servers import start_queue, web_program
from tender.core.settings import Mode, Settings, run_directory

DEBUG_SWITCHES = ("FLASK_DEBUG", "WERKZEUG_DEBUG_PIN", "PYTHONDEVMODE", "TENDER_DEBUG")
ROOT = Path(__file__).parents[2]
SHORTEST_SECRET = 32  # characters


class Unfit(DomainError):
    """This installation carries something that exists for the demo only."""

    def __init__(self, code: str, message: str, **params: object) -> None:
        super().__init__(Kind.UNAVAILABLE, f"unfit.{code}", message, fields=None, **params)


def refuse_demo(settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
    """Raise `Unfit` for a sandbox mode or clock, demo data, a weak secret or a debug switch."""
    if settings.mode is not Mode.PRODUCTION:
        raise Unfit(
            "mode",
            N_("TENDER_MODE is %(mode)s. Unset it: serving in earnest has no sandbox."),
            mode=settings.mode.value,
        )
    if settings.clock_file.exists():
        raise Unfit(
            "clock",
            N_(
                "%(path)s is a sandbox clock. Choose another data directory in TENDER_DATA; "
                "times that a sandbox wrote must not stand beside real ones."
            ),
            path=settings.clock_file,
        )
    if settings.sandbox_mark.exists():
        raise Unfit(
            "data",
            N_(
                "%(path)s was filled by the demo, whose passwords are public. "
                "Choose another data directory in TENDER_DATA."
            ),
            path=settings.data,
        )
    if len(settings.secret_key) < SHORTEST_SECRET or len(set(settings.secret_key)) < 8:
        raise Unfit(
            "secret",
            N_(
                "TENDER_SECRET_KEY is too weak. Unset it, and a random one is made "
                "in the data directory."
            ),
        )
    for switch in DEBUG_SWITCHES:
        if environ.get(switch, "0") not in {"", "0", "off"}:
            raise Unfit("debug", N_("%(switch)s is set. Unset it before serving."), switch=switch)


def _serve_arguments(arguments: Sequence[str], environ: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./manage serve")
    parser.add_argument("--host", default=environ.get("TENDER_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(environ.get("TENDER_PORT", "8000")))
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--certificate", type=Path, help="PEM chain, for https without a proxy")
    parser.add_argument("--key", type=Path, help="its key, PKCS#8 PEM")
    given = parser.parse_args(arguments)
    if (given.certificate is None) != (given.key is None):
        parser.error("--certificate and --key belong together")
    return given


def serve(
    settings: Settings,
    arguments: Sequence[str],
    application: str,
    prepare: Callable[[], None],
    environ: Mapping[str, str] = os.environ,
) -> int:
    """Serve `application` (module:name) until a signal: refuse the demo, `prepare`, listen.

    The embedded queue server is started beside it unless REDIS_URL names another. A web server
    that dies is started again; its log goes to this process's own output.
    """
    given = _serve_arguments(arguments, environ)
    refuse_demo(settings, environ)
    require_port(given.host, given.port)
    prepare()
    certificate = (given.certificate, given.key) if given.certificate else None
    with until_signalled() as ended, Supervisor(None) as supervisor:
        lock = None if "REDIS_URL" in environ else start_queue(supervisor, _run(settings))
        program = web_program(
            application,
            host=given.host,
            port=given.port,
            threads=given.threads,
            certificate=certificate,
            environment={"PYTHONPATH": str(ROOT)},
        )
        supervisor.start(program)
        scheme = "https" if certificate else "http"
        sys.stderr.write(f"serving on {scheme}://{given.host}:{given.port}\n")
        supervisor.watch(ended)
    if lock is not None:
        lock.close()
    return 0


def work(
    settings: Settings, prepare: Callable[[], object], environ: Mapping[str, str] = os.environ
) -> int:
    """Run the queue's worker until a signal; the present job is finished first.

    Jobs are ids in JSON, never pickles: whoever reaches the queue can name work that the outbox
    already orders, and nothing else. `prepare` imports the job's module before the first fork.
    """
    prepare()
    with Supervisor(None) as supervisor:
        lock = None if "REDIS_URL" in environ else start_queue(supervisor, _run(settings))
        connection = redis.Redis.from_url(settings.redis_url)
        queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
        worker = SimpleWorker([queue], connection=connection, serializer=JSONSerializer)
        worker.work(with_scheduler=False, logging_level="WARNING")
        connection.close()
    if lock is not None:
        lock.close()
    return 0


def _run(settings: Settings) -> Path:
    return run_directory(settings.data)
