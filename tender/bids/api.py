"""The bidder's side over HTTP: resumable uploads (tus 1.0), SEAL, withdrawal, receipts."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from functools import wraps
from typing import cast

from flask import Blueprint, Response, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from tender.bids import uploads
from tender.bids.committer import Committer
from tender.bids.reading import own_bid
from tender.bids.submission import read_request
from tender.bids.withdrawal import withdraw_bid
from tender.core.actor import Role
from tender.core.errors import DomainError, invalid
from tender.core.i18n import N_
from tender.core.web import View, actor, db, now, platform, refuse, signed_in
from tender.core.web_json import json_object
from tender.ledger.checkpoints import complete_receipt

blueprint = Blueprint("bids_api", __name__, url_prefix="/api/bids")
CHUNK = 256 * 1024
TUS_STATUS = {"upload.checksum": 460, "upload.busy": 423}
MOST = 4 * 1024 * 1024  # bytes of a SEAL request: the largest envelope in base64url has 2.8 MB


def _number(name: str) -> int:
    value = request.headers.get(name, "")
    if not value.isascii() or not value.isdigit() or len(value) > 15:
        raise invalid("upload.header", N_("The header %(name)s must be a whole number."), name=name)
    return int(value)


def _tus(status: int, **headers: int | str) -> Response:
    answer = Response(status=status)
    answer.headers["Tus-Resumable"] = "1.0.0"
    answer.headers["Cache-Control"] = "no-store"
    for name, value in headers.items():
        answer.headers[name.replace("_", "-")] = str(value)
    return answer


@blueprint.post("/openings/<opening_id>/uploads")
@signed_in(Role.BIDDER)
def create(opening_id: str) -> ResponseReturnValue:
    """Begin an upload."""
    upload = uploads.create_upload(
        db(), actor(), opening_id, _number("Upload-Length"), settings=platform().settings, now=now()
    )
    location = url_for("bids_api.state", upload_id=upload.id)
    return _tus(201, Location=location, Upload_Offset=0)


@blueprint.route("/uploads/<upload_id>", methods=["HEAD"])
@signed_in(Role.BIDDER)
def state(upload_id: str) -> ResponseReturnValue:
    """Where an upload stands."""
    upload = uploads.own_upload(db(), actor(), upload_id)
    return _tus(200, Upload_Offset=upload.offset, Upload_Length=upload.length)


@blueprint.patch("/uploads/<upload_id>")
@signed_in(Role.BIDDER)
def append(upload_id: str) -> ResponseReturnValue:
    """Take a slice."""
    try:
        offset = uploads.append_slice(
            platform().database,
            actor(),
            upload_id,
            offset=_number("Upload-Offset"),
            checksum=_checksum(),
            chunks=_body(),
            settings=platform().settings,
        )
    except DomainError as error:
        answer = current_app.make_response(refuse(error))
        answer.status_code = TUS_STATUS.get(error.code, answer.status_code)
        return answer
    return _tus(204, Upload_Offset=offset)


def _checksum() -> bytes | None:
    value = request.headers.get("Upload-Checksum")
    if value is None:
        return None
    kind, _, text = value.partition(" ")
    try:
        digest = base64.b64decode(text, validate=True)
    except binascii.Error:
        digest = b""
    if kind != "sha256" or len(digest) != 32:
        raise invalid("upload.header", N_("The header Upload-Checksum must hold a SHA-256."))
    return digest


def _body() -> Iterator[bytes]:
    while chunk := request.stream.read(CHUNK):
        yield chunk


def _committer() -> Committer:
    return cast(Committer, current_app.extensions["committer"])


def _in_turn(view: View) -> View:
    """Send a request through the turnstile, its body read before: no slow line holds a place.

    The place is given back when the bid waits for its commit, or when it is refused.
    """

    @wraps(view)
    def passing() -> ResponseReturnValue:
        if (request.content_length or 0) <= MOST:
            request.get_data()
        turnstile = _committer().turnstile
        turnstile.enter()
        try:
            return view()
        finally:
            turnstile.leave()

    return passing


@blueprint.post("/seal")
@_in_turn
@signed_in(Role.BIDDER)
def seal() -> ResponseReturnValue:
    """SEAL: judged under the lock, answered only when durable."""
    body, who = json_object(MOST), actor()
    with platform().database.read() as session:
        checked = read_request(
            session, who, body, now=now(), agent=request.headers.get("User-Agent")
        )
    receipt = _committer().seal(checked)
    path = url_for("bids_api.receipt", bid_id=receipt["entry"]["bid"])
    return jsonify({"receipt": receipt, "receipt_url": path}), 201


@blueprint.get("/<bid_id>/receipt")
@signed_in(Role.BIDDER)
def receipt(bid_id: str) -> ResponseReturnValue:
    """A bid's receipt, with its inclusion proof as soon as a checkpoint covers it."""
    bid = own_bid(db(), actor(), bid_id)
    try:
        found = complete_receipt(db(), bid.receipt, bid.ledger_seq)
    except DomainError:
        found = bid.receipt
    return jsonify({"receipt": found})


@blueprint.post("/<bid_id>/withdrawal")
@signed_in(Role.BIDDER)
def withdraw(bid_id: str) -> ResponseReturnValue:
    """Withdraw a bid by the bidder's own signature."""
    statement = json_object()
    given = withdraw_bid(
        db(), actor(), bid_id, statement, clock=platform().clock, settings=platform().settings
    )
    return jsonify({"receipt": given}), 201
