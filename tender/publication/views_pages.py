"""Pages that stand: help, accessibility; and the hall's screen."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from tender.core.web import db, now, page, public
from tender.publication import portal

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
    wanted = portal.Filter(order="closing", township="" if scope == "all" else scope)
    found = portal.find(db(), wanted, now=now(), limit=SCREEN_ROWS)
    return page(
        "publication/screen.html", rows=found.rows, scope=scope, results=portal.results(db(), 4)
    )
