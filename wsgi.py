"""Joins the rooms: the application, the jobs, the tick, and the product's commands."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import time
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog
from flask import Blueprint, Flask
from sqlalchemy import select

from evaluation.findings.screening import run_screens
from evaluation.purging import experts_take_part, purge_evaluation
from evaluation.ticking import screen_opened
from tender.accounts.authority import ensure_centre
from tender.accounts.credentials import hash_password
from tender.accounts.factors import forget_second_factors
from tender.accounts.founding import found_county
from tender.accounts.holds import apply_holds
from tender.accounts.menu import ROLE_NAMES, menu
from tender.accounts.purging import protect_parties, purge_accounts
from tender.accounts.sessions import end_every_session, identify, touch
from tender.bids.committer import Committer
from tender.bids.erasing import bidders_take_part, purge_bids
from tender.core import jobs, running, web
from tender.core.actor import SYSTEM, operator
from tender.core.assets import asset
from tender.core.backup import backup, restore
from tender.core.errors import DomainError
from tender.core.health import Pulse
from tender.core.i18n import N_
from tender.core.logs import configure_logs
from tender.core.messages import send_email
from tender.core.migrating import migrate, require_current
from tender.core.platform import Handler, Platform, connect
from tender.core.processes import die_with_parent
from tender.core.purging import erase_files, find_strays, purge_shared, uses_of_files
from tender.core.retention import Purge
from tender.core.settings import load
from tender.ledger.audit import audit
from tender.ledger.purging import (
    Step,
    forget_last_purge,
    purge_daily,
    purge_ended,
    purge_private,
    would_purge,
)
from tender.ledger.ticking import sign_if_grown
from tender.objections.purging import find_ended, purge_papers
from tender.opening.export import export_when_cosigned
from tender.opening.purging import purge_openings, uses_of_opened_files
from tender.opening.ticking import close_due, hide_numbers, open_ready
from tender.procedure.facts import bids_close_soon
from tender.procedure.models import Custodian
from tender.procedure.purging import purge_procedure, staff_take_part
from tender.procedure.retaining import hold
from tender.publication.keeping import purge_private_papers, uses_of_published_files
from tender.publication.papers.producing import produce_document
from tender.supervision.purging import purge_supervision
from tender.supervision.ticking import sweep_due

configure_logs()
log = structlog.get_logger(__name__)

VIEWS = (
    "tender.accounts.login",
    "tender.accounts.views",
    "tender.accounts.views_administration",
    "tender.publication.portal.views",
    "tender.publication.portal.views_feeds",
    "tender.publication.portal.views_pages",
    "tender.publication.verifying.views",
    "tender.ledger.api",
    "tender.ledger.views_health",
    "tender.procedure.custody.api",
    "tender.procedure.views",
    "tender.procedure.amendment.views",
    "tender.procedure.publishing.views_retender",
    "tender.procedure.custody.views",
    "tender.procedure.custody.views_ledger",
    "tender.procedure.local_law.views",
    "tender.procedure.views_retention",
    "tender.bids.api",
    "tender.bids.views",
    "tender.opening.api",
    "tender.opening.views",
    "tender.objections.views",
    "evaluation.views_work",
    "evaluation.views_panel",
    "evaluation.low_price.views",
    "evaluation.findings.views",
    "evaluation.findings.views_registers",
    "evaluation.views_reads",
    "evaluation.award.views",
    "evaluation.oversight.views",
)
USES = (uses_of_files, uses_of_opened_files, uses_of_published_files)


def purge_strays(purge: Purge) -> None:
    """Find stored files that no room's row names."""
    find_strays(purge, USES)


# Who takes part in what is told first; what it depends on is deleted after that.
PURGES: tuple[Step, ...] = (
    apply_holds,
    find_ended,
    bidders_take_part,
    staff_take_part,
    experts_take_part,
    protect_parties,
    purge_bids,
    purge_openings,
    purge_procedure,
    purge_papers,
    purge_supervision,
    purge_private_papers,
    purge_strays,
    purge_evaluation,
    purge_accounts,
    purge_private,
    purge_shared,
)


def erase(joined: Platform, payload: dict[str, Any]) -> None:
    """The outbox handler that erases a purge's files."""
    erase_files(joined, payload, USES)


