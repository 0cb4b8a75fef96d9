"""The pages of retention: periods, runs of the purge, legal holds."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tender.accounts import holds
from tender.accounts.permissions import Permission, require
from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, page, platform, refuse, signed_in
from tender.ledger.purging import purge_ended
from tender.procedure.retaining import hold as hold_subject
from tender.procedure.retaining import retention_page

blueprint = Blueprint("retention", __name__)
READERS = (Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR)
HOLDERS = (Role.ADMINISTRATOR, Role.SUPERVISOR)


@blueprint.get("/administration/retention")
@signed_in(*READERS)
def overview() -> ResponseReturnValue:
    """How long each kind of personal data is kept, what was deleted, what is held."""
    return _page()


def _page(error: DomainError | None = None) -> ResponseReturnValue:
    shown = retention_page(db(), actor(), now=now())
    return page(
        "procedure/retention.html", error.status if error else 200, shown=shown, error=error,
        wrong=error.fields if error else {}, form=request.form,
    )  # fmt: skip


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the page."""
    if request.method != "POST" or not error.fields:
        return refuse(error)
    db().rollback()
    return _page(error)


@blueprint.post("/administration/purge")
@signed_in(Role.ADMINISTRATOR)
def purge() -> ResponseReturnValue:
    """Delete personal data whose retention has ended, without waiting for the night."""
    require(actor(), Permission.PURGE)
    steps = current_app.extensions["purges"]
    counts = purge_ended(db(), platform().settings, steps, actor=actor().person_id, now=now())
    text = N_("%(count)s rows of personal data were deleted.")
    flash(gettext(text, count=sum(counts.values())), "ok")
    return redirect(url_for("retention.overview"), 303)


@blueprint.post("/administration/holds")
@signed_in(*HOLDERS)
def hold() -> ResponseReturnValue:
    """Keep something from the purge."""
    form = request.form
    hold_subject(db(), actor(), form.get("subject", ""), form.get("reason", ""), now=now())
    flash(gettext(N_("It is held. Nothing of it is deleted until the hold is lifted.")), "ok")
    return redirect(url_for("retention.overview"), 303)


@blueprint.post("/administration/holds/<hold_id>/lift")
@signed_in(*HOLDERS)
def lift(hold_id: str) -> ResponseReturnValue:
    """Lift a hold."""
    holds.lift_hold(db(), actor(), hold_id, request.form.get("lift_reason", ""), now=now())
    flash(gettext(N_("The hold is lifted.")), "ok")
    return redirect(url_for("retention.overview"), 303)
