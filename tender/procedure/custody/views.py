"""The administrator's page of key custodians."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tender.core.actor import Role
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, page, platform, signed_in
from tender.ledger.signing import note_key
from tender.procedure.custody import custodians

blueprint = Blueprint("custody", __name__)


@blueprint.get("/administration/custodians")
@signed_in(Role.ADMINISTRATOR)
def overview() -> ResponseReturnValue:
    """Custodians with their unused keys, and what an agent must pin."""
    settings = platform().settings
    return page(
        "procedure/custodians.html",
        custodians=custodians.stock(db(), actor()),
        scopes=custodians.scopes(db()),
        platform_id=settings.platform,
        platform_url=settings.public_url,
        note_key=str(note_key(settings)),
    )


@blueprint.post("/administration/custodians")
@signed_in(Role.ADMINISTRATOR)
def register() -> ResponseReturnValue:
    """Register a custodian by its identity."""
    form = request.form
    custodians.register_custodian(
        db(), actor(), name=form.get("name", ""), identity=form.get("identity", "").strip(),
        scope=form.get("scope", ""), sandbox=form.get("sandbox") == "yes", now=now(),
    )  # fmt: skip
    flash(gettext(N_("The custodian is registered. Its agent can deposit keys now.")), "ok")
    return redirect(url_for("custody.overview"), 303)


@blueprint.post("/administration/custodians/<custodian_id>/retire")
@signed_in(Role.ADMINISTRATOR)
def retire(custodian_id: str) -> ResponseReturnValue:
    """Take no new keys of a custodian."""
    custodians.retire_custodian(db(), actor(), custodian_id, now=now())
    return redirect(url_for("custody.overview"), 303)
