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


class Private:
    """A private key (32 bytes, clamped as in RFC 7748) that agrees with many public ones.

    Loading a key computes its public half, which costs as much as an agreement: load it once.
    """

    def __init__(self, raw: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(raw)
        self.public = self._key.public_key().public_bytes_raw()

    def agree(self, public: bytes) -> bytes:
        """Return the 32-byte shared secret; all zeros raise Refused (RFC 7748 section 6.1)."""
        try:
            return self._key.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError as error:
            raise Refused("x25519_zero", "the X25519 shared secret is zero") from error


def public_of(private: bytes) -> bytes:
    """Return the public key of a 32-byte private key."""
    return Private(private).public


def agree(private: bytes, public: bytes) -> bytes:
    """Return the shared secret of one agreement, as `Private.agree` does."""
    return Private(private).agree(public)
