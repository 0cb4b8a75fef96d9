"""Staff's pages: my tenders, the draft, review, publishing and what may follow; bid bonds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from tender.core.actor import Actor, Role
from tender.core.errors import DomainError, invalid
from tender.core.i18n import N_, gettext
from tender.core.reads import Read
from tender.core.web import actor, db, now, page, platform, signed_in
from tender.core.web_reads import reading
from tender.procedure import bid_bonds, work
from tender.procedure.dealings import dealing_row
from tender.procedure.drafting import attaching, drafting
from tender.procedure.drafting.drafts import read_draft
from tender.procedure.drafting.forms import Reader, fill_form, read_form
from tender.procedure.drafting.lawfulness import problems_of
from tender.procedure.drafting.starts import STARTS
from tender.procedure.facts import lots_of, pricing_of, tender_by_id, timeline_of
from tender.procedure.law.kinds import OpeningForm, kinds
from tender.procedure.models import Tender
from tender.procedure.pricing import PriceBasis, Pricing
from tender.procedure.publishing import clarifying, postponing, publishing, retendering
from tender.procedure.timeline.calendar import day_of

blueprint = Blueprint("procedure", __name__)
STAFF = (Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK, Role.VILLAGE_REPRESENTATIVE)
READERS = (*STAFF, Role.SUPERVISOR)
EDITORS = (Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK)


@blueprint.get("/work")
@signed_in(*READERS)
def tenders() -> ResponseReturnValue:
    """My tenders, by what is next."""
    found = work.tenders_of(db(), actor())
    return page("procedure/work.html", tenders=found, names=work.STATUS_NAMES)


@blueprint.get("/work/new")
@signed_in(*EDITORS)
def choose() -> ResponseReturnValue:
    """Start from a template, or show the form of one."""
    start = next((each for each in STARTS if each.code == request.args.get("start")), None)
    if start is None:
        return page("procedure/choose.html", starts=STARTS)
    return _form(start.form, None, url_for("procedure.create"))


def _form(
    form: Mapping[str, str], error: DomainError | None, action: str, tender: Tender | None = None
) -> ResponseReturnValue:
    methods = {
        (row.code.value, row.direction.value, kind.code.value): row.name
        for kind in kinds().values()
        for row in kind.methods
        if row.opening is OpeningForm.SEALED and row.in_force(day_of(now()))
    }
    return page(
        "procedure/form.html",
        422 if error else 200,
        form=form,
        error=error,
        wrong=error.fields if error else {},
        action=action,
        tender=tender,
        organisations=work.organisations_for(db(), actor()),
        kinds=kinds(),
        methods=methods,
        bases=[(each.value, _basis_name(each)) for each in PriceBasis],
        lots=_rows(form, "lot"),
        criteria=_rows(form, "criterion"),
    )


def _basis_name(basis: PriceBasis) -> str:
    """A price basis before the unit is known: per unit and year."""
    return Pricing(basis, unit=gettext(N_("unit of quantity"))).wording().text()


def _rows(form: Mapping[str, str], name: str) -> int:
    """How many rows to show: those filled, one more, and more if asked for."""
    filled = [n for n in range(1, 41) if form.get(f"{name}-{n}-name")]
    extra = 3 if form.get("more") == name else 1
    return min(30, max(filled, default=0) + extra)


@blueprint.post("/work/new")
@signed_in(*EDITORS)
def create() -> ResponseReturnValue:
    """Save a new draft."""
    if request.form.get("more"):
        return _form(request.form, None, url_for("procedure.create"))
    try:
        tender = drafting.create_draft(db(), actor(), read_form(request.form), now=now())
    except DomainError as error:
        return _form(request.form, error, url_for("procedure.create"))
    flash(gettext(N_("The draft is saved.")), "ok")
    return redirect(url_for("procedure.show", tender_id=tender.id), 303)


@blueprint.get("/work/<tender_id>")
@signed_in(*READERS)
def show(tender_id: str) -> ResponseReturnValue:
    """One tender: where it stands, what is missing, what is next."""
    tender = work.tender_for(db(), actor(), tender_id)
    return page("procedure/tender.html", **_facts(tender, actor()))


def _facts(tender: Tender, who: Actor) -> dict[str, Any]:
    session, moment = db(), now()
    return {
        "tender": tender,
        "lots": [(lot, pricing_of(lot)) for lot in lots_of(session, tender.id)],
        "status_name": work.STATUS_NAMES[tender.status],
        "gaps": drafting.missing_in(session, tender),
        "problems": problems_of(session, tender, now=moment),
        "timeline": timeline_of(tender, now=moment) if tender.deadline else (),
        "custody": work.custody_states(session, tender),
        "questions": work.questions_of(session, tender),
        "documents": work.documents_of(session, tender.id),
        "document_kinds": attaching.DOCUMENT_KINDS,
        "dealing": [(gettext(label), gettext(name)) for label, name in dealing_row(tender)],
        "can_undo": work.can_undo(session, tender),
        "own": tender.created_by == who.person_id,
        "again": retendering.offer(session, tender, now=moment),
    }


@blueprint.get("/work/<tender_id>/edit")
@signed_in(*EDITORS)
def edit(tender_id: str) -> ResponseReturnValue:
    """The form of a draft."""
    tender = work.tender_for(db(), actor(), tender_id)
    action = url_for("procedure.save", tender_id=tender.id)
    return _form(fill_form(read_draft(db(), tender)), None, action, tender)


@blueprint.post("/work/<tender_id>/edit")
@signed_in(*EDITORS)
def save(tender_id: str) -> ResponseReturnValue:
    """Save a draft anew."""
    action = url_for("procedure.save", tender_id=tender_id)
    if request.form.get("more"):
        return _form(request.form, None, action)
    try:
        drafting.change_draft(db(), actor(), tender_id, read_form(request.form), now=now())
    except DomainError as error:
        return _form(request.form, error, action)
    flash(gettext(N_("The draft is saved.")), "ok")
    return redirect(url_for("procedure.show", tender_id=tender_id), 303)


@blueprint.post("/work/<tender_id>/<act>")
@signed_in(*EDITORS)
def advance(tender_id: str, act: str) -> ResponseReturnValue:
    """One step of the tender's life: undo, delete, submit, return, approve, publish, cancel."""
    session, who, moment, settings = db(), actor(), now(), platform().settings
    reason = request.form.get("reason", "")
    acts: dict[str, Callable[[], object]] = {
        "undo": lambda: drafting.undo_draft(session, who, tender_id, now=moment),
        "delete": lambda: drafting.delete_draft(session, who, tender_id, now=moment),
        "submit": lambda: drafting.submit_for_review(session, who, tender_id, now=moment),
        "return": lambda: drafting.return_draft(session, who, tender_id, reason, now=moment),
        "approve": lambda: drafting.approve(session, who, settings, tender_id, now=moment),
        "publish": lambda: publishing.publish_tender(session, who, settings, tender_id, now=moment),
        "cancel": lambda: publishing.cancel(session, who, settings, tender_id, reason, now=moment),
    }
    if act not in acts:
        raise invalid("act.unknown", N_("There is no such step."))
    acts[act]()
    flash(gettext(N_("Done.")), "ok")
    return redirect(url_for("procedure.show", tender_id=tender_id), 303)


