"""X.509 certificates of the centre's own small authority (交易中心自建证书体系).

Order 20 of 2013 wants documents signed electronically, and forbids to force a certificate
seller on bidders. The centre therefore runs its own authority: a root, an issuing authority for
the seal (电子印章) and the timestamp service (时间戳), and an enrolment authority for bidders'
keys. A bidder's certificate can never pass as the seal: each role has its own extended key usage
(RFC 5280 section 4.2.1.12; document signing is RFC 9336), and `check_chain` asks for it.

Everything here is bytes and values: no file, no clock. `now` is always an argument, aware UTC,
so that a sandbox far from the machine's time works and a check is repeatable for ever.
Certificates are DER. Failures raise the family of `keys.errors`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from keys.errors import Forged, Malformed, Refused

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
# A clock a little behind ours must not find a new certificate "not yet valid".
BACKDATED = timedelta(days=1)


class Algorithm(StrEnum):
    """Key kinds that the authority can be made of."""

    P256 = "p256"
    RSA3072 = "rsa3072"


class Role(StrEnum):
    """What a certificate is for."""

    ROOT = "root"
    ISSUING = "issuing"
    ENROLMENT = "enrolment"
    SEAL = "seal"
    TIMESTAMP = "timestamp"
    BIDDER = "bidder"


@dataclass(frozen=True)
class Profile:
    """The fixed contents of one role's certificates; `path_length` is None for an end entity."""

    days: int
    path_length: int | None
    usage: ObjectIdentifier | None
    issuer: Role


PROFILES = {
    Role.ROOT: Profile(days=30 * 365, path_length=1, usage=None, issuer=Role.ROOT),
    Role.ISSUING: Profile(days=20 * 365, path_length=0, usage=None, issuer=Role.ROOT),
    Role.ENROLMENT: Profile(days=20 * 365, path_length=0, usage=None, issuer=Role.ROOT),
    Role.SEAL: Profile(days=5 * 365, path_length=None, usage=DOCUMENT_SIGNING, issuer=Role.ISSUING),
    Role.TIMESTAMP: Profile(
        days=12 * 365,
        path_length=None,
        usage=ExtendedKeyUsageOID.TIME_STAMPING,
        issuer=Role.ISSUING,
    ),
    Role.BIDDER: Profile(
        days=3 * 365,
        path_length=None,
        usage=ExtendedKeyUsageOID.CLIENT_AUTH,
        issuer=Role.ENROLMENT,
    ),
}


@dataclass(frozen=True)
class Revoked:
    """A withdrawn certificate; `reason` is a name of RFC 5280 section 5.3.1."""

    serial: int
    at: datetime
    reason: str = "unspecified"


@dataclass(frozen=True)
class Chain:
    """A checked path, leaf first and root last, with its signer's name and public key."""

    certificates: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        """The end-entity certificate."""
        return self.certificates[0]

    @property
    def root(self) -> x509.Certificate:
        """The pinned root under which it stands."""
        return self.certificates[-1]


def generate_key(algorithm: Algorithm = Algorithm.P256) -> PrivateKey:
    """A new private key."""
    if algorithm is Algorithm.RSA3072:
        return rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return ec.generate_private_key(ec.SECP256R1())


def subject(organisation: str, name: str, *, party: str | None = None) -> x509.Name:
    """A distinguished name; `party` is the random id of a party on the platform."""
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
        x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
    ]
    if party is not None:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, party))
    return x509.Name(parts)


