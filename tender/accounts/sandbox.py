"""The sandbox's own page: its public logins with their codes, and its clock.

Exists in the demo only; `wsgi.py` does not join it in production, where `serve` refuses a sandbox
anyway. Custodians never read this clock: the demo's program moves each agent's own file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyotp

from tender.core.errors import forbidden, invalid
from tender.core.files import write_durably
from tender.core.i18n import N_
from tender.core.settings import Settings

FURTHEST = timedelta(days=120)


@dataclass(frozen=True)
class Login:
    """A public login of the sandbox with its present one-time code."""

    role: str
    login: str
    password: str
    code: str


def require_sandbox(settings: Settings) -> None:
    """Refuse outside a sandbox."""
    if not settings.sandbox:
        raise forbidden("sandbox.none", N_("This is no sandbox."))


def logins(settings: Settings, *, now: datetime) -> list[Login]:
    """The sandbox's logins, as its program left them in the data directory."""
    require_sandbox(settings)
    path = settings.data / "sandbox-logins.json"
    if not path.exists():
        return []
    return [
        Login(
            row["role"],
            row["login"],
            row["password"],
            pyotp.TOTP(row["totp"]).at(now) if row["totp"] else "",
        )
        for row in json.loads(path.read_text("utf-8"))
    ]


def advance_clock(settings: Settings, minutes: int, *, now: datetime) -> datetime:
    """Move the sandbox's clock on; it never goes back."""
    require_sandbox(settings)
    if not 0 < minutes <= FURTHEST.total_seconds() / 60:
        raise invalid("sandbox.minutes", N_("Choose how far the clock shall move on."))
    moment = now + timedelta(minutes=minutes)
    offset = int((moment - datetime.now(UTC)).total_seconds()) + 1
    write_durably(settings.clock_file, json.dumps({"offset_seconds": offset}).encode())
    return moment
