"""The page on which supervision records what the business register says of a bidder."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from evaluation.findings import registers
from evaluation.models import RegisterExtract
from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.core.i18n import N_, ngettext
from tender.core.reads import Read
from tender.core.web import actor, db, now, page, platform, refuse, signed_in
from tender.core.web_reads import reading
from tender.procedure.facts import tender_by_id

blueprint = Blueprint("registers", __name__)
FIELDS = ("head", "head_number", "holders", "managed_by", "branch_of", "source")


@blueprint.get("/findings/<tender_id>/registers/<bidder_id>")
@signed_in(Role.SUPERVISOR)
def show(tender_id: str, bidder_id: str) -> ResponseReturnValue:
    """What was recorded last, and the form."""
    return _page(tender_id, bidder_id)


def _page(tender_id: str, bidder_id: str, error: DomainError | None = None) -> ResponseReturnValue:
    bidder = registers.bidder_of(db(), actor(), tender_id, bidder_id)
    extract = registers.newest_extract(db(), bidder_id)
    reading(Read.FINDING, {bidder_id}, about=tender_id)
    return page(
        "evaluation/register.html", error.status if error else 200, bidder=bidder, extract=extract,
        tender=tender_by_id(db(), tender_id), given=request.form if error else _given(extract),
        error=error, wrong=error.fields if error else {},
    )  # fmt: skip


def _given(extract: RegisterExtract | None) -> dict[str, Any]:
    if extract is None:
        return dict.fromkeys(FIELDS, "")
    holders = "\n".join(f"{row['number']} {row['percent']:g}" for row in extract.holders)
    return {
        "head": extract.head, "head_number": extract.head_number, "holders": holders,
        "managed_by": "\n".join(extract.managed_by), "branch_of": extract.branch_of, "source": "",
    }  # fmt: skip


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the page."""
    given = request.view_args or {}
    if request.method != "POST" or not error.fields:
        return refuse(error)
    db().rollback()
    return _page(given["tender_id"], given["bidder_id"], error)


@blueprint.post("/findings/<tender_id>/registers/<bidder_id>")
@signed_in(Role.SUPERVISOR)
def record(tender_id: str, bidder_id: str) -> ResponseReturnValue:
    """Keep the extract and screen the people again."""
    given = registers.Extract(**{name: request.form.get(name, "") for name in FIELDS})
    added = registers.record_extract(
        db(), actor(), platform().settings, tender_id, bidder_id, given, now=now()
    )
    flash(
        ngettext(
            N_("The extract is kept. %(n)s new sign."), N_("The extract is kept. %(n)s new signs."),
            added,
        ),
        "ok",
    )  # fmt: skip
    return redirect(url_for("findings.show", tender_id=tender_id), 303)
