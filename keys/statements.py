"""Signed statements: a signature over the RFC 8785 bytes of an object without its `signature`.

Ed25519 for custodians and the platform, ECDSA P-256 with SHA-256 as raw r||s for bidders, whose
keys are made by WebCrypto. Checking raises Forged and returns nothing, so that no caller can
forget to look at an answer.
"""

from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from keys.encoding import b64u, canonical, unb64u
from keys.errors import Forged, Malformed

_FIELD_25519 = 2**255 - 19
# The y coordinates of the eight points of small order: under such a "key" a signature could be
# valid for many messages (RFC 8032 section 8.9 and "Taming the many EdDSAs", 2020).
_SMALL_ORDER_Y = {
    0,
    1,
    _FIELD_25519 - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
}


def ed25519_public(raw: bytes) -> Ed25519PublicKey:
    """Return the Ed25519 public key of 32 bytes; a weak or second spelling raises Malformed."""
    if len(raw) != 32:
        raise Malformed("ed25519_key", "an Ed25519 public key has 32 bytes")
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if y >= _FIELD_25519 or y in _SMALL_ORDER_Y:
        raise Malformed("ed25519_key", "the Ed25519 public key is not canonical or of low order")
    return Ed25519PublicKey.from_public_bytes(raw)


def p256_public(raw: bytes) -> ec.EllipticCurvePublicKey:
    """Return the P-256 public key of an uncompressed point (65 bytes, 0x04 first), or raise."""
    if len(raw) != 65 or raw[0] != 4:
        raise Malformed("p256_key", "a P-256 public key is an uncompressed point of 65 bytes")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as error:
        raise Malformed("p256_key", "the point does not lie on P-256") from error


def p256_point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the uncompressed point of a P-256 public key: 65 bytes."""
    if not isinstance(key.curve, ec.SECP256R1):
        raise Malformed("p256_key", "the key is not a P-256 key")
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sign_ed25519(obj: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return `obj` with its Ed25519 `signature`; an old signature is replaced."""
    return {**obj, "signature": b64u(key.sign(_unsigned(obj)))}


def check_ed25519(obj: Mapping[str, Any], public: Ed25519PublicKey | bytes) -> None:
    """Raise Forged unless `obj["signature"]` is `public`'s over the rest of the object."""
    signature = _signature(obj)
    if isinstance(public, bytes):
        public = ed25519_public(public)
    try:
        public.verify(signature, _unsigned(obj))
    except InvalidSignature as error:
        raise Forged("signature", "the Ed25519 signature does not verify") from error


def sign_ecdsa(obj: Mapping[str, Any], key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Return `obj` with its ECDSA P-256 `signature` (raw r||s); an old signature is replaced."""
    p256_point(key.public_key())
    r, s = decode_dss_signature(key.sign(_unsigned(obj), ec.ECDSA(SHA256())))
    return {**obj, "signature": b64u(r.to_bytes(32, "big") + s.to_bytes(32, "big"))}


def check_ecdsa(obj: Mapping[str, Any], public: ec.EllipticCurvePublicKey | bytes) -> None:
    """Raise Forged unless `obj["signature"]` is `public`'s over the rest of the object.

    Both s and n-s are valid, as WebCrypto writes either; so a signature is never an identifier.
    """
    signature = _signature(obj)
    if isinstance(public, bytes):
        public = p256_public(public)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), _unsigned(obj), ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise Forged("signature", "the ECDSA signature does not verify") from error


def _signature(obj: Mapping[str, Any]) -> bytes:
    return unb64u(obj.get("signature"), 64)


def _unsigned(obj: Mapping[str, Any]) -> bytes:
    return canonical({name: value for name, value in obj.items() if name != "signature"})
