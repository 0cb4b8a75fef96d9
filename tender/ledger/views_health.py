"""The page for monitoring: one JSON answer, 503 when something essential fails."""

from __future__ import annotations

from typing import cast

import structlog
from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from tender.core import health
from tender.core.health import Check, Pulse, State
from tender.core.web import limiter, now, platform, public
from tender.ledger.health import check_ledger

blueprint = Blueprint("ledger_health", __name__)
log = structlog.get_logger(__name__)


@blueprint.get("/health")
@public
@limiter.limit("120/minute")
def shown() -> ResponseReturnValue:
    """Every part with its state; the words are fixed, so that programs can rely on them."""
    pulse = cast("Pulse | None", current_app.extensions.get("pulse"))
    checks = {
        **_stored(),
        "tick": health.check_tick(pulse),
        "queue": health.check_queue(platform().settings),
        "disk": health.check_disk(platform().settings),
    }
    state = health.worst(checks)
    body = {
        "state": state.value,
        "checks": {name: each.as_object() for name, each in checks.items()},
    }
    answer = jsonify(body)
    answer.status_code = 503 if state is State.FAILING else 200
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _stored() -> dict[str, Check]:
    try:
        with platform().database.read() as session:
            return {
                "database": health.check_database(session),
                "outbox": health.check_outbox(session, now=now()),
                "ledger": check_ledger(session, now=now()),
            }
    except (SQLAlchemyError, OSError, RuntimeError) as error:
        log.warning("health.database", error=repr(error))
        return {"database": Check(State.FAILING)}
