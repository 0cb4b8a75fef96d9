"""What logs may tell of a request: its route and the random ids in it, nothing that was sent."""

from __future__ import annotations

import re
from typing import Any

from flask import request

from tender.core.errors import DomainError

_RANDOM_ID = re.compile(r"[0-9a-f]{32}")
_VALUE = re.compile(r"%\(\w+\)s")  # where a message takes what was sent


def told_of_request() -> dict[str, Any]:
    """This request's route and ids; no path.

    A path may hold what opens an account (`/recover/<token>`), an unknown one whatever was typed.
    """
    route = request.url_rule.rule if request.url_rule is not None else "-"
    values = (request.view_args or {}).values()
    ids = [each for each in values if isinstance(each, str) and _RANDOM_ID.fullmatch(each)]
    return {"route": route, "ids": ids} if ids else {"route": route}


def without_values(error: DomainError) -> str:
    """A refusal's message with an ellipsis for each value that it names."""
    return _VALUE.sub("…", error.message)
