"""Joins the rooms: the application, the jobs, the tick, and the product's commands."""

from __future__ import annotations

import os
import sys
import threading
import time
from functools import cache
from importlib import import_module
from typing import Any

import structlog
from flask import Blueprint, Flask
from sqlalchemy import select

from tender.accounts.menu import ROLE_NAMES, menu
from tender.accounts.sessions import identify
from tender.bids.committer import Committer
from tender.core import jobs, running, web
from tender.core.errors import DomainError
from tender.core.i18n import N_
from tender.core.messages import send_email
from tender.core.migrating import migrate, require_current
from tender.core.platform import Handler, Platform, connect
from tender.core.processes import die_with_parent
from tender.core.settings import load
from tender.ledger.ticking import sign_if_grown
from tender.opening.ticking import close_due, hide_numbers, open_ready
from tender.procedure.models import Custodian

log = structlog.get_logger(__name__)

VIEWS = (
    "tender.accounts.login",
    "tender.accounts.views",
    "tender.ledger.api",
    "tender.procedure.api",
    "tender.bids.api",
    "tender.opening.api",
)
HANDLERS: dict[str, Handler] = {
    "email.send": send_email,
}
TICK_SECONDS = 0.5
WORKER_GRACE = 4.0  # seconds that an outbox row is left to the worker before the tick takes it


@cache
def platform() -> Platform:
    """This process's installation."""
    return connect(load())


def blueprints() -> list[Blueprint]:
    """Every room's pages and interfaces."""
    return [import_module(name).blueprint for name in VIEWS]


def create_app(joined: Platform | None = None) -> Flask:
    """The application over an installation (this process's unless given)."""
    joined = joined or platform()
    context: dict[str, Any] = {
        "menu": menu,
        "role_names": ROLE_NAMES,
        "site_name": joined.settings.site_name,
        "large_type": False,
    }
    app = web.create_app(joined, identify=identify, blueprints=blueprints(), context=context)
    app.extensions["committer"] = Committer(joined)
    return app


def perform_outbox_row(row_id: str) -> bool:
    """The RQ job: do one outbox row."""
    return jobs.perform(platform(), HANDLERS, row_id)


def tick(joined: Platform, *, seconds: float = TICK_SECONDS, grace: float = 0.0) -> dict[str, int]:
    """Perform once what data and clock make due; safe in any number of processes at a time."""
    done = {
        "closed": close_due(joined),
        "checkpoints": int(sign_if_grown(joined)),
        "opened": open_ready(joined),
    }
    if seconds:
        done["fillers"] = hide_numbers(joined, seconds)
    done["checkpoints"] += int(sign_if_grown(joined))
    done["jobs"] = jobs.perform_due(joined, HANDLERS, grace=grace)
    return done


def keep_ticking(joined: Platform, stop: threading.Event) -> None:
    """Tick until told to stop; one failing tick is logged and the next one tries again."""
    while not stop.wait(TICK_SECONDS):
        try:
            tick(joined, grace=WORKER_GRACE)
        except Exception:
            log.exception("tick.failed")
            time.sleep(2)


def application() -> Flask:
    """What the web server imports: the application with its tick thread."""
    die_with_parent()
    joined = platform()
    require_current(joined.database)
    app = create_app(joined)
    stop = threading.Event()
    threading.Thread(target=keep_ticking, args=(joined, stop), name="tick", daemon=True).start()
    return app


def prepare_to_serve() -> None:
    """Bring the database to this version and refuse custodians that read a sandbox clock."""
    joined = platform()
    migrate(joined.database)
    with joined.database.read() as session:
        names = session.scalars(select(Custodian.name).where(Custodian.sandbox.is_(True))).all()
    if names:
        raise running.Unfit(
            "custodians",
            N_("These custodians are sandbox custodians: %(names)s. Retire them before serving."),
            names=", ".join(names),
        )


def main(arguments: list[str]) -> int:
    """The product's commands."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "migrate":
        migrate(platform().database)
        return 0
    if command == "tick":
        print(tick(platform(), seconds=0))
        return 0
    if command == "serve":
        return running.serve(load(), rest, prepare_to_serve)
    if command == "worker":
        return running.work(load())
    sys.stderr.write("usage: wsgi.py migrate | tick | serve | worker\n")
    return 2


if __name__ == "__main__":
    os.umask(0o077)
    try:
        code = main(sys.argv[1:])
    except DomainError as refusal:
        sys.stderr.write(f"manage: {refusal.text()}\n")
        code = 4
    raise SystemExit(code)