HANDLERS: dict[str, Handler] = {
    "files.erase": erase,
    "email.send": send_email,
    "screens.run": run_screens,
    "document.produce": produce_document,
}
# Work of minutes, which a web server does beside its tick: an opening must not wait for it.
LONG = frozenset({"screens.run"})
TICK_SECONDS = 0.5
EXPORT_PATIENCE = 60.0  # seconds that an export waits for the custodians' co-signatures
WORKER_GRACE = 4.0  # seconds that an outbox row is left to the worker before the tick takes it


@cache
def platform() -> Platform:
    """This process's installation."""
    return connect(load())


def blueprints(joined: Platform) -> list[Blueprint]:
    """Every room's pages and interfaces; the sandbox's page in a sandbox only."""
    names = (*VIEWS, "tender.accounts.views_sandbox") if joined.settings.sandbox else VIEWS
    return [import_module(name).blueprint for name in names]


def create_app(joined: Platform | None = None) -> Flask:
    """The application over an installation (this process's unless given)."""
    joined = joined or platform()
    context: dict[str, Any] = {
        "asset": asset,
        "menu": menu,
        "role_names": ROLE_NAMES,
        "site_name": joined.settings.site_name,
    }
    app = web.create_app(
        joined, identify=identify, touch=touch, blueprints=blueprints(joined), context=context
    )
    app.extensions["committer"] = Committer(joined)
    app.extensions["purges"] = PURGES
    return app


def perform_outbox_row(row_id: str) -> bool:
    """The RQ job: do one outbox row."""
    return jobs.perform(platform(), HANDLERS, row_id)


def tick(
    joined: Platform,
    *,
    seconds: float = TICK_SECONDS,
    grace: float = 0.0,
    kinds: frozenset[str] | None = None,
) -> dict[str, int]:
    """Perform once what data and clock make due; safe in any number of processes at a time."""
    done = {
        "closed": close_due(joined),
        "checkpoints": int(sign_if_grown(joined)),
        "opened": open_ready(joined),
    }
    if seconds:
        done["fillers"] = hide_numbers(joined, seconds)
    done["checkpoints"] += int(sign_if_grown(joined))
    done["screened"] = screen_opened(joined)
    done["cards"] = sweep_due(joined)
    done["jobs"] = jobs.perform_due(joined, HANDLERS, grace=grace, kinds=kinds)
    done["purged"] = purge_daily(joined, PURGES, busy=bids_close_soon)
    return done


def keep_ticking(joined: Platform, stop: threading.Event, pulse: Pulse) -> None:
    """Tick until told to stop; one failing tick is logged and the next one tries again."""
    while not stop.wait(TICK_SECONDS):
        try:
            tick(joined, grace=WORKER_GRACE, kinds=frozenset(HANDLERS) - LONG)
            pulse.beat()
        except Exception:  # One failing tick must not end the clock of every other tender.
            log.exception("tick.failed")
            time.sleep(2)


def keep_screening(joined: Platform, stop: threading.Event) -> None:
    """Do long work that no worker has taken, one row after another."""
    while not stop.wait(2 * TICK_SECONDS):
        try:
            jobs.perform_due(joined, HANDLERS, limit=1, grace=WORKER_GRACE, kinds=LONG)
        except Exception:  # The next round tries again.
            log.exception("long_work.failed")
            time.sleep(2)


def application() -> Flask:
    """What the web server imports: the application with its tick thread."""
    die_with_parent()
    joined = platform()
    require_current(joined.database)
    app = create_app(joined)
    stop, pulse = threading.Event(), Pulse()
    app.extensions["pulse"] = pulse
    ticking = (joined, stop, pulse)
    threading.Thread(target=keep_ticking, args=ticking, name="tick", daemon=True).start()
    long_work = threading.Thread(target=keep_screening, args=(joined, stop), name="long")
    long_work.daemon = True
    long_work.start()
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
    purge_daily(joined, PURGES)
    jobs.perform_due(joined, HANDLERS, kinds={"files.erase"})
    ensure_centre(joined.settings, joined.settings.site_name, now=joined.clock.now())


def audited(joined: Platform) -> str:
    """The ledger computed again from its lines, in a sentence; raises if it does not agree."""
    with joined.database.read() as session:
        found = audit(session, joined.settings)
    newest = found.newest.isoformat() if found.newest else "-"
    return f"ledger verified: {found.size} entries up to {newest}, root {found.root}"


