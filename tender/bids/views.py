"""A bidder's pages: my bids, the sealing page, receipts, withdrawal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import segno
from flask import Blueprint, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from keys import encoding
from tender.accounts import enrolment
from tender.accounts.models import Organisation, Standing
from tender.bids.models import BidStatus, SealedBid
from tender.bids.reading import next_sequence, own_bid, own_bids, standing_bid
from tender.bids.sealing_messages import sealing_messages
from tender.bids.submission import open_lot
from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, page, platform, signed_in
from tender.ledger.checkpoints import complete_receipt
from tender.ledger.signing import note_key
from tender.procedure.amendment.amending import amendments_of
from tender.procedure.custody.opening_records import acceptances, record_of
from tender.procedure.facts import pricing_of
from tender.procedure.law.kinds import Direction, Kind
from tender.procedure.models import Custodian, Lot, OpeningRecordRow, Tender

blueprint = Blueprint("bids", __name__)

STATUS_NAMES: dict[BidStatus, str] = {
    BidStatus.PENDING: N_("Submitted and sealed"),
    BidStatus.SUPERSEDED: N_("Replaced by a later bid"),
    BidStatus.WITHDRAWN: N_("Withdrawn"),
    BidStatus.OPENED: N_("Opened"),
    BidStatus.NOT_OPENED: N_("Could not be opened"),
    BidStatus.ERASED: N_("Erased"),
}


@blueprint.get("/bids")
@signed_in(Role.BIDDER)
def mine() -> ResponseReturnValue:
    """My bids, newest first."""
    bids = own_bids(db(), actor())
    rows = [
        (bid, db().get_one(Lot, bid.lot_id), db().get_one(Tender, bid.tender_id)) for bid in bids
    ]
    organisation = db().get_one(Organisation, actor().organisation_id)
    changed = {bid.id: _changed_at(bid, tender) for bid, _, tender in rows}
    return page(
        "bids/mine.html", rows=rows, names=STATUS_NAMES, organisation=organisation, changed=changed
    )


def _changed_at(bid: SealedBid, tender: Tender) -> datetime | None:
    """When the documents last changed after a bid that still counts and can be replaced."""
    if bid.status is not BidStatus.PENDING or tender.deadline is None or now() >= tender.deadline:
        return None
    later = amendments_of(db(), tender.id, since=bid.submitted_at)
    return later[-1].published_at if later else None


@blueprint.get("/bids/openings/<opening_id>")
@signed_in(Role.BIDDER)
def sealing(opening_id: str) -> ResponseReturnValue:
    """The sealing page of a lot, which also makes the browser's key if it has none."""
    organisation = db().get_one(Organisation, actor().organisation_id)
    lot = open_lot(db(), opening_id, now=now())
    approved = organisation.status is Standing.APPROVED
    return page(
        "bids/sealing.html",
        lot=lot,
        tender=lot.tender,
        pricing=pricing_of(lot),
        organisation=organisation,
        standing=standing_bid(db(), actor(), opening_id),
        terms={},
        stating=_stating(lot),
        sealing=_context(opening_id, lot, organisation) if approved else None,
    )


def _stating(lot: Lot) -> dict[str, bool]:
    """Which lists of the bid statement this tender's form offers."""
    tender = lot.tender
    works = tender.kind in (Kind.CONSTRUCTION, Kind.PROCUREMENT)
    return {
        "team": works and tender.direction is Direction.PURCHASE,
        "consortium": tender.joint_bids,
        "subcontracts": tender.subcontracting,
    }


def _certificates() -> list[str]:
    """PEM texts of the bidder's valid keys; the page looks which of them this browser holds."""
    found = enrolment.keys_of(db(), actor())
    return [key.certificate for key in found if key.revoked_at is None]


