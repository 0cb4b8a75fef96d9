"""Staff's pages of an evaluation: draw, rejections, result, candidates, award, contract."""

from __future__ import annotations

from datetime import date, datetime, time

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from evaluation.award import award, candidates, contracting
from evaluation.award.ties import TIE_NAMES, read_ties
from evaluation.findings.ties import screen_ties
from evaluation.low_price.papers import STATUS_NAMES
from evaluation.overview import overview, scales_for
from evaluation.panel import panel, review
from evaluation.panel.grounds import grounds
from evaluation.panel.partners import stated_in_tender
from evaluation.result import result
from evaluation.scoring.steps import step_text
from tender.accounts.permissions import Permission, allowed
from tender.accounts.specialities import SPECIALITIES
from tender.core.actor import Role
from tender.core.errors import DomainError, invalid
from tender.core.files import keep_upload
from tender.core.i18n import N_, gettext
from tender.core.money import parse_yuan
from tender.core.shanghai import SHANGHAI
from tender.core.web import actor, db, now, page, platform, refuse, signed_in
from tender.opening.record import VERDICTS
from tender.procedure.facts import lots_of

blueprint = Blueprint("evaluation", __name__)
STAFF = (Role.COUNTY_CLERK, Role.TOWNSHIP_AGENT)
TIE_ROWS = range(1, 4)
READERS = (*STAFF, Role.SUPERVISOR, Role.AUDITOR)


@blueprint.get("/work/<tender_id>/evaluation")
@signed_in(*READERS)
def show(tender_id: str) -> ResponseReturnValue:
    """Everything about the evaluation that this person may see, and the next step."""
    return _page(tender_id)


def _page(tender_id: str, error: DomainError | None = None) -> ResponseReturnValue:
    shown = overview(db(), actor(), tender_id, now=now())
    return page(
        "evaluation/work.html",
        error.status if error else 200,
        shown=shown,
        tender=shown.tender,
        scales=scales_for(shown.tender, shown.criteria),
        grounds=grounds(shown.tender),
        fields=[(code, gettext(name)) for code, name in SPECIALITIES.items()],
        verdicts=VERDICTS,
        stated=stated_in_tender(db(), platform().settings.store, shown.tender),
        may_run=allowed(actor(), Permission.EVALUATION_RUN, shown.tender),
        may_speak=allowed(actor(), Permission.PANEL_READ, shown.tender),
        reason_text=review.reason_text,
        ground_text=review.ground_text,
        step_text=step_text,
        low_names=STATUS_NAMES,
        tie_names=TIE_NAMES,
        tie_rows=TIE_ROWS,
        error=error,
        wrong=error.fields if error else {},
        form=request.form,
    )


def _back(tender_id: str, message: str) -> ResponseReturnValue:
    flash(gettext(message), "ok")
    return redirect(url_for("evaluation.show", tender_id=tender_id), 303)


@blueprint.errorhandler(DomainError)
def refused(error: DomainError) -> ResponseReturnValue:
    """Faulty fields are shown on the page itself with what was typed; all else as usual."""
    tender_id = (request.view_args or {}).get("tender_id")
    if not error.fields or tender_id is None or request.method != "POST":
        return refuse(error)
    db().rollback()
    try:
        return _page(tender_id, error)
    except DomainError as refusal:  # whoever may not see the page either
        return refuse(refusal)


@blueprint.post("/work/<tender_id>/evaluation/pool")
@signed_in(*STAFF)
def freeze(tender_id: str) -> ResponseReturnValue:
    """Freeze the pool for the draw."""
    quotas: dict[str, int] = {}
    for suffix in ("", "_2", "_3"):
        code, size = (
            request.form.get(f"speciality{suffix}", ""),
            request.form.get(f"size{suffix}", ""),
        )
        number = int(size) if size.isascii() and size.isdigit() and len(size) < 4 else 0
        if code in SPECIALITIES and number:
            quotas[code] = quotas.get(code, 0) + number
    panel.freeze_pool(db(), actor(), platform().settings, tender_id, quotas, now=now())
    return _back(tender_id, N_("The pool is frozen and its hash is in the ledger."))


@blueprint.post("/work/<tender_id>/evaluation/words")
@signed_in(*STAFF, Role.SUPERVISOR)
def words(tender_id: str) -> ResponseReturnValue:
    """Add one side's words to the draw."""
    panel.contribute(db(), actor(), tender_id, request.form.get("words", ""), now=now())
    return _back(tender_id, N_("Your words are part of the draw."))


@blueprint.post("/work/<tender_id>/evaluation/draw")
@signed_in(*STAFF)
def draw(tender_id: str) -> ResponseReturnValue:
    """Draw the panel."""
    panel.draw_panel(db(), actor(), tender_id, request.form.get("words", ""), now=now())
    return _back(tender_id, N_("The panel is drawn. The experts have been asked."))


