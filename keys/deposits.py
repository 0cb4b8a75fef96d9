"""What custodians sign about their stocks of one-time keys: deposit/v1 and destroy/v1.

Why: the platform needs public keys at hand before a tender is published, when nobody may be at
the custodian's desk; and when a batch is used up its seed is destroyed, so that a later thief
cannot open kept envelopes, and the custodian answers for that with its signature.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding, fields
from keys.entries import is_hex
from keys.errors import Malformed
from keys.statements import check_ed25519, ed25519_public, sign_ed25519
from keys.x25519 import check_public

MOST_KEYS = 1000
_DEPOSIT = ("v", "identity", "batch", "keys", "signature")
_DESTROY = ("v", "identity", "batch", "destroyed_at", "signature")


@dataclass(frozen=True, slots=True)
class Deposit:
    """A signed batch of one-time public keys; `keys` are (key_id, key) pairs in base64url.

    `identity` is the Ed25519 identity in base64url, `batch` 32 hex digits of the custodian's own.
    """

    identity: str
    batch: str
    keys: tuple[tuple[str, str], ...]


def sign_deposit(
    batch: str, keys: Iterable[tuple[str, str]], identity: Ed25519PrivateKey
) -> dict[str, Any]:
    """Sign deposit/v1 over a batch's public keys."""
    statement = {
        "v": "deposit/v1",
        "identity": encoding.b64u(identity.public_key().public_bytes_raw()),
        "batch": batch,
        "keys": [{"key_id": key_id, "key": key} for key_id, key in keys],
    }
    signed = sign_ed25519(statement, identity)
    check_deposit(signed)
    return signed


def check_deposit(value: object) -> Deposit:
    """Read deposit/v1 and check its signature by the identity that it names, or raise.

    The caller looks whether this identity is a custodian, and whether any key is known already.
    """
    top = fields.exact(value, _DEPOSIT, "a deposit")
    fields.version(top["v"], "deposit/v1")
    identity = _identity(top)
    keys: list[tuple[str, str]] = []
    for each in fields.listing(top["keys"], "keys"):
        one = fields.exact(each, ("key_id", "key"), "a deposited key")
        encoding.unb64u(one["key_id"], 16)
        check_public(encoding.unb64u(one["key"], 32))
        keys.append((one["key_id"], one["key"]))
    if not 1 <= len(keys) <= MOST_KEYS:
        raise Malformed("deposit", f"A deposit holds 1 to {MOST_KEYS} keys.")
    if len({key_id for key_id, _ in keys}) < len(keys) or len({key for _, key in keys}) < len(keys):
        raise Malformed("deposit", "A deposit holds a key twice.")
    check_ed25519(top, identity)
    return Deposit(top["identity"], top["batch"], tuple(keys))


def sign_destroyed(batch: str, when: datetime, identity: Ed25519PrivateKey) -> dict[str, Any]:
    """Sign destroy/v1: the seed of this batch and its paper copy exist no more."""
    statement = {
        "v": "destroy/v1",
        "identity": encoding.b64u(identity.public_key().public_bytes_raw()),
        "batch": batch,
        "destroyed_at": encoding.timestamp(when),
    }
    return sign_ed25519(statement, identity)


def check_destroyed(value: object) -> tuple[str, str, datetime]:
    """Read destroy/v1 and check its signature; gives identity, batch and time, or raises."""
    top = fields.exact(value, _DESTROY, "a destruction")
    fields.version(top["v"], "destroy/v1")
    identity = _identity(top)
    when = encoding.parse_timestamp(top["destroyed_at"])
    check_ed25519(top, identity)
    return top["identity"], top["batch"], when


def _identity(top: dict[str, Any]) -> bytes:
    identity = encoding.unb64u(top["identity"], 32)
    ed25519_public(identity)
    if not is_hex(top["batch"], 32):
        raise Malformed("batch", "A batch is named by 32 hex digits.")
    return identity
