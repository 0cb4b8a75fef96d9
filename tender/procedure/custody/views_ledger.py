"""The page of the public ledger, and the keys to check everything with."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from keys.encoding import sha256_hex
from tender.core.web import db, page, platform, public
from tender.procedure.custody.witnesses import ledger_keys, ledger_page

blueprint = Blueprint("ledger_pages", __name__)


@blueprint.get("/ledger")
@public
def ledger() -> ResponseReturnValue:
    """The newest checkpoint, who witnessed it, the newest lines, how to check."""
    keys = ledger_keys(db(), platform().settings)
    return page(
        "procedure/ledger.html",
        shown=ledger_page(db()), keys=keys, keys_sha256=sha256_hex(keys.to_bytes()),
    )  # fmt: skip


@blueprint.get("/api/ledger/keys")
@public
def keys() -> ResponseReturnValue:
    """keys.json: the platform's key, the custodians' identities, the centre's roots."""
    answer = Response(
        ledger_keys(db(), platform().settings).to_bytes(), mimetype="application/json"
    )
    answer.headers["Content-Disposition"] = "attachment; filename=keys.json"
    return answer
