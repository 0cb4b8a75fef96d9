"""Pages that stand: help, accessibility; and the hall's screen."""

from __future__ import annotations

from datetime import datetime, time

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from tender.core.shanghai import SHANGHAI
from tender.core.web import STATIC, db, now, page, public
from tender.publication.portal import portal

blueprint = Blueprint("pages", __name__)
SCREEN_ROWS = 8


@blueprint.get("/help")
@public
def help_page() -> ResponseReturnValue:
    """How to bid, ask, object and verify, in plain words."""
    return page("publication/help.html")


@blueprint.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    """The accessibility statement."""
    return page("publication/accessibility.html")


@blueprint.get("/screen/<scope>")
@public
def screen(scope: str) -> ResponseReturnValue:
    """The display in a hall: today and next, with a big clock; `all`, or a township's name."""
    township = "" if scope == "all" else scope
    since = datetime.combine(now().astimezone(SHANGHAI).date(), time(), SHANGHAI)
    rows = portal.on_screen(db(), township, now=now(), since=since, limit=SCREEN_ROWS)
    return page("publication/screen.html", rows=rows, township=township, choices=portal)


@blueprint.get("/screen/worker.js")
@public
def screen_worker() -> ResponseReturnValue:
    """The screen's service worker; it lies here because it rules only the paths below its own."""
    script = (STATIC / "screen-worker.js").read_bytes()
    return Response(script, mimetype="text/javascript")