def _context(opening_id: str, lot: Lot, organisation: Organisation) -> dict[str, Any]:
    row = db().get_one(OpeningRecordRow, opening_id)
    record = record_of(db(), opening_id)
    settings = platform().settings
    public = note_key(settings)
    deadline = lot.tender.deadline
    return {
        "record": encoding.parse(row.record),
        "record_signature": row.signature,
        "accepts": [each.to_object() for each in acceptances(db(), opening_id)],
        "pins": pins(record.platform),
        "platform_key": encoding.b64u(public.public),
        "note_key": str(public),
        "bidder": organisation.party_id,
        "sequence": next_sequence(db(), actor(), opening_id),
        "csrf": generate_csrf(),
        "certificates": _certificates(),
        "server_time": encoding.timestamp(now()),
        "deadline": deadline and encoding.timestamp(deadline),
        "max_bytes": settings.max_bid_bytes,
        "limit": _limit(lot),
        "https_url": settings.public_url.replace("http://", "https://", 1) + request.path,
        "upload_url": url_for("bids_api.create", opening_id=opening_id),
        "seal_url": url_for("bids_api.seal"),
        "enrol_url": url_for("accounts.enrol"),
        "kit_url": "/help#kit",
        "verify_url": "/verify",
        "messages": sealing_messages(),
    }


def _limit(lot: Lot) -> dict[str, Any] | None:
    """The published limit on the price: a floor in disposals, a ceiling in purchases."""
    if lot.limit_fen is None:
        return None
    return {"fen": lot.limit_fen, "floor": lot.tender.direction is Direction.DISPOSAL}


def pins(name: str) -> dict[str, Any]:
    """The pinned custodians, as pins.json has them (docs/sealed-bid.md)."""
    found = db().scalars(select(Custodian).order_by(Custodian.created_at, Custodian.id))
    custodians = [{"name": each.name, "identity": each.identity} for each in found]
    return {"platform": name, "custodians": custodians}


@blueprint.get("/bids/<bid_id>")
@signed_in(Role.BIDDER)
def show(bid_id: str) -> ResponseReturnValue:
    """One of my bids with its receipt; nobody can read it before the opening, me included."""
    bid = own_bid(db(), actor(), bid_id)
    try:
        receipt = complete_receipt(db(), bid.receipt, bid.ledger_seq)
    except DomainError:
        receipt = dict(bid.receipt)
    tender = db().get_one(Tender, bid.tender_id)
    code = f"{platform().settings.public_url}/verify?bid={bid.id}&sha256={bid.envelope_sha256}"
    return page(
        "bids/bid.html",
        bid=bid,
        lot=db().get_one(Lot, bid.lot_id),
        tender=tender,
        status_name=STATUS_NAMES[bid.status],
        receipt=receipt,
        qr=segno.make(code, error="m").svg_data_uri(scale=4),
        can_withdraw=bid.status is BidStatus.PENDING
        and tender.deadline
        and now() < tender.deadline,
        withdrawal=_withdrawal(bid.id),
        changed_at=_changed_at(bid, tender),
    )


def _withdrawal(bid_id: str) -> dict[str, Any]:
    bid = own_bid(db(), actor(), bid_id)
    return {
        "statement": {
            "v": "withdraw/v1",
            "opening": bid.opening_id,
            "bidder": bid.party_id,
            "bid": bid.id,
            "sequence": bid.sequence,
        },
        "certificates": _certificates(),
        "url": url_for("bids_api.withdraw", bid_id=bid.id),
        "csrf": generate_csrf(),
        "messages": {
            "no_key": gettext(
                N_("The signing key is not in this browser. Use the browser that you enrolled.")
            ),
            "failed": gettext(N_("The withdrawal did not go through. Reload the page.")),
        },
    }


@blueprint.get("/bids/<bid_id>/receipt.json")
@signed_in(Role.BIDDER)
def receipt_file(bid_id: str) -> ResponseReturnValue:
    """The receipt as a file, for the offline verifier."""
    bid = own_bid(db(), actor(), bid_id)
    receipt = complete_receipt(db(), bid.receipt, bid.ledger_seq)
    answer = make_response(encoding.canonical(receipt))
    answer.headers["Content-Type"] = "application/json"
    answer.headers["Content-Disposition"] = f'attachment; filename="receipt-{bid.id}.json"'
    return answer
