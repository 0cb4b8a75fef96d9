"""The centre's own certificate authority of this installation, made at set-up."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

from keys.centre import Centre, create_centre, open_centre
from tender.core.settings import Settings, secret


def directory(settings: Settings) -> Path:
    """Where the authority lies."""
    return settings.data / "centre"


def ensure_centre(settings: Settings, name: str, *, now: datetime) -> Centre:
    """The authority, made at the first call; its passphrase lies apart from its keys."""
    path = directory(settings)
    passphrase = secret(settings.data / "secrets" / "centre")
    if not (path / "centre.json").exists():
        return create_centre(path, name, passphrase, now=now)
    return open_centre(path, passphrase)


@cache
def _open(path: Path, passphrase_file: Path) -> Centre:
    return open_centre(path, secret(passphrase_file))


def centre(settings: Settings) -> Centre:
    """The opened authority; `keys.errors.Refused` if the set-up was not run."""
    return _open(directory(settings), settings.data / "secrets" / "centre")
