"""Staff's pages of an amendment: the texts and files to change, the preview, the approval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from keys.encoding import timestamp
from tender.accounts.permissions import Permission, require
from tender.core.actor import Role
from tender.core.errors import DomainError, invalid
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, page, platform, signed_in
from tender.procedure import work
from tender.procedure.amendment import amended, amending
from tender.procedure.amendment.amendable import blocks
from tender.procedure.amendment.leeway import leeway
from tender.procedure.drafting import attaching
from tender.procedure.drafting.forms import Reader
from tender.procedure.models import Amendment, Tender
from tender.procedure.publishing.postponing import require_running

blueprint = Blueprint("amendment", __name__)
EDITORS = (Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK)
OWN = frozenset({"csrf_token", "reason", "deadline"})


@blueprint.get("/work/<tender_id>/amendment")
@signed_in(*EDITORS)
def show(tender_id: str) -> ResponseReturnValue:
    """The amendment that is being drafted, or an empty one."""
    return _page(tender_id)


def _page(
    tender_id: str, form: Mapping[str, str] | None = None, error: DomainError | None = None
) -> ResponseReturnValue:
    tender = _tender(tender_id)
    require_running(tender, now())
    found = amending.open_amendment(db(), tender.id)
    present = blocks(tender, amending.criteria_for(db(), tender))
    return page(
        "procedure/amendment.html",
        error.status if error else 200,
        tender=tender,
        amendment=found,
        present=present,
        form=form or _filled(found, present),
        error=error,
        wrong=error.fields if error else {},
        documents=[each for each in work.documents_of(db(), tender.id) if each.public],
        files=amending.files_of(db(), found) if found else [],
        document_kinds=attaching.DOCUMENT_KINDS,
        law=leeway(tender, None, now=now()),
    )


def _tender(tender_id: str) -> Tender:
    tender = work.tender_for(db(), actor(), tender_id)
    require(actor(), Permission.TENDER_AMEND, on=tender)
    return tender


def _filled(found: Amendment | None, present: Mapping[str, tuple[Any, str]]) -> dict[str, str]:
    form = {name: text for name, (_, text) in present.items()}
    if found is None:
        return form
    deadline = Reader.local(found.deadline)
    return {**form, **found.changes, "reason": found.reason, "deadline": deadline}


@blueprint.post("/work/<tender_id>/amendment")
@signed_in(*EDITORS)
def save(tender_id: str) -> ResponseReturnValue:
    """Save the texts, the reason and the deadline."""
    reader = Reader(request.form)
    deadline = reader.moment("deadline")
    texts = {name: text for name, text in request.form.items() if name not in OWN}
    try:
        if reader.wrong:
            raise invalid(
                "amendment.form", N_("Please correct what is marked below."), reader.wrong
            )
        proposal = amending.Proposal(
            reason=request.form.get("reason", ""), texts=texts, deadline=deadline
        )
        amending.save_amendment(db(), actor(), tender_id, proposal, now=now())
    except DomainError as error:
        if not error.fields:
            raise
        return _page(tender_id, request.form, error)
    flash(gettext(N_("The amendment is saved. Look at the preview.")), "ok")
    return redirect(url_for("amendment.preview", tender_id=tender_id), 303)


@blueprint.post("/work/<tender_id>/amendment/files")
@signed_in(*EDITORS)
def add_file(tender_id: str) -> ResponseReturnValue:
    """Add a file, or replace one of the documents."""
    file, form = request.files.get("file"), request.form
    if file is None or not file.filename:
        raise invalid("document.file", N_("Choose a file."), {"file": N_("Required.")})
    amending.add_file(
        db(), actor(), platform().settings.store, tender_id, replaces=form.get("replaces", ""),
        title=form.get("title", ""), kind=form.get("kind", ""), name=file.filename,
        chunks=iter(lambda: file.stream.read(1 << 20), b""), now=now(),
    )  # fmt: skip
    return redirect(url_for("amendment.show", tender_id=tender_id) + "#files", 303)


@blueprint.post("/work/<tender_id>/amendment/files/<file_id>/delete")
@signed_in(*EDITORS)
def remove_file(tender_id: str, file_id: str) -> ResponseReturnValue:
    """Take a file off the amendment."""
    amending.remove_file(db(), actor(), tender_id, file_id, now=now())
    return redirect(url_for("amendment.show", tender_id=tender_id) + "#files", 303)


@blueprint.get("/work/<tender_id>/amendment/preview")
@signed_in(*EDITORS)
def preview(tender_id: str) -> ResponseReturnValue:
    """Old and new side by side, as the public will see it, and what happens to the deadline."""
    tender = _tender(tender_id)
    found = amending.open_amendment(db(), tender.id)
    if found is None:
        return redirect(url_for("amendment.show", tender_id=tender_id), 303)
    shown = amended.preview(db(), tender, found, now=now())
    seen = timestamp(shown.leeway.deadline) if shown.leeway.deadline else ""
    own = actor().person_id in (found.created_by, found.changed_by)
    return page(
        "procedure/amendment_preview.html",
        tender=tender,
        amendment=found,
        shown=shown,
        seen=seen,
        own=own,
    )


@blueprint.post("/work/<tender_id>/amendment/<act>")
@signed_in(*EDITORS)
def advance(tender_id: str, act: str) -> ResponseReturnValue:
    """One step of the amendment's life: submit, return, withdraw, publish."""
    session, who, moment = db(), actor(), now()
    remark = request.form.get("reason", "")
    acts: dict[str, Callable[[], object]] = {
        "submit": lambda: amending.submit_amendment(session, who, tender_id, now=moment),
        "return": lambda: amending.return_amendment(session, who, tender_id, remark, now=moment),
        "withdraw": lambda: amending.withdraw_amendment(session, who, tender_id, now=moment),
        "publish": lambda: amended.publish_amendment(
            session, who, platform().settings, tender_id, _seen(), now=moment
        ),
    }
    if act not in acts:
        raise invalid("act.unknown", N_("There is no such step."))
    acts[act]()
    flash(gettext(N_("Done.")), "ok")
    place = "procedure.show" if act in ("publish", "withdraw") else "amendment.preview"
    return redirect(url_for(place, tender_id=tender_id), 303)


def _seen() -> datetime | None:
    text = request.form.get("seen", "")
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
