"""What everybody may share (公用设备与共用出口名单): `known.toml` in the data directory.

The centre keeps the list of its own computers, its and the carriers' networks, guarantors'
accounts and agencies' contacts there, because those who share them are honest. The form stands in
docs/collusion.md. Without the file the lists are empty.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from evaluation.screens.computers import Machine
from tender.core.errors import DomainError, Kind
from tender.core.i18n import N_, gettext
from tender.core.settings import Settings

KNOWN = "known.toml"


@dataclass(frozen=True)
class KnownShared:
    """The lists; machines as plain values, so that a child can be told them."""

    venue: tuple[dict[str, str], ...] = ()
    networks: tuple[str, ...] = ()
    accounts: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()

    def machines(self) -> tuple[Machine, ...]:
        """The venue's computers."""
        return tuple(Machine(row["mac"], row["cpu"], row["disk"]) for row in self.venue)


def known_shared(settings: Settings) -> KnownShared:
    """Read the list; DomainError `screens.known` if it cannot be used."""
    path = settings.data / KNOWN
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return KnownShared()
    except (OSError, ValueError) as error:
        raise _wrong(str(error)) from error
    try:
        networks = tuple(str(each) for each in content.get("networks", ()))
        for each in networks:
            ip_network(each, strict=False)
        venue = tuple(
            {part: str(row.get(part, "")) for part in ("mac", "cpu", "disk")}
            for row in content.get("venue", ())
        )
        return KnownShared(
            venue,
            networks,
            frozenset(str(each) for each in content.get("accounts", ())),
            frozenset(str(each) for each in content.get("contacts", ())),
        )
    except ValueError as error:
        raise _wrong(str(error)) from error
    except (AttributeError, TypeError) as error:
        raise _wrong(
            gettext(N_("an entry has another form than docs/findings.md shows"))
        ) from error


def known_digest(settings: Settings) -> str:
    """SHA-256 of the list as it lies there, to see later that it changed."""
    try:
        data = (settings.data / KNOWN).read_bytes()
    except OSError:
        data = b""
    return hashlib.sha256(data).hexdigest()


def _wrong(why: str) -> DomainError:
    return DomainError(
        Kind.INVALID,
        "screens.known",
        N_("known.toml in the data directory cannot be used: %(why)s. Correct it."),
        why=why,
    )
