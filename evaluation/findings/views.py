"""Findings for supervision and panel: evidence side by side, explanations, decisions, paper."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue

from evaluation.findings import access, deciding, papers
from evaluation.findings.feeds import INDICATORS
from evaluation.findings.innocence import explanations
from evaluation.findings.inputs.pictures import held_picture, names_in
from evaluation.findings.inputs.unread import unread_words
from evaluation.findings.listing import STATES, beside, listing_of, wanted_of
from evaluation.findings.plots import drawing
from evaluation.findings.rescreening import at_work, known_changed, screen_again
from evaluation.findings.words import (
    CODE_NAMES,
    STRENGTH_NAMES,
    legal_words,
    rarity_words,
    strength_words,
    value_words,
)
from evaluation.models import ScreenStatus
from evaluation.screens.finding import Strength
from tender.accounts.permissions import Permission, allowed
from tender.core.actor import Role
from tender.core.errors import DomainError, not_found
from tender.core.files import blob_path
from tender.core.i18n import N_, gettext
from tender.core.reads import Read
from tender.core.web import actor, db, now, page, platform, refuse, signed_in
from tender.core.web_reads import reading
from tender.procedure.facts import tender_by_id
from tender.procedure.models import Tender

blueprint = Blueprint("findings", __name__)
READERS = (Role.SUPERVISOR, Role.AUDITOR, Role.EXPERT, Role.BIDDER)
WATCHERS = (Role.SUPERVISOR, Role.AUDITOR)
WORDS: dict[str, Any] = {
    "codes": CODE_NAMES,
    "strengths": {strength.value: STRENGTH_NAMES[strength] for strength in Strength},
    "decisions": access.DECISION_NAMES,
    "indicators": {each.code: each.name for each in INDICATORS},
    "legal": legal_words,
    "value": value_words,
    "rarity": rarity_words,
    "strength": strength_words,
    "where": papers.where_words,
    "label": papers.label_words,
    "why": unread_words,
    "no_picture": papers.NO_PICTURE,
}


@blueprint.get("/findings")
@signed_in(*WATCHERS)
def index() -> ResponseReturnValue:
    """Tenders with findings, the strongest first."""
    return page(
        "evaluation/findings_index.html", listed=access.tenders_with_findings(db(), actor())
    )


@blueprint.get("/findings/<tender_id>")
@signed_in(*READERS)
def show(tender_id: str) -> ResponseReturnValue:
    """The findings of a tender that this person may see, by strength."""
    shown = _listed(tender_id)
    exports = allowed(actor(), Permission.FINDING_READ, shown.tender)
    return page(
        "evaluation/findings.html", **_about(shown), may_export=exports,
        states=STATES,
        known_changed=known_changed(platform().settings, shown.run),
        papers=papers.papers_of(db(), tender_id) if exports and shown.run else [],
        all_tenders=actor().role in WATCHERS,
    )  # fmt: skip


def _listed(tender_id: str) -> access.Findings:
    """The list; whose data was read is kept (personal information law, art. 51)."""
    shown = access.findings_for(db(), actor(), tender_id)
    if not shown.bidder:
        subjects = {bidder for each in shown.listed for bidder in each.names}
        reading(Read.FINDING, subjects, about=tender_id)
    return shown


def _about(shown: access.Findings) -> dict[str, Any]:
    running = shown.run is not None and at_work(db(), shown.run)
    stopped = shown.run is not None and shown.run.status is not ScreenStatus.DONE and not running
    return {
        "shown": shown, "tender": shown.tender, "running": running, "stopped": stopped,
        "listing": listing_of(shown, wanted_of(request.args)),
        "may_screen": _may_screen(shown.tender), **WORDS,
    }  # fmt: skip


def _may_screen(tender: Tender) -> bool:
    return actor().role is Role.SUPERVISOR and allowed(actor(), Permission.FINDING_DECIDE, tender)


@blueprint.post("/findings/<tender_id>/screens")
@signed_in(Role.SUPERVISOR)
def screen(tender_id: str) -> ResponseReturnValue:
    """Screen again what was not finished, or everything."""
    screen_again(db(), actor(), tender_id, request.form.get("what", ""), now=now())
    flash(gettext(N_("The screening has begun again. Decisions stay as they are.")), "ok")
    return redirect(url_for("findings.show", tender_id=tender_id), 303)


@blueprint.get("/findings/<tender_id>/part")
@signed_in(*READERS)
def part(tender_id: str) -> ResponseReturnValue:
    """The list with its progress, for its own refreshing."""
    about = _about(access.findings_for(db(), actor(), tender_id))
    answer = make_response(page("evaluation/_progress.html", **about))
    answer.headers["X-Screening"] = "running" if about["running"] else "done"
    return answer


@blueprint.get("/findings/<tender_id>/progress")
@signed_in(*READERS)
def progress(tender_id: str) -> ResponseReturnValue:
    """How far the screening is, as JSON: which indicator of which lot is through, what it found."""
    shown = access.findings_for(db(), actor(), tender_id)
    steps = [] if shown.bidder or shown.run is None else shown.run.progress
    return {
        "status": shown.run.status.value if shown.run else None,
        "done": shown.done,
        "of": shown.steps,
        "findings": len(shown.listed),
        "steps": steps if actor().role in WATCHERS else [],
    }


@blueprint.get("/findings/<tender_id>/<finding_id>")
@signed_in(*READERS)
def one(tender_id: str, finding_id: str) -> ResponseReturnValue:
    """One finding: both sides, its population, explanations, decisions."""
    return _one(tender_id, finding_id)


def _one(tender_id: str, finding_id: str, error: DomainError | None = None) -> ResponseReturnValue:
    who, shown = actor(), access.finding_for(db(), actor(), tender_id, finding_id)
    tender, finding = tender_by_id(db(), tender_id), shown.seen.finding
    bidder = who.role is Role.BIDDER
    exports = allowed(who, Permission.FINDING_READ, tender)
    wanted = wanted_of(request.args)
    if not bidder:
        reading(Read.FINDING, [*shown.names, *shown.beside], about=tender_id)
    return page(
        "evaluation/finding.html", error.status if error else 200,
        shown=shown, tender=tender, bidder=bidder,
        drawn=None if bidder else drawing(finding, shown.seen.plot),
        there={name for name in names_in(shown.seen.exhibits)
               if held_picture(platform().settings, name)},
        innocent=explanations(finding.innocent, shown.seen.counts),
        files=[] if bidder else access.files_of_evidence(db(), shown),
        may_decide=who.role is Role.EXPERT or allowed(who, Permission.FINDING_DECIDE, tender),
        may_export=exports,
        beside=None if bidder else beside(access.findings_for(db(), who, tender_id), wanted,
                                          finding_id),
        wanted=wanted.arguments(),
        may_register=who.role is Role.SUPERVISOR,
        papers=papers.papers_of(db(), tender_id, finding_id) if exports else [],
        error=error, wrong=error.fields if error else {}, form=request.form, **WORDS,
    )  # fmt: skip


@blueprint.get("/findings/<tender_id>/<finding_id>/pictures/<name>.jpg")
@signed_in(*READERS)
def picture(tender_id: str, finding_id: str, name: str) -> ResponseReturnValue:
    """A small copy of a picture that this person sees in this finding; the look is kept."""
    shown = access.finding_for(db(), actor(), tender_id, finding_id)
    owner = names_in(shown.seen.exhibits).get(name)
    data = held_picture(platform().settings, name) if owner is not None else b""
    if owner is None or not data:
        raise not_found("finding.picture", N_("There is no such picture here."))
    reading(Read.FINDING, {owner}, about=tender_id)
    return Response(data, mimetype="image/jpeg")


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the page."""
    given = request.view_args or {}
    if request.method != "POST" or "finding_id" not in given or not error.fields:
        return refuse(error)
    db().rollback()
    return _one(given["tender_id"], given["finding_id"], error)


