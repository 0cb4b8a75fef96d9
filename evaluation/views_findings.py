"""Findings for supervision and panel: evidence side by side, explanations, decisions."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from evaluation import findings
from evaluation.models import ScreenStatus
from tender.accounts.models import AccessRecord
from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.core.i18n import N_, gettext
from tender.core.web import actor, afterwards, db, now, page, refuse, signed_in

blueprint = Blueprint("findings", __name__)
READERS = (Role.SUPERVISOR, Role.AUDITOR, Role.EXPERT, Role.BIDDER)


@blueprint.get("/findings/<tender_id>")
@signed_in(*READERS)
def show(tender_id: str) -> ResponseReturnValue:
    """The findings of a tender that this person may see."""
    return _page(tender_id)


def _page(tender_id: str, error: DomainError | None = None) -> ResponseReturnValue:
    shown = findings.findings_for(db(), actor(), tender_id)
    _note(shown)
    running = shown.run is not None and shown.run.status is not ScreenStatus.DONE
    return page(
        "evaluation/findings.html",
        error.status if error else 200,
        shown=shown,
        tender=shown.tender,
        running=running,
        codes=findings.CODE_NAMES,
        strengths=findings.STRENGTH_NAMES,
        decisions=findings.DECISION_NAMES,
        error=error,
        wrong=error.fields if error else {},
        form=request.form,
    )


def _note(shown: findings.Findings) -> None:
    """Who read whose contacts and addresses is kept (personal information law, art. 51)."""
    who, moment, address = actor(), now(), request.remote_addr
    subjects = {side.organisation.id for each in shown.listed for side in each.sides}

    def note(session: Any) -> None:
        for subject in sorted(subjects):
            session.add(
                AccessRecord(
                    time=moment, person_id=who.person_id, role=who.role.value, subject=subject,
                    kind="finding", address=address,
                )
            )  # fmt: skip

    if subjects and not shown.bidder:
        afterwards(note)


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the page."""
    tender_id = (request.view_args or {}).get("tender_id")
    if request.method != "POST" or tender_id is None or not error.fields:
        return refuse(error)
    db().rollback()
    return _page(tender_id, error)


@blueprint.get("/findings/<tender_id>/progress")
@signed_in(*READERS)
def progress(tender_id: str) -> ResponseReturnValue:
    """How far the screening is, as JSON: results arrive one by one."""
    shown = findings.findings_for(db(), actor(), tender_id)
    done = shown.run.progress if shown.run else []
    return jsonify(
        {
            "status": shown.run.status.value if shown.run else None,
            "done": len(done),
            "of": shown.steps,
            "findings": len(shown.listed),
        }
    )


def _back(tender_id: str, message: str) -> ResponseReturnValue:
    flash(gettext(message), "ok")
    return redirect(url_for("findings.show", tender_id=tender_id), 303)


@blueprint.post("/findings/<tender_id>/<finding_id>/ask")
@signed_in(Role.SUPERVISOR, Role.EXPERT)
def ask(tender_id: str, finding_id: str) -> ResponseReturnValue:
    """Ask the bidders to explain."""
    findings.ask_bidders(db(), actor(), finding_id, now=now())
    return _back(tender_id, N_("The bidders are asked to explain."))


@blueprint.post("/findings/<tender_id>/<finding_id>/explain")
@signed_in(Role.BIDDER)
def explain(tender_id: str, finding_id: str) -> ResponseReturnValue:
    """Give one's own explanation."""
    findings.explain(db(), actor(), finding_id, request.form.get("text", ""), now=now())
    return _back(tender_id, N_("Your explanation is kept."))


@blueprint.post("/findings/<tender_id>/<finding_id>/decide")
@signed_in(Role.SUPERVISOR, Role.EXPERT)
def decide(tender_id: str, finding_id: str) -> ResponseReturnValue:
    """Confirm, reject or refer, with the reason."""
    form = request.form
    findings.decide(
        db(), actor(), finding_id, form.get("decision", ""), form.get("reason", ""), now=now()
    )
    return _back(tender_id, N_("The decision is kept."))
