"""What custodian agents tell after the closing: their releases."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from tender.core.errors import not_found
from tender.core.i18n import N_
from tender.core.web import csrf, db, limiter, now, public
from tender.core.web_json import json_object
from tender.ledger import checkpoints
from tender.opening.releases import opening_of, take_release

blueprint = Blueprint("opening_api", __name__, url_prefix="/api")
csrf.exempt(blueprint)
limiter.limit("1200/minute")(blueprint)


@blueprint.post("/custody/releases")
@public
def release() -> ResponseReturnValue:
    """Take a release; one before the closing is refused and not kept."""
    statement = json_object()
    take_release(db(), statement, now=now())
    return jsonify({"ok": True}), 201


@blueprint.get("/ledger/cosigned")
@public
def cosigned() -> ResponseReturnValue:
    """The checkpoint over an opening's closing with the most witnesses."""
    opening = opening_of(db(), request.args.get("opening", ""))
    checkpoint = checkpoints.covering(db(), opening.closed_seq)
    if checkpoint is None:
        raise not_found("checkpoint.waiting", N_("The closing is not in a checkpoint yet."))
    return Response(checkpoints.with_witnesses(db(), checkpoint), mimetype="text/plain")
