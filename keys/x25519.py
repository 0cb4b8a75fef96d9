"""X25519 keys as raw bytes: which public keys are allowed, and agreement that refuses zero."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from keys.errors import Malformed, Refused

_FIELD = 2**255 - 19


def check_public(raw: bytes) -> None:
    """Raise Malformed unless `raw` is a canonical X25519 public key that is not of low order.

    A second spelling of the same key (p or more, or the top bit set) would make two records of
    one key; with a key of low order everybody knows the shared secret (RFC 7748 section 6.1).
    """
    if len(raw) != 32 or int.from_bytes(raw, "little") >= _FIELD:
        raise Malformed("x25519_key", "the X25519 public key is not canonical")
    try:
        agree(bytes([1]) * 32, raw)
    except Refused as error:
        raise Malformed("x25519_key", "the X25519 public key is of low order") from error


def public_of(private: bytes) -> bytes:
    """Return the public key of a 32-byte private key (clamped as in RFC 7748)."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def agree(private: bytes, public: bytes) -> bytes:
    """Return the 32-byte shared secret; all zeros raise Refused (RFC 7748 section 6.1)."""
    key = X25519PrivateKey.from_private_bytes(private)
    try:
        return key.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise Refused("x25519_zero", "the X25519 shared secret is zero") from error
