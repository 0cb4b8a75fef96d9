"""Pages of the low price review: the panel's, and the asked bidder's own."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from evaluation.low_price import answering, desk, reviewing
from evaluation.low_price.papers import STATUS_NAMES
from evaluation.scoring.steps import step_text
from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.core.files import blob_path
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, page, platform, refuse, signed_in
from tender.procedure.facts import pricing_of

blueprint = Blueprint("low_price", __name__)
READERS = (
    Role.EXPERT, Role.BIDDER, Role.COUNTY_CLERK, Role.TOWNSHIP_AGENT, Role.SUPERVISOR, Role.AUDITOR,
)  # fmt: skip


@blueprint.get("/panel/<tender_id>/low-price")
@signed_in(Role.EXPERT)
def panel(tender_id: str) -> ResponseReturnValue:
    """Every compliant bid by price, with triggers, answers and votes."""
    return _panel(tender_id)


def _panel(tender_id: str, error: DomainError | None = None) -> ResponseReturnValue:
    return page(
        "evaluation/low_price.html",
        error.status if error else 200,
        shown=desk.price_desk(db(), actor(), tender_id, now=now()),
        names=STATUS_NAMES,
        step_text=step_text,
        error=error,
        wrong=error.fields if error else {},
        form=request.form,
    )


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the page itself with what was typed."""
    places = request.view_args or {}
    if request.method != "POST" or not error.fields:
        return refuse(error)
    db().rollback()
    if "tender_id" in places:
        return _panel(places["tender_id"], error)
    return _answer(places["review_id"], error)


@blueprint.post("/panel/<tender_id>/low-price/<bid_id>/open")
@signed_in(Role.EXPERT)
def start(tender_id: str, bid_id: str) -> ResponseReturnValue:
    """Open a review, or propose one by judgement."""
    form = request.form
    minutes = form.get("minutes", "")
    made = reviewing.open_review(
        db(), actor(), tender_id, bid_id, reason=form.get("reason", ""),
        minutes=int(minutes) if minutes.isascii() and minutes.isdigit() else 0, now=now(),
    )  # fmt: skip
    message = N_("The bidder is asked to explain its price.")
    if made is None:
        message = N_("Your proposal is kept. The review opens when most members propose it.")
    flash(gettext(message), "ok")
    return redirect(url_for("low_price.panel", tender_id=tender_id), 303)


@blueprint.post("/panel/<tender_id>/low-price/<review_id>/vote")
@signed_in(Role.EXPERT)
def vote(tender_id: str, review_id: str) -> ResponseReturnValue:
    """Vote on the answer."""
    form = request.form
    if form.get("explained") not in ("yes", "no"):
        flash(gettext(N_("Choose how you vote.")), "late")
        return redirect(url_for("low_price.panel", tender_id=tender_id), 303)
    reviewing.vote(
        db(), actor(), review_id, explained=form["explained"] == "yes",
        reason=form.get("reason", ""), now=now(),
    )  # fmt: skip
    flash(gettext(N_("Your vote is kept.")), "ok")
    return redirect(url_for("low_price.panel", tender_id=tender_id), 303)


@blueprint.get("/low-price/<review_id>")
@signed_in(Role.BIDDER)
def show(review_id: str) -> ResponseReturnValue:
    """The question to the acting bidder, and its answer."""
    return _answer(review_id)


def _answer(review_id: str, error: DomainError | None = None) -> ResponseReturnValue:
    shown = answering.asked(db(), actor(), review_id, now=now())
    return page(
        "evaluation/low_price_answer.html",
        error.status if error else 200,
        shown=shown,
        basis=pricing_of(shown.lot).wording().text(),
        names=STATUS_NAMES,
        step_text=step_text,
        error=error,
        wrong=error.fields if error else {},
        form=request.form,
    )


@blueprint.post("/low-price/<review_id>")
@signed_in(Role.BIDDER)
def explain(review_id: str) -> ResponseReturnValue:
    """Hand the explanation in with its papers."""
    files = [
        answering.Upload(each.filename, _pieces(each))
        for each in request.files.getlist("files")
        if each.filename
    ]
    answering.answer(
        db(), actor(), platform().settings.store, review_id, request.form.get("text", ""), files,
        now=now(),
    )  # fmt: skip
    flash(gettext(N_("Your explanation is handed in. The panel reads it.")), "ok")
    return redirect(url_for("low_price.show", review_id=review_id), 303)


def _pieces(file: FileStorage) -> Iterator[bytes]:
    while piece := file.stream.read(1 << 20):
        yield piece


@blueprint.get("/low-price/<review_id>/files/<int:place>")
@signed_in(*READERS)
def file(review_id: str, place: int) -> ResponseReturnValue:
    """One paper of an explanation, as a download, for those who may read it."""
    found = answering.file_for(db(), actor(), review_id, place)
    answer = send_file(
        blob_path(platform().settings.store, found["sha256"]),
        as_attachment=True,
        download_name=found["name"],
        mimetype="application/octet-stream",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
