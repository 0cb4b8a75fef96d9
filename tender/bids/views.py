"""A bidder's pages: my bids, the sealing page, enrolment of the browser, receipts, withdrawal."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import segno
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from keys import encoding
from tender.accounts import enrolment
from tender.accounts.authority import centre
from tender.accounts.models import BidderKey, Organisation
from tender.bids.models import BidStatus
from tender.bids.reading import next_sequence, own_bid, own_bids, standing_bid
from tender.bids.sealing_messages import sealing_messages
from tender.bids.submission import open_lot
from tender.core.actor import Role
from tender.core.errors import DomainError, invalid
from tender.core.i18n import N_, gettext
from tender.core.web import actor, db, now, page, platform, signed_in
from tender.ledger.checkpoints import complete_receipt
from tender.ledger.signing import note_key
from tender.procedure.custody import acceptances, record_of
from tender.procedure.facts import pricing_of
from tender.procedure.models import Custodian, Lot, OpeningRecordRow, Tender

blueprint = Blueprint("bids", __name__)
KEY_COOKIE = "key"

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
    return page("bids/mine.html", rows=rows, names=STATUS_NAMES, organisation=organisation)


@blueprint.get("/bids/openings/<opening_id>")
@signed_in(Role.BIDDER)
def sealing(opening_id: str) -> ResponseReturnValue:
    """The sealing page of a lot; first the browser's key, if it has none."""
    organisation = db().get_one(Organisation, actor().organisation_id)
    lot = open_lot(db(), opening_id, now=now())
    key = _key()
    return page(
        "bids/sealing.html",
        lot=lot,
        tender=lot.tender,
        pricing=pricing_of(lot),
        organisation=organisation,
        standing=standing_bid(db(), actor(), opening_id),
        bidder=organisation.party_id,
        action=url_for("bids.enrol", opening_id=opening_id),
        terms={},
        sealing=_context(opening_id, organisation, key) if key else None,
    )


def _key() -> BidderKey | None:
    """The key that this browser enrolled, else the newest valid one."""
    valid = [key for key in enrolment.keys_of(db(), actor()) if key.revoked_at is None]
    wanted = request.cookies.get(KEY_COOKIE)
    return next((key for key in valid if key.id == wanted), valid[0] if valid else None)


def _context(opening_id: str, organisation: Organisation, key: BidderKey) -> dict[str, Any]:
    row = db().get_one(OpeningRecordRow, opening_id)
    record = record_of(db(), opening_id)
    settings = platform().settings
    public = note_key(settings)
    certificate = x509.load_pem_x509_certificate(key.certificate.encode())
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
        "certificate": encoding.b64u(certificate.public_bytes(Encoding.DER)),
        "server_time": encoding.timestamp(now()),
        "max_bytes": settings.max_bid_bytes,
        "https_url": settings.public_url.replace("http://", "https://", 1) + request.path,
        "upload_url": url_for("bids_api.create", opening_id=opening_id),
        "seal_url": url_for("bids_api.seal"),
        "kit_url": "/help#kit",
        "verify_url": "/verify",
        "messages": sealing_messages(),
    }


def pins(name: str) -> dict[str, Any]:
    """The pinned custodians, as pins.json has them (docs/sealed-bid.md)."""
    found = db().scalars(select(Custodian).order_by(Custodian.created_at, Custodian.id))
    custodians = [{"name": each.name, "identity": each.identity} for each in found]
    return {"platform": name, "custodians": custodians}


@blueprint.post("/bids/openings/<opening_id>/enrol")
@signed_in(Role.BIDDER)
def enrol(opening_id: str) -> ResponseReturnValue:
    """Certify this browser's key and go on to the sealing page."""
    try:
        statement = json.loads(request.form.get("statement", ""))
    except ValueError:
        statement = None
    if not isinstance(statement, dict):
        raise invalid("key.form", N_("The browser made no key. Reload the page and try again."))
    authority = centre(platform().settings)
    key = enrolment.enrol_key(db(), actor(), statement, authority, now=now())
    answer = make_response(redirect(url_for("bids.sealing", opening_id=opening_id), 303))
    answer.set_cookie(
        KEY_COOKIE, key.id, max_age=3 * 31536000, httponly=True, samesite="Lax",
        secure=request.is_secure,
    )  # fmt: skip
    flash(gettext(N_("This browser is enrolled. Its key never leaves it.")), "ok")
    return answer


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
    )


def _withdrawal(bid_id: str) -> dict[str, Any]:
    bid = own_bid(db(), actor(), bid_id)
    key = _key()
    certificate = b""
    if key is not None:
        loaded = x509.load_pem_x509_certificate(key.certificate.encode())
        certificate = loaded.public_bytes(Encoding.DER)
    return {
        "statement": {
            "v": "withdraw/v1",
            "opening": bid.opening_id,
            "bidder": bid.party_id,
            "bid": bid.id,
            "sequence": bid.sequence,
        },
        "certificate": urlsafe_b64encode(certificate).rstrip(b"=").decode(),
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
