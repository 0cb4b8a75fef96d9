"""The public ledger over HTTP: checkpoints, lines, and witnesses' cosignatures."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from tender.core.errors import not_found
from tender.core.i18n import N_
from tender.core.web import db, public
from tender.ledger import checkpoints, service

blueprint = Blueprint("ledger_api", __name__, url_prefix="/api/ledger")
MAX_LINES = 1000


def _text(body: str) -> Response:
    return Response(body, mimetype="text/plain")


@blueprint.get("/checkpoint")
@public
def checkpoint() -> ResponseReturnValue:
    """The newest checkpoint as a signed note."""
    newest = checkpoints.newest(db())
    if newest is None:
        raise not_found("ledger.empty", N_("The ledger has no entry yet."))
    return _text(checkpoints.with_witnesses(db(), newest))


@blueprint.get("/entries")
@public
def lines() -> ResponseReturnValue:
    """Lines from `start` on, hidden ones as bare leaves, none beyond the newest checkpoint."""
    newest = checkpoints.newest(db())
    size = newest.size if newest else 0
    start = max(0, min(size, request.args.get("start", 0, type=int)))
    limit = max(0, min(MAX_LINES, request.args.get("limit", MAX_LINES, type=int)))
    found = service.served_lines(db(), start, limit, size)
    return _text("".join(line + "\n" for line in found))