@blueprint.post("/work/<tender_id>/postpone")
@signed_in(*EDITORS)
def postpone(tender_id: str) -> ResponseReturnValue:
    """Move the deadline to a later time."""
    reader = Reader(request.form)
    deadline = reader.moment("deadline")
    if deadline is None:
        raise invalid("postpone.deadline", N_("Choose the new deadline."), reader.wrong)
    postponing.postpone(
        db(), actor(), platform().settings, tender_id, deadline,
        request.form.get("reason", ""), now=now(),
    )  # fmt: skip
    flash(gettext(N_("The deadline is postponed and the notice published.")), "ok")
    return redirect(url_for("procedure.show", tender_id=tender_id), 303)


@blueprint.post("/work/<tender_id>/documents")
@signed_in(*EDITORS)
def attach(tender_id: str) -> ResponseReturnValue:
    """Add an attachment."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise invalid("document.file", N_("Choose a file."), {"file": N_("Required.")})
    attaching.attach(
        db(), actor(), platform().settings.store, tender_id,
        title=request.form.get("title", ""), kind=request.form.get("kind", ""),
        name=file.filename, chunks=iter(lambda: file.stream.read(1 << 20), b""), now=now(),
    )  # fmt: skip
    return redirect(url_for("procedure.show", tender_id=tender_id), 303)


@blueprint.post("/work/documents/<document_id>/delete")
@signed_in(*EDITORS)
def detach(document_id: str) -> ResponseReturnValue:
    """Take an attachment off a draft."""
    tender_id = attaching.detach(db(), actor(), document_id)
    return redirect(url_for("procedure.show", tender_id=tender_id), 303)


@blueprint.post("/work/questions/<question_id>")
@signed_in(*EDITORS)
def answer(question_id: str) -> ResponseReturnValue:
    """Answer a question to all."""
    notice = clarifying.answer(
        db(), actor(), platform().settings, question_id, request.form.get("text", ""), now=now()
    )
    return redirect(url_for("procedure.show", tender_id=notice.tender_id), 303)


@blueprint.post("/tenders/<tender_id>/questions")
@signed_in(Role.BIDDER)
def ask(tender_id: str) -> ResponseReturnValue:
    """Ask a question on the documents."""
    clarifying.ask(db(), actor(), tender_id, request.form.get("text", ""), now=now())
    flash(gettext(N_("Your question has been sent. The answer goes to all, without names.")), "ok")
    number = tender_by_id(db(), tender_id).number
    return redirect(f"/tenders/{number}", 303)


@blueprint.get("/bonds")
@signed_in(Role.FINANCE)
def bonds() -> ResponseReturnValue:
    """Tenders that ask for a bond, with what came in."""
    listed = [
        (tender, bid_bonds.bonds_of(db(), actor(), tender.id))
        for tender in bid_bonds.tenders_with_bonds(db(), actor())
    ]
    for tender, rows in listed:
        reading(Read.BOND, [bond.organisation_id for bond, _ in rows], about=tender.id)
    return page("procedure/bonds.html", listed=listed, forms=bid_bonds.BOND_FORMS)


@blueprint.post("/bonds/<tender_id>")
@signed_in(Role.FINANCE)
def record_bond(tender_id: str) -> ResponseReturnValue:
    """Record a bond that came in."""
    reader, form = Reader(request.form), request.form
    amount = reader.fen("amount")
    bid_bonds.record_bond(
        db(), actor(), tender_id, code=form.get("code", ""), form=form.get("form", ""),
        amount_fen=amount or 0, payer=form.get("payer", ""),
        payer_account=form.get("payer_account", ""), now=now(),
    )  # fmt: skip
    flash(gettext(N_("The bond is recorded.")), "ok")
    return redirect(url_for("procedure.bonds"), 303)


@blueprint.post("/bonds/<bond_id>/return")
@signed_in(Role.FINANCE)
def return_bond(bond_id: str) -> ResponseReturnValue:
    """Record that a bond went back."""
    bid_bonds.return_bond(db(), actor(), bond_id, request.form.get("reason", ""), now=now())
    return redirect(url_for("procedure.bonds"), 303)