@blueprint.post("/work/<tender_id>/evaluation/reject")
@signed_in(*STAFF)
def reject(tender_id: str) -> ResponseReturnValue:
    """Reject a bid with ground and reason."""
    form = request.form
    review.reject_bid(
        db(), actor(), tender_id, form.get("bid", ""), ground=form.get("ground", ""),
        reason=form.get("reason", ""), now=now(),
    )  # fmt: skip
    return _back(tender_id, N_("The bid is rejected; its bidder will read the reason."))


@blueprint.post("/work/<tender_id>/evaluation/readmit")
@signed_in(*STAFF)
def readmit(tender_id: str) -> ResponseReturnValue:
    """Take a rejection back."""
    form = request.form
    review.withdraw_rejection(
        db(), actor(), tender_id, form.get("bid", ""), form.get("reason", ""), now=now()
    )
    return _back(tender_id, N_("The rejection is withdrawn."))


@blueprint.post("/work/<tender_id>/evaluation/run")
@signed_in(*STAFF)
def run(tender_id: str) -> ResponseReturnValue:
    """Rank every lot."""
    result.evaluate_tender(db(), actor(), platform().settings, tender_id, now=now())
    return _back(tender_id, N_("The bids are ranked. Check the result before you publish it."))


@blueprint.post("/work/<tender_id>/evaluation/candidates")
@signed_in(*STAFF)
def publish(tender_id: str) -> ResponseReturnValue:
    """Publish the candidates."""
    candidates.publish_candidates(db(), actor(), platform().settings, tender_id, now=now())
    return _back(tender_id, N_("The candidates are published. The standstill has begun."))


@blueprint.post("/work/<tender_id>/evaluation/award")
@signed_in(*STAFF)
def make_award(tender_id: str) -> ResponseReturnValue:
    """Award every lot that has a ranking."""
    form = request.form
    winners = {
        lot.number: chosen
        for lot in lots_of(db(), tender_id)
        if (chosen := form.get(f"winner-{lot.number}", ""))
    }
    decision = award.Decision(winners, form.get("reason", ""))
    award.make_award(db(), actor(), platform().settings, tender_id, decision, now=now())
    return _back(
        tender_id, N_("The award is made. Letters and the result notice are on their way.")
    )


@blueprint.post("/work/<tender_id>/evaluation/contract")
@signed_in(*STAFF)
def contract(tender_id: str) -> ResponseReturnValue:
    """Record the contract of a lot."""
    signed, settings = _read_contract(), platform().settings
    lot_id = request.form.get("lot", "")
    contracting.record_contract(db(), actor(), settings, tender_id, lot_id, signed, now=now())
    screen_ties(db(), settings, tender_id, now=now())
    return _back(tender_id, N_("The contract is recorded and published."))


@blueprint.post("/work/<tender_id>/evaluation/tie")
@signed_in(*STAFF)
def tie(tender_id: str) -> ResponseReturnValue:
    """Record a firm that works on a running contract."""
    settings, lot_id = platform().settings, request.form.get("lot", "")
    numbers = {lot.id: lot.number for lot in lots_of(db(), tender_id)}
    prefix = f"firm-{numbers.get(lot_id, '')}-"
    given = read_ties(request.form, [prefix])
    if not given:
        wrong = {f"{prefix}name": N_("Required.")}
        raise invalid("tie.form", N_("Please correct what is marked below."), wrong)
    contracting.record_tie(db(), actor(), settings, tender_id, lot_id, given[0], now=now())
    screen_ties(db(), settings, tender_id, now=now())
    return _back(tender_id, N_("The firm is recorded with the contract."))


def _read_contract() -> contracting.Signed:
    form, upload = request.form, request.files.get("scan")
    ties = read_ties(form, [f"tie-{n}-" for n in TIE_ROWS])
    problems, amount, day = {}, 0, date.min
    try:
        amount = parse_yuan(form.get("amount", ""))
    except ValueError:
        problems["amount"] = N_("Write the amount in yuan, with at most two decimals.")
    try:
        day = date.fromisoformat(form.get("signed_on", ""))
    except ValueError:
        problems["signed_on"] = N_("Write the day as 2026-12-31.")
    if problems:
        raise invalid("contract.form", N_("Please correct what is marked below."), problems)
    stored = None
    if upload is not None and upload.filename:
        stored = keep_upload(
            db(), platform().settings.store, name=upload.filename,
            chunks=iter(lambda: upload.stream.read(65536), b""), actor_id=actor().person_id,
            now=now(),
        )  # fmt: skip
    noon = datetime.combine(day, time(12), SHANGHAI)
    return contracting.Signed(noon, amount, stored.id if stored else None, tuple(ties))
