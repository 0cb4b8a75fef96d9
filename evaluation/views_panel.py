"""The expert's pages: the request, the conflict statement, bids side by side, the score sheet."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from evaluation.models import MemberStatus
from evaluation.panel import desk, profiles, seating, sheets
from evaluation.panel.partners import partners_stated, stated_in_tender
from evaluation.result import reporting
from tender.core.actor import Role
from tender.core.errors import DomainError, invalid, not_found
from tender.core.files import blob_path
from tender.core.i18n import N_, gettext
from tender.core.reads import Read
from tender.core.web import actor, db, now, page, platform, refuse, signed_in, wants_json
from tender.core.web_reads import reading
from tender.opening.stated import require_statement_reader

blueprint = Blueprint("panel", __name__)


@blueprint.get("/panel")
@signed_in(Role.EXPERT)
def mine() -> ResponseReturnValue:
    """The panels that the expert is asked to, open ones first."""
    return page("evaluation/panels.html", listed=desk.panels_of(db(), actor()))


@blueprint.get("/panel/<tender_id>")
@signed_in(Role.EXPERT)
def show(tender_id: str) -> ResponseReturnValue:
    """What the expert does next: answer, score, or look back on a submitted sheet."""
    return _page(tender_id)


def _page(
    tender_id: str, error: DomainError | None = None, cells: dict[str, str] | None = None
) -> ResponseReturnValue:
    shown = desk.desk(db(), actor(), tender_id)
    names = {
        MemberStatus.DRAWN: "evaluation/answer.html",
        MemberStatus.SEATED: "evaluation/sheet.html",
        MemberStatus.SUBMITTED: "evaluation/submitted.html",
    }
    stated = stated_in_tender(db(), platform().settings.store, shown.tender)
    members, subcontractors = partners_stated(stated)
    return page(
        names.get(shown.member.status, "evaluation/left.html"),
        # With faulty cells the others are kept, so the request has succeeded and is committed.
        error.status if error and not cells else 200,
        shown=shown,
        tender=shown.tender,
        error=error,
        wrong=error.fields if error else {},
        cells=cells or {},
        form=request.form,
        members=members,
        subcontractors=subcontractors,
        causes=profiles.CAUSE_NAMES,
    )


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the page itself; a score's fault is logged nowhere."""
    tender_id = (request.view_args or {}).get("tender_id")
    secret = error.code.startswith("sheet.") and error.status == 422
    if request.method != "POST" or tender_id is None or not (error.fields or secret):
        return refuse(error)
    db().rollback()
    if wants_json():
        body = {"code": error.code, "message": error.text(), "fields": error.fields}
        return jsonify({"error": body}), error.status
    try:
        return _page(tender_id, error)
    except DomainError as refusal:  # whoever may not see the page either
        return refuse(refusal)


def _back(tender_id: str, message: str) -> ResponseReturnValue:
    flash(gettext(message), "ok")
    return redirect(url_for("panel.show", tender_id=tender_id), 303)


@blueprint.post("/panel/<tender_id>/confirm")
@signed_in(Role.EXPERT)
def confirm(tender_id: str) -> ResponseReturnValue:
    """Take the seat and state that nothing bars one."""
    if request.form.get("no_conflict") != "yes":
        raise invalid(
            "panel.statement", N_("State first that nothing bars you from taking part."),
            {"no_conflict": N_("Tick the statement, or decline below.")},
        )  # fmt: skip
    seating.confirm(db(), actor(), tender_id, now=now())
    return _back(tender_id, N_("You take part. Score the bids below."))


@blueprint.post("/panel/<tender_id>/decline")
@signed_in(Role.EXPERT)
def decline(tender_id: str) -> ResponseReturnValue:
    """Give the seat up, with the reason."""
    form = request.form
    recused = form.get("kind") == "recused"
    seating.decline(db(), actor(), tender_id, form.get("reason", ""), recused=recused, now=now())
    return _back(tender_id, N_("Thank you. Another expert is asked."))


@blueprint.post("/panel/<tender_id>/mark")
@signed_in(Role.EXPERT)
def mark(tender_id: str) -> ResponseReturnValue:
    """Save one cell as it is typed."""
    form = request.form
    entry = sheets.Entry(
        bid=form.get("bid", ""), code=form.get("criterion", ""), score=form.get("score", ""),
        passed=form.get("passed", ""), reason=form.get("reason", ""),
    )  # fmt: skip
    sheets.save_mark(db(), actor(), tender_id, entry, now=now())
    if not wants_json():
        return redirect(url_for("panel.show", tender_id=tender_id), 303)
    sums, missing = desk.progress(db(), actor(), tender_id)
    shown = {bid: f"{total:f}" for bid, total in sums.items()}
    return jsonify({"ok": True, "subtotals": shown, "missing": missing})


