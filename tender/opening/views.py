"""The opening hall, its record, objections on the spot, keys from paper, and plain files."""

from __future__ import annotations

import io
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from tender.accounts.permissions import Permission, allowed
from tender.bids.models import SealedBid
from tender.core.actor import Role
from tender.core.errors import DomainError, Kind, not_found
from tender.core.files import blob_path
from tender.core.i18n import N_, gettext
from tender.core.reads import Read
from tender.core.web import (
    actor,
    actor_or_none,
    db,
    limiter,
    now,
    page,
    platform,
    public,
    signed_in,
)
from tender.core.web_reads import reading
from tender.opening import objecting, paper
from tender.opening.export import export_tender
from tender.opening.models import Opening, OpeningObjection, VerdictRow
from tender.opening.record import VERDICTS
from tender.opening.releases import missing, releases_of
from tender.opening.results import judged_bids
from tender.opening.stated import require_statement_reader
from tender.procedure.custody.opening_records import record_of
from tender.procedure.facts import lots_of, pricing_of
from tender.procedure.models import Lot, Tender

blueprint = Blueprint("opening", __name__)
PATIENCE = 5.0  # seconds that a reader waits for a turn
_turns = threading.BoundedSemaphore(2)
PAPER = (Role.COUNTY_CLERK, Role.TOWNSHIP_AGENT)


@contextmanager
def _packing() -> Iterator[None]:
    """One of the few turns at the plain files: each reads and packs the whole ledger."""
    if not _turns.acquire(timeout=PATIENCE):
        raise DomainError(
            Kind.UNAVAILABLE,
            "plain_files.busy",
            N_("Many people are fetching plain files. Wait a minute and try again."),
        )
    try:
        yield
    finally:
        _turns.release()


def _published(number: str) -> Tender:
    tender = db().scalar(select(Tender).where(Tender.number == number))
    if tender is None or tender.published_at is None:
        raise not_found("tender.unknown", N_("There is no such tender."))
    return tender


def _hall(tender: Tender) -> list[dict[str, Any]]:
    found = []
    for lot in lots_of(db(), tender.id):
        opening = db().get(Opening, lot.opening_id) if lot.opening_id else None
        record = record_of(db(), lot.opening_id) if lot.opening_id else None
        objections = select(OpeningObjection).where(OpeningObjection.opening_id == lot.opening_id)
        found.append(
            {
                "lot": lot,
                "pricing": pricing_of(lot),
                "opening": opening,
                "record": record,
                "missing": missing(db(), record) if record and opening else [],
                "releases": releases_of(db(), record) if record and opening else [],
                "bids": judged_bids(db(), lot.id) if opening and opening.performed_at else [],
                "objections": list(db().scalars(objections.order_by(OpeningObjection.filed_at))),
            }
        )
    return found


@blueprint.get("/tenders/<number>/hall")
@public
def hall(number: str) -> ResponseReturnValue:
    """The opening hall: countdown, closing, keys as they come, prices; it updates itself."""
    tender = _published(number)
    who = actor_or_none()
    waiting = any(
        row["opening"] is None or row["opening"].status.value == "closed" for row in _hall(tender)
    )
    return page(
        "opening/hall.html",
        tender=tender,
        rows=_hall(tender),
        verdicts=VERDICTS,
        waiting=waiting,
        may_answer=who is not None and allowed(who, Permission.OPENING_ANSWER, on=tender),
        may_type=who is not None
        and who.role in PAPER
        and allowed(who, Permission.OPENING_RECORD, tender),
        may_read=who is not None and allowed(who, Permission.BID_READ_OPENED, on=tender),
    )


@blueprint.get("/tenders/<number>/hall/part")
@public
def hall_part(number: str) -> ResponseReturnValue:
    """The changing part of the hall, for its own refreshing."""
    tender = _published(number)
    return page(
        "opening/_lots.html", tender=tender, rows=_hall(tender), verdicts=VERDICTS,
        may_answer=False, may_type=False, may_read=False,
    )  # fmt: skip


@blueprint.post("/openings/<opening_id>/objections")
@signed_in(Role.BIDDER)
def object_now(opening_id: str) -> ResponseReturnValue:
    """Object on the spot."""
    objecting.object_on_the_spot(db(), actor(), opening_id, request.form.get("text", ""), now=now())
    flash(gettext(N_("Your objection is recorded and will be answered here.")), "ok")
    return _back(opening_id)


@blueprint.post("/openings/objections/<objection_id>")
@signed_in(*PAPER)
def answer_now(objection_id: str) -> ResponseReturnValue:
    """Answer an objection on the spot."""
    objection = objecting.answer_on_the_spot(
        db(), actor(), objection_id, request.form.get("text", ""), now=now()
    )
    return _back(objection.opening_id)


@blueprint.post("/openings/<opening_id>/paper")
@signed_in(*PAPER)
def paper_key(opening_id: str) -> ResponseReturnValue:
    """Type in a custodian's key from its paper copy."""
    paper.release_from_paper(
        db(), actor(), platform().settings, opening_id, request.form.get("key", ""), now=now()
    )
    flash(gettext(N_("The key is the custodian's and has been kept.")), "ok")
    return _back(opening_id)


def _back(opening_id: str) -> ResponseReturnValue:
    lot = db().scalar(select(Lot).where(Lot.opening_id == opening_id))
    return redirect(f"/tenders/{lot.tender.number}/hall" if lot else "/", 303)


@blueprint.get("/openings/bids/<bid_id>/files/<int:place>")
@signed_in(Role.COUNTY_CLERK, Role.TOWNSHIP_AGENT, Role.SUPERVISOR, Role.AUDITOR, Role.EXPERT)
def bid_file(bid_id: str, place: int) -> ResponseReturnValue:
    """One opened file of a bid, for entitled people only; the look is logged."""
    verdict = db().get(VerdictRow, bid_id)
    if verdict is None or not 0 < place <= len(verdict.stored):
        raise not_found("bid.file_unknown", N_("There is no such file."))
    paper.require_reader(db(), actor(), verdict)
    require_statement_reader(actor(), verdict.stored[place - 1])
    bid = db().get_one(SealedBid, bid_id)
    reading(Read.BID_FILE, [bid.organisation_id], about=bid.tender_id)
    stored = verdict.stored[place - 1]
    return send_file(
        blob_path(platform().settings.store, stored["sha256"]),
        as_attachment=True,
        download_name=stored["name"],
        mimetype="application/octet-stream",
    )


@blueprint.get("/tenders/<number>/plain-files")
@public
@limiter.limit("6/minute")
def plain_files(number: str) -> ResponseReturnValue:
    """Everything public of a tender as plain files in a zip, for anybody's verifier."""
    tender = _published(number)
    with _packing(), tempfile.TemporaryDirectory(dir=platform().settings.data / "run") as working:
        target = Path(working) / tender.number
        export_tender(platform(), target, number=tender.number, with_files=False)
        packed = shutil.make_archive(str(target), "zip", root_dir=target)
        data = Path(packed).read_bytes()
    answer: Response = send_file(
        io.BytesIO(data), mimetype="application/zip", as_attachment=True,
        download_name=f"{tender.number}.zip",
    )  # fmt: skip
    return answer
