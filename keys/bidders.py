"""Bidders' certificates and keys: checked at SEAL, loaded from PKCS#12 in the offline kit.

A bidder's P-256 key is made in its browser, or comes from a PKCS#12 file (an adapter for keys
of external authorities). Its certificate is judged once, when the bid is submitted; the verdict
at the opening does not read it (sealed-bid/v1, "The verdict"). Errors: `keys.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12
from cryptography.x509.oid import NameOID

from keys.certificates import (
    Role,
    check_chain,
    check_revocation,
    load_certificate,
    load_crl,
)
from keys.errors import Malformed, Refused


@dataclass(frozen=True)
class BidderCertificate:
    """What a checked bidder certificate (投标人证书) says.

    `public_key` is the uncompressed P-256 point, 65 bytes; `party` is the random id that the
    platform gave the bidder, empty for a certificate of an external authority.
    """

    public_key: bytes
    party: str
    name: str
    serial: int
    not_after: datetime


@dataclass(frozen=True)
class BidderKey:
    """A bidder's signing key with its certificate and what came with it, DER, leaf first."""

    private_key: ec.EllipticCurvePrivateKey
    certificate: bytes
    chain: tuple[bytes, ...]

    @property
    def public_key(self) -> bytes:
        """The uncompressed point, 65 bytes, as manifests carry it."""
        return point(self.private_key.public_key())


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """The uncompressed point of a public key: 0x04, x, y."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def load_point(data: bytes) -> ec.EllipticCurvePublicKey:
    """A P-256 public key from its uncompressed point; raises `Malformed`."""
    if len(data) != 65 or data[0] != 4:
        raise Malformed("point_malformed", "A bidder's key is an uncompressed P-256 point.")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), data)
    except ValueError as error:
        raise Malformed("point_malformed", "The point does not lie on the curve P-256.") from error


def check_bidder_certificate(
    certificate: bytes,
    *,
    authorities: Sequence[bytes],
    roots: Sequence[bytes],
    crls: Sequence[bytes],
    now: datetime,
) -> BidderCertificate:
    """Check a bidder's certificate at the moment it is used (SEAL).

    `authorities` are the enrolment authorities, `roots` the pinned roots, `crls` fresh lists.
    Raises `Refused` or `Forged` when it does not stand, `Malformed` when it is no P-256 key.
    """
    leaf = load_certificate(certificate)
    chain = check_chain(
        leaf,
        intermediates=[load_certificate(one) for one in authorities],
        roots=[load_certificate(one) for one in roots],
        role=Role.BIDDER,
        at=now,
    )
    check_revocation(chain, [load_crl(one) for one in crls], at=now)
    return describe(leaf)


def describe(leaf: x509.Certificate) -> BidderCertificate:
    """What the certificate says, unchecked; raises `Malformed` if its key is not P-256."""
    key = leaf.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise Malformed("key_kind", "A bidder's certificate must hold a P-256 key.")
    return BidderCertificate(
        public_key=point(key),
        party=_attribute(leaf, NameOID.SERIAL_NUMBER),
        name=_attribute(leaf, NameOID.COMMON_NAME),
        serial=leaf.serial_number,
        not_after=leaf.not_valid_after_utc,
    )


def _attribute(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    values = certificate.subject.get_attributes_for_oid(oid)
    return str(values[0].value) if values else ""


def load_pkcs12(data: bytes, passphrase: str) -> BidderKey:
    """A bidder's key from a PKCS#12 file (.p12, .pfx) for the offline kit.

    Raises `Malformed` for a damaged file or a key that is not P-256, `Refused` for a wrong
    passphrase; the two cannot always be told apart, so the message names both.
    """
    try:
        bundle = pkcs12.load_pkcs12(data, passphrase.encode())
    except ValueError as error:
        raise Refused(
            "pkcs12_unreadable", "The passphrase is wrong, or the PKCS#12 file is damaged."
        ) from error
    key, own = bundle.key, bundle.cert
    if own is None or not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Malformed("pkcs12_contents", "The file must hold a P-256 key and its certificate.")
    if describe(own.certificate).public_key != point(key.public_key()):
        raise Malformed("pkcs12_contents", "The certificate in the file is of another key.")
    others = [one.certificate.public_bytes(Encoding.DER) for one in bundle.additional_certs]
    leaf = own.certificate.public_bytes(Encoding.DER)
    return BidderKey(key, leaf, (leaf, *others))