def make_certificate(
    role: Role,
    public_key: PublicKey,
    name: x509.Name,
    *,
    issuer: x509.Certificate | None,
    issuer_key: PrivateKey,
    now: datetime,
    days: int | None = None,
) -> x509.Certificate:
    """Certify a key for one role; a root is its own issuer (`issuer=None`).

    The end is never after the issuer's end, so that a path that is valid at its leaf is valid
    whole. The caller keeps `issuer_key` secret and gives the issuer that PROFILES names.
    """
    profile = PROFILES[role]
    end = now + timedelta(days=days or profile.days)
    if issuer is not None:
        end = min(end, issuer.not_valid_after_utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer is not None else name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(end)
        .add_extension(
            x509.BasicConstraints(profile.path_length is not None, profile.path_length), True
        )
        .add_extension(_key_usage(role), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
    )
    if profile.usage is not None:
        # RFC 3161 section 2.3 wants the timestamping usage alone and critical.
        critical = role is Role.TIMESTAMP
        builder = builder.add_extension(x509.ExtendedKeyUsage([profile.usage]), critical)
    return builder.sign(issuer_key, hashes.SHA256())


def _key_usage(role: Role) -> x509.KeyUsage:
    authority = PROFILES[role].path_length is not None
    return x509.KeyUsage(
        digital_signature=not authority,
        # 不可否认: the seal and a bidder stand by what they sign.
        content_commitment=role in (Role.SEAL, Role.BIDDER),
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def make_crl(
    issuer: x509.Certificate,
    issuer_key: PrivateKey,
    revoked: Iterable[Revoked],
    *,
    number: int,
    now: datetime,
    days: int,
) -> x509.CertificateRevocationList:
    """A revocation list (证书吊销列表), fresh from `now` for `days`."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now)
        .next_update(now + timedelta(days=days))
        .add_extension(x509.CRLNumber(number), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
    )
    for entry in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(entry.serial)
            .revocation_date(entry.at)
            .add_extension(x509.CRLReason(x509.ReasonFlags(entry.reason)), False)
            .build()
        )
    return builder.sign(issuer_key, hashes.SHA256())


def load_certificate(data: bytes) -> x509.Certificate:
    """A certificate from DER or PEM; raises `Malformed`."""
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError as error:
        raise Malformed("certificate_malformed", "This is not a readable certificate.") from error


def load_crl(data: bytes) -> x509.CertificateRevocationList:
    """A revocation list from DER or PEM; raises `Malformed`."""
    try:
        if data.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_crl(data)
        return x509.load_der_x509_crl(data)
    except ValueError as error:
        raise Malformed("crl_malformed", "This is not a readable revocation list.") from error


def check_chain(
    leaf: x509.Certificate,
    *,
    intermediates: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    role: Role,
    at: datetime,
) -> Chain:
    """Check that a certificate stands under one of `roots` for this role at this moment.

    Only these roots count; a root found anywhere else is ignored. Every certificate must be
    valid at `at`, authorities must be authorities, and the leaf must bear the role's usage.
    Revocation is `check_revocation`. Raises `Refused` when no pinned root stands behind it
    (somebody else's certificate), `Forged` when one does and the path does not hold.
    """
    path = [leaf]
    while not any(_same(path[-1], root) for root in roots):
        above = _issuer_of(path[-1], [*roots, *intermediates])
        if above is None or len(path) > 4:
            raise Refused("root_unknown", "The certificate does not stand under the pinned root.")
        path.append(above)
    _require_usage(leaf, role)
    for depth, certificate in enumerate(path):
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise Forged(
                "certificate_not_valid_then",
                "A certificate of the path was not valid at the time of signing.",
            )
        if depth:
            _require_authority(certificate, below=depth - 1)
    return Chain(tuple(path))


def _same(left: x509.Certificate, right: x509.Certificate) -> bool:
    return left.fingerprint(hashes.SHA256()) == right.fingerprint(hashes.SHA256())


def _issuer_of(
    certificate: x509.Certificate, candidates: Sequence[x509.Certificate]
) -> x509.Certificate | None:
    for candidate in candidates:
        if candidate.subject != certificate.issuer or _same(candidate, certificate):
            continue
        try:
            certificate.verify_directly_issued_by(candidate)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return candidate
    return None


def _require_authority(certificate: x509.Certificate, *, below: int) -> None:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise Forged("not_an_authority", "A certificate of the path may not issue.") from error
    fits = basic.path_length is None or basic.path_length >= below
    if not (basic.ca and fits and usage.key_cert_sign):
        raise Forged("not_an_authority", "A certificate of the path may not issue.")


def _require_usage(certificate: x509.Certificate, role: Role) -> None:
    wanted = PROFILES[role]
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        key_usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise Forged("wrong_usage", "The certificate was not issued for this use.") from error
    if basic.ca or not key_usage.digital_signature or list(extended) != [wanted.usage]:
        raise Forged("wrong_usage", "The certificate was not issued for this use.")


def check_revocation(
    chain: Chain, crls: Sequence[x509.CertificateRevocationList], *, at: datetime
) -> None:
    """Check that nothing on the path was withdrawn at `at`, by lists that were fresh then.

    Each certificate below the root needs a list signed by its issuer with
    last update <= `at` <= next update; later lists are read too, and a withdrawal dated at or
    before `at` counts in any of them. Raises `Refused` for a missing list, `Forged` for a
    withdrawn certificate.
    """
    for certificate, issuer in zip(chain.certificates, chain.certificates[1:], strict=False):
        fresh = False
        for crl in crls:
            if crl.issuer != issuer.subject or not _signed_by(crl, issuer):
                continue
            _require_not_revoked(certificate, crl, at)
            next_update = crl.next_update_utc
            fresh |= next_update is not None and crl.last_update_utc <= at <= next_update
        if not fresh:
            raise Refused(
                "revocation_unknown",
                "No revocation list that was fresh at the time of signing is there.",
            )


def _signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    key = issuer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        return False
    return crl.is_signature_valid(key)


def _require_not_revoked(
    certificate: x509.Certificate, crl: x509.CertificateRevocationList, at: datetime
) -> None:
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None:
        return
    if entry.revocation_date_utc <= at:
        raise Forged("certificate_revoked", "A certificate of the path had been withdrawn.")
