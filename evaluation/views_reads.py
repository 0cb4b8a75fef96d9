"""The list of reads of personal data."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from evaluation.reads import MOST, Wanted, reads
from tender.accounts.menu import ROLE_NAMES
from tender.core.actor import Role
from tender.core.errors import invalid
from tender.core.i18n import N_
from tender.core.reads import READ_NAMES
from tender.core.web import actor, db, page, signed_in

blueprint = Blueprint("reads", __name__)


@blueprint.get("/administration/reads")
@signed_in(Role.ADMINISTRATOR, Role.AUDITOR)
def overview() -> ResponseReturnValue:
    """Reads of personal data, newest first, by person and day."""
    args = request.args
    wanted = Wanted(args.get("person", "").strip(), _day("since"), _day("until"))
    return page(
        "evaluation/reads.html", shown=reads(db(), actor(), wanted), wanted=wanted, most=MOST,
        kinds={kind.value: name for kind, name in READ_NAMES.items()},
        roles={role.value: name for role, name in ROLE_NAMES.items()},
        form=args,
    )  # fmt: skip


def _day(name: str) -> date | None:
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 2000 <= day.year < 3000:  # beyond the calendar's ends there is no day before or after
        raise invalid("reads.day", N_("Write the day as YYYY-MM-DD."))
    return day
