"""Objections and complaints of a tender: what is public, what is one's own, what is to answer."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue

from tender.core.actor import Role
from tender.core.errors import DomainError, invalid, not_found
from tender.core.files import StoredFile, blob_path, keep_upload
from tender.core.i18n import N_, gettext
from tender.core.reads import Read
from tender.core.web import (
    actor,
    actor_or_none,
    db,
    now,
    page,
    platform,
    public,
    refuse,
    signed_in,
)
from tender.core.web_reads import reading
from tender.objections import answering, complaints, filing, listing
from tender.objections.filing import objection_by_id
from tender.objections.models import ComplaintStatus, ObjectionStage
from tender.objections.terms import STAGE_NAMES
from tender.procedure.facts import tender_by_id

blueprint = Blueprint("objections", __name__)
STAFF = (Role.COUNTY_CLERK, Role.TOWNSHIP_AGENT)


@blueprint.get("/tenders/<number>/objections")
@public
def show(number: str) -> ResponseReturnValue:
    """Answers that are public; one's own objections; for staff and supervision what to answer."""
    return _page(number)


def _page(number: str, error: DomainError | None = None) -> ResponseReturnValue:
    shown = listing.listing(db(), actor_or_none(), number, now=now())
    return page(
        "objections/tender.html",
        error.status if error else 200,
        shown=shown,
        tender=shown.tender,
        stages=STAGE_NAMES,
        decisions=complaints.DECISIONS,
        error=error,
        wrong=error.fields if error else {},
        form=request.form,
    )


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown beside what was typed; all else as usual."""
    number = _number_of(request.view_args or {}) if error.fields else None
    if request.method != "POST" or number is None:
        return refuse(error)
    db().rollback()
    try:
        return _page(number, error)
    except DomainError as refusal:  # whoever may not see the page either
        return refuse(refusal)


def _number_of(place: dict[str, Any]) -> str | None:
    if "number" in place:
        return str(place["number"])
    if "objection_id" in place:
        return tender_by_id(db(), objection_by_id(db(), place["objection_id"]).tender_id).number
    if "complaint_id" in place:
        found = complaints.complaint_by_id(db(), place["complaint_id"])
        return tender_by_id(db(), found.tender_id).number
    return None


def _back(tender_id: str, message: str) -> ResponseReturnValue:
    flash(gettext(message), "ok")
    return redirect(f"/tenders/{tender_by_id(db(), tender_id).number}/objections", 303)


@blueprint.post("/tenders/<number>/objections")
@signed_in(Role.BIDDER)
def file(number: str) -> ResponseReturnValue:
    """File an objection."""
    form = request.form
    try:
        stage = ObjectionStage(form.get("stage", ""))
    except ValueError:
        raise invalid(
            "objection.stage", N_("Choose what you object to."), {"stage": N_("Choose one.")}
        ) from None
    tender = listing.tender_by_number(db(), number)
    wanted = filing.Filing(stage, form.get("facts", ""), form.get("request", ""), _evidence())
    filing.file_objection(db(), actor(), tender.id, wanted, now=now())
    return _back(tender.id, N_("Your objection is filed. The answer will stand here."))


def _evidence() -> str | None:
    upload = request.files.get("evidence")
    if upload is None or not upload.filename:
        return None
    stored = keep_upload(
        db(), platform().settings.store, name=upload.filename,
        chunks=iter(lambda: upload.stream.read(65536), b""), actor_id=actor().person_id, now=now(),
    )  # fmt: skip
    return stored.id


@blueprint.post("/objections/<objection_id>/answer")
@signed_in(*STAFF)
def answer(objection_id: str) -> ResponseReturnValue:
    """Answer an objection."""
    form = request.form
    if form.get("result") not in ("upheld", "rejected"):
        raise invalid(
            "objection.result", N_("Say whether the objection is upheld."),
            {"result": N_("Choose one.")},
        )  # fmt: skip
    objection = answering.answer_objection(
        db(), actor(), platform().settings, objection_id, form.get("answer", ""),
        upheld=form["result"] == "upheld", now=now(),
    )  # fmt: skip
    return _back(objection.tender_id, N_("The answer is published."))


@blueprint.post("/objections/<objection_id>/withdraw")
@signed_in(Role.BIDDER)
def withdraw(objection_id: str) -> ResponseReturnValue:
    """Take one's objection back."""
    objection = filing.withdraw_objection(db(), actor(), objection_id, now=now())
    return _back(objection.tender_id, N_("Your objection is withdrawn."))


@blueprint.post("/objections/<objection_id>/complaint")
@signed_in(Role.BIDDER)
def complain(objection_id: str) -> ResponseReturnValue:
    """Complain to the supervising body."""
    form = request.form
    complaint = complaints.file_complaint(
        db(), actor(), objection_id, form.get("facts", ""), form.get("request", ""), now=now()
    )
    return _back(complaint.tender_id, N_("Your complaint is filed with the supervising body."))


@blueprint.post("/complaints/<complaint_id>/suspend")
@signed_in(Role.SUPERVISOR)
def suspend(complaint_id: str) -> ResponseReturnValue:
    """Stop the tender while the complaint is decided."""
    complaint = complaints.suspend_tender(db(), actor(), complaint_id, now=now())
    return _back(complaint.tender_id, N_("The tender is suspended."))


@blueprint.post("/complaints/<complaint_id>/decide")
@signed_in(Role.SUPERVISOR)
def decide(complaint_id: str) -> ResponseReturnValue:
    """Decide a complaint."""
    form = request.form
    try:
        status = ComplaintStatus(form.get("result", ""))
    except ValueError:
        status = ComplaintStatus.FILED
    complaint = complaints.decide_complaint(
        db(), actor(), platform().settings, complaint_id, status, form.get("decision", ""),
        now=now(),
    )  # fmt: skip
    return _back(complaint.tender_id, N_("The decision is published."))


@blueprint.get("/objections/<objection_id>/evidence")
@signed_in(*STAFF, Role.SUPERVISOR, Role.BIDDER)
def evidence(objection_id: str) -> ResponseReturnValue:
    """The evidence of an objection, for its objector, those who answer, and supervision."""
    objection = listing.readable(db(), actor(), objection_id)
    stored = db().get(StoredFile, objection.evidence_id or "")
    if stored is None or stored.purged_at is not None:
        raise not_found("objection.no_evidence", N_("There is no such file."))
    reading(Read.EVIDENCE, [objection.organisation_id], about=objection.tender_id)
    return send_file(
        blob_path(platform().settings.store, stored.sha256),
        as_attachment=True,
        download_name=stored.name,
        mimetype="application/octet-stream",
    )
