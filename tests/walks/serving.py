"""The application on a free port of localhost, for a browser to walk, and what a walk looks at."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from flask import Flask
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import make_server

import wsgi
from tender.accounts import sessions
from tender.accounts.models import Person
from tender.core.actor import Actor
from tender.core.platform import Platform
from tender.core.web import COOKIE
from tests.evaluation import county
from tests.house import ROOT

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
FAULTS = "axe.run().then((r) => r.violations.map((v) => [v.id, v.nodes[0].html.slice(0, 160)]))"


@contextmanager
def served(platform: Platform, *, app: Flask | None = None, ticking: bool = True) -> Iterator[str]:
    """Serve until the block ends; gives the origin.

    `app` is one that was changed for the test; without `ticking` nothing happens by itself.
    """
    server = make_server("127.0.0.1", 0, app or wsgi.create_app(platform), threaded=True)
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.2):
            wsgi.tick(platform, seconds=0)

    threads = [threading.Thread(target=server.serve_forever)]
    threads += [threading.Thread(target=tick)] if ticking else []
    for thread in threads:
        thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        stop.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()


def remember(context: BrowserContext, origin: str, token: str) -> None:
    """Put a session's cookie into a browser."""
    context.add_cookies([{"name": COOKIE, "value": token, "url": origin}])


def sign_in(
    context: BrowserContext, origin: str, platform: Platform, actor: Actor, now: datetime
) -> None:
    """A browser whose user has signed in with both factors."""
    with platform.database.write() as session:
        person = session.get_one(Person, actor.person_id)
        token = sessions.start_session(
            session, person, second_factor=True, address=None, agent=None, now=now
        )
    remember(context, origin, token)


def become(context: BrowserContext, origin: str, place: county.County, who: Actor) -> None:
    """A browser whose user is somebody of the county; anybody else is forgotten."""
    place.people[who.membership_id] = who
    remember(context, origin, who.membership_id)


def sound(page: Page, what: str = "") -> None:
    """Nothing scrolls sideways, and axe finds no fault."""
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, what or page.url
    page.evaluate(AXE)
    assert page.evaluate(FAULTS) == [], what or page.url


def pictured(page: Page, artefacts: Path, name: str) -> None:
    """Keep a picture of a page that is sound."""
    page.screenshot(path=artefacts / f"{name}.png", full_page=True)
    sound(page, name)
