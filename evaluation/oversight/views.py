"""Supervision's pages: the overview, one tender, cards of a period, one card and its acts."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from evaluation.oversight import area, card_list
from evaluation.oversight.tender import tender_view
from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, page, refuse, signed_in
from tender.procedure.work import STATUS_NAMES
from tender.publication.kinds import KIND_NAMES
from tender.supervision import cards, wording
from tender.supervision.wording import due_words

blueprint = Blueprint("supervision", __name__)
blueprint.add_app_template_filter(due_words, "due")
WATCHERS = (Role.SUPERVISOR, Role.AUDITOR)
DOERS = (Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK, Role.FINANCE)


@blueprint.get("/supervision")
@signed_in(*WATCHERS)
def overview() -> ResponseReturnValue:
    """Cards, duties coming up, all tenders in the area."""
    wanted = area.read_filter(request.args)
    shown = area.overview(db(), actor(), wanted, now=now())
    return page(
        "supervision/overview.html", shown=shown, wanted=wanted, names=wording,
        kinds=KIND_NAMES, states=STATUS_NAMES, ahead=area.AHEAD.days,
    )  # fmt: skip


@blueprint.get("/supervision/<number>")
@signed_in(*WATCHERS)
def tender(number: str) -> ResponseReturnValue:
    """One tender: timeline, duties, cards with their history, where to look."""
    shown = tender_view(db(), actor(), number, now=now())
    return page(
        "supervision/tender.html", shown=shown, tender=shown.tender, names=wording,
        kinds=KIND_NAMES, states=STATUS_NAMES,
    )  # fmt: skip


@blueprint.get("/supervision/cards")
@signed_in(*WATCHERS, *DOERS)
def listed() -> ResponseReturnValue:
    """Cards of a period; to print."""
    wanted = area.read_filter(request.args)
    try:
        period, error = card_list.read_period(request.args, now=now()), None
    except DomainError as wrong:
        period, error = card_list.read_period({}, now=now()), wrong
    shown = card_list.listed(db(), actor(), wanted, period)
    return page(
        "supervision/cards.html", error.status if error else 200, shown=shown, wanted=wanted,
        names=wording, kinds=KIND_NAMES, townships=area.townships_of(db(), actor()), error=error,
        wrong=error.fields if error else {},
    )  # fmt: skip


@blueprint.get("/supervision/cards.csv")
@signed_in(*WATCHERS)
def exported() -> ResponseReturnValue:
    """The same list as CSV."""
    wanted = area.read_filter(request.args)
    period = card_list.read_period(request.args, now=now())
    text = card_list.export(db(), actor(), wanted, period)
    name = f"cards-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    answer = Response(text, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@blueprint.get("/supervision/cards/<card_id>")
@signed_in(*WATCHERS, *DOERS)
def card(card_id: str) -> ResponseReturnValue:
    """One card with its history, and the form of who is next."""
    return _card(card_id)


def _card(card_id: str, error: DomainError | None = None) -> ResponseReturnValue:
    shown = card_list.card_page(db(), actor(), card_id)
    return page(
        "supervision/card.html", error.status if error else 200, shown=shown, view=shown.view,
        names=wording, error=error, wrong=error.fields if error else {}, form=request.form,
        watcher=actor().role in WATCHERS,
    )  # fmt: skip


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the card's page, with what was entered."""
    card_id = (request.view_args or {}).get("card_id")
    if request.method != "POST" or card_id is None or not error.fields:
        return refuse(error)
    db().rollback()
    return _card(card_id, error)


def _back(card_id: str, message: str) -> ResponseReturnValue:
    flash(gettext(message), "ok")
    return redirect(url_for("supervision.card", card_id=card_id), 303)


@blueprint.post("/supervision/cards/<card_id>/explain")
@signed_in(*DOERS, Role.SUPERVISOR)
def explain(card_id: str) -> ResponseReturnValue:
    """Explain a card."""
    form = request.form
    version = form.get("version", "")
    cards.explain(
        db(), actor(), card_id, form.get("text", ""),
        version=int(version[:6]) if version.isascii() and version.isdigit() else 0, now=now(),
    )  # fmt: skip
    return _back(card_id, N_("Your explanation is kept and sent to the supervising body."))


@blueprint.post("/supervision/cards/<card_id>/accept")
@signed_in(Role.SUPERVISOR)
def accept(card_id: str) -> ResponseReturnValue:
    """Accept the explanation and close the card."""
    cards.accept(db(), actor(), card_id, now=now())
    return _back(card_id, N_("The explanation is accepted and the card closed."))


@blueprint.post("/supervision/cards/<card_id>/return")
@signed_in(Role.SUPERVISOR)
def send_back(card_id: str) -> ResponseReturnValue:
    """Send the explanation back with a reason."""
    cards.send_back(db(), actor(), card_id, request.form.get("reason", ""), now=now())
    return _back(card_id, N_("The explanation is sent back."))


@blueprint.post("/supervision/duties/<milestone_id>/done")
@signed_in(*DOERS)
def done(milestone_id: str) -> ResponseReturnValue:
    """Note that a duty was done outside the platform."""
    cards.record_done(db(), actor(), milestone_id, request.form.get("words", ""), now=now())
    flash(gettext(N_("It is noted that this duty is done.")), "ok")
    return redirect(url_for("supervision.listed"), 303)