def _back(tender_id: str, finding_id: str, message: str) -> ResponseReturnValue:
    flash(gettext(message), "ok")
    narrowed = wanted_of(request.args).arguments()
    place = url_for("findings.one", tender_id=tender_id, finding_id=finding_id, **narrowed)
    return redirect(place, 303)


@blueprint.post("/findings/<tender_id>/<finding_id>/ask")
@signed_in(Role.SUPERVISOR, Role.EXPERT)
def ask(tender_id: str, finding_id: str) -> ResponseReturnValue:
    """Ask the bidders to explain."""
    deciding.ask_bidders(db(), actor(), finding_id, now=now())
    return _back(tender_id, finding_id, N_("The bidders are asked to explain."))


@blueprint.post("/findings/<tender_id>/<finding_id>/explain")
@signed_in(Role.BIDDER)
def explain(tender_id: str, finding_id: str) -> ResponseReturnValue:
    """Give one's own explanation."""
    deciding.explain(db(), actor(), finding_id, request.form.get("text", ""), now=now())
    return _back(tender_id, finding_id, N_("Your explanation is kept."))


@blueprint.post("/findings/<tender_id>/<finding_id>/decide")
@signed_in(Role.SUPERVISOR, Role.EXPERT)
def decide(tender_id: str, finding_id: str) -> ResponseReturnValue:
    """Confirm, reject or refer, with the reason."""
    form = request.form
    deciding.decide(
        db(), actor(), finding_id, form.get("decision", ""), form.get("reason", ""), now=now()
    )
    return _back(tender_id, finding_id, N_("The decision is kept."))


@blueprint.post("/findings/<tender_id>/<finding_id>/paper")
@signed_in(*WATCHERS)
def paper(tender_id: str, finding_id: str) -> ResponseReturnValue:
    """Order the signed PDF of one finding."""
    settings = platform().settings
    papers.order_paper(db(), actor(), settings, tender_id, finding_id, now=now())
    return _back(tender_id, finding_id, N_("The signed PDF is being made; it will stand here."))


@blueprint.post("/findings/<tender_id>/paper")
@signed_in(*WATCHERS)
def paper_of_all(tender_id: str) -> ResponseReturnValue:
    """Order the signed PDF of all findings of a tender."""
    papers.order_paper(db(), actor(), platform().settings, tender_id, now=now())
    flash(gettext(N_("The signed PDF is being made; it will stand here.")), "ok")
    return redirect(url_for("findings.show", tender_id=tender_id), 303)


@blueprint.get("/findings/<tender_id>/papers/<name>.pdf")
@signed_in(*WATCHERS)
def paper_file(tender_id: str, name: str) -> ResponseReturnValue:
    """A sealed paper, for whoever may read the findings."""
    digest = papers.paper_digest(db(), actor(), tender_id, name)
    return send_file(
        blob_path(platform().settings.store, digest), as_attachment=True,
        download_name=f"{name}.pdf", mimetype="application/pdf",
    )  # fmt: skip


@blueprint.get("/findings/<tender_id>/findings.csv")
@signed_in(*WATCHERS)
def table(tender_id: str) -> ResponseReturnValue:
    """All findings of a tender as CSV, with the mark that spreadsheets need for Chinese."""
    _listed(tender_id)
    text = "\ufeff" + papers.table_of(db(), actor(), tender_id)
    name = f'attachment; filename="findings-{tender_id[:12]}.csv"'
    return Response(text, mimetype="text/csv", headers={"Content-Disposition": name})
