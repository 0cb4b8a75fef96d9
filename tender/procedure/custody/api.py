"""What custodian agents ask and tell over HTTP before the opening; every statement is signed."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from keys import encoding
from keys.errors import KeysError
from tender.core.errors import invalid
from tender.core.i18n import N_
from tender.core.web import csrf, db, limiter, now, public
from tender.core.web_json import json_object
from tender.ledger import checkpoints
from tender.procedure.custody import custodians, opening_records

blueprint = Blueprint("custody_api", __name__, url_prefix="/api")
csrf.exempt(blueprint)
limiter.limit("1200/minute")(blueprint)  # some agents together need 300; each act takes the lock


@blueprint.get("/custody/records")
@public
def awaiting() -> ResponseReturnValue:
    """Records that lack the asking custodian's acceptance."""
    rows = opening_records.records_awaiting(db(), request.args.get("identity", ""))
    return jsonify(
        {"records": [{"record": encoding.parse(r.record), "signature": r.signature} for r in rows]}
    )


@blueprint.post("/custody/deposits")
@public
def deposit() -> ResponseReturnValue:
    """Take a deposit of one-time keys."""
    statement = json_object()
    new = custodians.deposit_keys(db(), statement, now=now())
    return jsonify({"ok": True, "new": new}), 201


@blueprint.post("/custody/accepts")
@public
def accept() -> ResponseReturnValue:
    """Take an acceptance."""
    statement = json_object()
    opening_records.accept(db(), statement, now=now())
    return jsonify({"ok": True}), 201


@blueprint.post("/ledger/cosignatures")
@public
def cosign() -> ResponseReturnValue:
    """Take a witness's line under a checkpoint; only registered custodians are witnesses."""
    statement = json_object()
    try:
        identity = str(statement.get("cosignature", "")).split(" ")[1].removeprefix("custodian/")
        encoding.unb64u(identity, 32)
    except (IndexError, KeysError) as error:
        raise invalid("cosignature.form", N_("This is not a witness's signature line.")) from error
    custodian = custodians.custodian_of(db(), identity)
    checkpoints.add_cosignature(
        db(),
        text=str(statement.get("checkpoint", "")),
        line=str(statement["cosignature"]).rstrip("\n"),
        identity=identity,
        now=now(),
    )
    custodian.seen_at = now()
    return jsonify({"ok": True}), 201
