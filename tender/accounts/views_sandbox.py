"""The sandbox's page, joined in the demo only."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tender.accounts import sandbox
from tender.core.web import now, page, platform, public

blueprint = Blueprint("sandbox", __name__)


@blueprint.get("/sandbox")
@public
def overview() -> ResponseReturnValue:
    """Logins with their codes, and the clock."""
    return page("accounts/sandbox.html", logins=sandbox.logins(platform().settings, now=now()))


@blueprint.post("/sandbox/clock")
@public
def advance() -> ResponseReturnValue:
    """Move the sandbox's clock on."""
    minutes = request.form.get("minutes", "")
    sandbox.advance_clock(platform().settings, int(minutes) if minutes.isdigit() else 0, now=now())
    return redirect(url_for("sandbox.overview"), 303)
