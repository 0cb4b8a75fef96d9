"""Sealing short secrets under a key that lies beside the database, never in it (密钥与数据分存).

A copy of the database alone (a dump, a replica, a stolen disk of the database server) must open no
account: what has to be read again is encrypted, and what is short enough to be guessed is hashed
with a key. The keys lie in `secrets/` of the data directory, one file a purpose.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken

from tender.core.settings import Settings, secret


def _key(settings: Settings, purpose: str) -> bytes:
    return bytes.fromhex(secret(settings.data / "secrets" / purpose))


def seal_text(settings: Settings, purpose: str, plain: str) -> str:
    """Encrypt a short text (Fernet: AES-128-CBC with HMAC-SHA-256) with the key of a purpose."""
    key = base64.urlsafe_b64encode(_key(settings, purpose))
    return Fernet(key).encrypt(plain.encode()).decode()


def open_text(settings: Settings, purpose: str, sealed: str) -> str | None:
    """The text; None if it was sealed with another key, or changed."""
    key = base64.urlsafe_b64encode(_key(settings, purpose))
    try:
        return Fernet(key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def keyed_hash(settings: Settings, purpose: str, *parts: str) -> str:
    """HMAC-SHA-256 (hex) over some texts: without the key nobody can try out short values."""
    message = b"\0".join(part.encode() for part in parts)
    return hmac.new(_key(settings, purpose), message, hashlib.sha256).hexdigest()
