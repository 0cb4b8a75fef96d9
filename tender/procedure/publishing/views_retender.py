"""Staff's press that tenders failed or terminated lots again."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tender.core.actor import Role
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, signed_in
from tender.procedure.publishing import retendering

blueprint = Blueprint("retender", __name__)


@blueprint.post("/work/<tender_id>/retender")
@signed_in(Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK)
def start(tender_id: str) -> ResponseReturnValue:
    """Make the new draft and go there."""
    chosen = [number for number in request.form.getlist("lots") if number]
    tender = retendering.retender(db(), actor(), tender_id, chosen, now=now())
    flash(
        gettext(N_("The draft is made from the old tender. Set the deadline and check it.")), "ok"
    )
    return redirect(url_for("procedure.show", tender_id=tender.id), 303)