def bring_back(source: Path) -> str:
    """Restore a backup into an empty installation and verify its ledger.

    What was deleted since the backup is back, and so are sessions that were ended: those end at
    once, the rest goes before anything is served, unless somebody places a hold first.
    """
    settings = load()
    restore(settings, source)
    joined = connect(settings)
    migrate(joined.database)
    with joined.database.write() as session:
        end_every_session(session, now=joined.clock.now())
        forget_last_purge(session)
    counts = sum(would_purge(joined, PURGES).values())
    told = "records whose time has ended; they are deleted when the platform serves or purges"
    holds = "holds that were placed after the backup are not in it: place them again first (hold)"
    return f"{audited(joined)}\n{counts} {told}\n{holds}"


def written_out(number: str, target: Path, *, with_files: bool) -> str:
    """Write a tender (`all`: every tender) as plain files that a stranger can verify.

    `with_files` adds sealed files and letters, which are for entitled parties only.
    """
    joined = platform()
    require_current(joined.database)
    chosen = None if number == "all" else number
    size = export_when_cosigned(
        joined, target.resolve(), number=chosen, with_files=with_files,
        patience=EXPORT_PATIENCE, tell=lambda words: print(words, file=sys.stderr),
    )  # fmt: skip
    return f"{target}: {size} ledger entries; check it with: python -m keys verify {target}"


def founded(county: str, login: str, name: str) -> str:
    """Make the county and its first administrator, whose password is shown this once."""
    joined = platform()
    migrate(joined.database)
    password = secrets.token_urlsafe(15)
    hashed = hash_password(password)
    with joined.database.write() as session:
        now = joined.clock.now()
        found_county(session, county=county, login=login, name=name, password_hash=hashed, now=now)
    return f"{login}: {password}"


def purged(*, at_once: bool) -> str:
    """Delete personal data whose retention has ended, or only tell what would go."""
    joined = platform()
    migrate(joined.database)
    if at_once:
        with joined.database.write() as session:
            now = joined.clock.now()
            counts = purge_ended(session, joined.settings, PURGES, actor=SYSTEM, now=now)
        jobs.perform_due(joined, HANDLERS)
    else:
        counts = would_purge(joined, PURGES)
    lines = [f"{kind}: {count}" for kind, count in counts.items()]
    return "\n".join([*lines, "deleted" if at_once else "would be deleted; with --now it is"])


def held(named: str, reason: str) -> str:
    """Place a legal hold from the command line: after a restore, before anything is served."""
    joined = platform()
    migrate(joined.database)
    with joined.database.write() as session:
        kept = hold(session, operator(), named, reason, now=joined.clock.now())
        return f"held: {kept.name}"


def forgotten(login: str) -> str:
    """Have somebody, or `all`, set up the second factor anew."""
    joined = platform()
    migrate(joined.database)
    with joined.database.write() as session:
        now = joined.clock.now()
        count = forget_second_factors(session, joined.settings, login, now=now)
    return f"{count} people set up their second factor at the next sign-in"


def main(arguments: list[str]) -> int:
    """The product's commands."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    match command, rest:
        case "migrate", []:
            migrate(platform().database)
        case "tick", []:
            migrate(platform().database)
            print(tick(platform(), seconds=0))
        case "serve", _:
            return running.serve(load(), rest, "wsgi:application", prepare_to_serve)
        case "worker", []:
            migrate(platform().database)
            return running.work(load(), partial(import_module, "wsgi"))
        case "backup", [target]:
            print(f"{backup(platform().settings, Path(target))} files in {target}")
            print(audited(platform()))
        case "restore", [source]:
            print(bring_back(Path(source)))
        case "found", [county, login, name]:
            print(founded(county, login, name))
        case "hold", [named, reason]:
            print(held(named, reason))
        case "second-factor", [login]:
            print(forgotten(login))
        case "purge", [] | ["--now"]:
            print(purged(at_once=bool(rest)))
        case "export", [tender, target, *more] if more in ([], ["--with-files"]):
            print(written_out(tender, Path(target), with_files=bool(more)))
        case _:
            sys.stderr.write(
                "usage: wsgi.py migrate | tick | serve | worker | backup FILE | restore FILE"
                " | export TENDER DIR [--with-files] | found COUNTY LOGIN NAME | purge [--now]"
                " | hold NAME REASON | second-factor LOGIN\n"
            )
            return 2
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    try:
        code = main(sys.argv[1:])
    except DomainError as refusal:
        sys.stderr.write(f"manage: {refusal.text()}\n")
        code = 4
    raise SystemExit(code)
