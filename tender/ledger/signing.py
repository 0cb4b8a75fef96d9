"""The platform's Ed25519 identity: signs records, receipts and checkpoints, nothing secret."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.notes import NoteKey, platform_key, public_bytes
from tender.core.files import write_durably
from tender.core.settings import Settings


@cache
def _load(path: Path) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """The platform's key from its file under the data directory, made at the first use.

    It can forge entries to come but reads no bid and opens nothing; witnesses notice a fork.
    """
    path = settings.platform_keys / "ed25519"
    if not path.exists():
        settings.platform_keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(path, Ed25519PrivateKey.generate().private_bytes_raw())
    return _load(path)


def note_key(settings: Settings) -> NoteKey:
    """The verifier key under which everybody knows this ledger."""
    return platform_key(settings.platform, public_bytes(signing_key(settings)))