@blueprint.post("/panel/<tender_id>/sheet")
@signed_in(Role.EXPERT)
def save(tender_id: str) -> ResponseReturnValue:
    """Save the whole sheet without JavaScript; `act=submit` also submits it for good."""
    faults = _save_cells(tender_id)
    if faults:
        error = invalid("sheet.cells", N_("Some entries do not fit; the others are saved."), faults)
        return _page(tender_id, error, cells=dict(request.form))
    if request.form.get("act") == "submit":
        return _submit(tender_id)
    return _back(tender_id, N_("The sheet is saved."))


def _save_cells(tender_id: str) -> dict[str, str]:
    form, faults = request.form, {}
    for bid, code in desk.cells_of(db(), actor(), tender_id):
        key = f"{bid}-{code}"
        if not any(f"{kind}-{key}" in form for kind in ("score", "passed")):
            continue
        entry = sheets.Entry(
            bid, code, form.get(f"score-{key}", ""), form.get(f"passed-{key}", ""),
            form.get(f"reason-{key}", ""),
        )  # fmt: skip
        try:
            sheets.save_mark(db(), actor(), tender_id, entry, now=now())
        except DomainError as error:
            if error.status != 422:
                raise
            faults[f"{bid}/{code}"] = error.text()
    return faults


@blueprint.post("/panel/<tender_id>/submit")
@signed_in(Role.EXPERT)
def submit(tender_id: str) -> ResponseReturnValue:
    """Submit the sheet as it was saved."""
    return _submit(tender_id)


def _submit(tender_id: str) -> ResponseReturnValue:
    if request.form.get("confirm") != "yes":
        raise invalid(
            "sheet.confirm", N_("Confirm that the sheet is your own and final."),
            {"confirm": N_("Tick the box.")},
        )  # fmt: skip
    sheets.submit_sheet(db(), actor(), tender_id, now=now())
    return _back(tender_id, N_("Your sheet is submitted; its hash is in the ledger."))


@blueprint.post("/panel/<tender_id>/explain")
@signed_in(Role.EXPERT)
def explain(tender_id: str) -> ResponseReturnValue:
    """Give the reason for scores far from the others."""
    profiles.explain_outlier(db(), actor(), tender_id, request.form.get("reason", ""), now=now())
    return _back(tender_id, N_("Your reason is kept."))


@blueprint.post("/panel/<tender_id>/correct")
@signed_in(Role.EXPERT)
def correct(tender_id: str) -> ResponseReturnValue:
    """Correct a submitted score for one of the four causes."""
    names = ("bid", "criterion", "score", "cause", "reason")
    wanted = profiles.Correction(*(request.form.get(name, "") for name in names))
    profiles.correct_score(db(), actor(), tender_id, wanted, now=now())
    return _back(tender_id, N_("The correction is kept beside the first value."))


@blueprint.post("/panel/<tender_id>/report")
@signed_in(Role.EXPERT)
def sign(tender_id: str) -> ResponseReturnValue:
    """Sign the evaluation report, or state a dissent."""
    reporting.sign_report(
        db(), actor(), platform().settings, tender_id, request.form.get("dissent", ""), now=now()
    )
    return _back(tender_id, N_("Your signature under the report is kept."))


@blueprint.get("/panel/<tender_id>/bids")
@signed_in(Role.EXPERT)
def bids(tender_id: str) -> ResponseReturnValue:
    """The opened bids side by side."""
    shown = desk.desk(db(), actor(), tender_id)
    stated = stated_in_tender(db(), platform().settings.store, shown.tender)
    return page(
        "evaluation/bids.html",
        shown=shown,
        tender=shown.tender,
        stated={} if shown.blind else stated,
    )


@blueprint.get("/panel/<tender_id>/files/<bid_id>/<int:place>")
@signed_in(Role.EXPERT)
def file(tender_id: str, bid_id: str, place: int) -> ResponseReturnValue:
    """One opened file of a bid, for the members of its panel."""
    bid: Any = desk.bid_for(db(), actor(), tender_id, bid_id)
    if not 0 < place <= len(bid.stored):
        raise not_found("bid.file_unknown", N_("There is no such file."))
    stored = bid.stored[place - 1]
    require_statement_reader(actor(), stored)
    reading(Read.BID_FILE, [bid.organisation_id], about=tender_id)
    return send_file(
        blob_path(platform().settings.store, stored["sha256"]),
        as_attachment=True,
        download_name=stored["name"],
        mimetype="application/octet-stream",
    )
