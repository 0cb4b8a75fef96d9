"""The centre's authority on disk: made once at set-up, opened by whoever signs.

The directory lies under the data directory, never in the tree:

    centre.json                      {"v":"centre/v1","name","algorithm","created"}
    root.crt issuing.crt enrolment.crt seal.crt timestamp.crt      PEM
    root.key issuing.key enrolment.key seal.key timestamp.key      PKCS#8 PEM, encrypted, 0600
    root.crl issuing.crl enrolment.crl                             DER, the newest of each
    revoked.jsonl                    one withdrawn certificate a line
    superseded/                      certificates that a renewal replaced

`root.key` is needed only to renew authorities and the root's list; a production centre takes it
away and keeps it in a safe. Keys are encrypted under a passphrase that the caller reads from a
file of its own (a setting), so that a copy of the directory alone signs nothing. There is no
clock here: every call that dates something takes `now`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from keys.bidders import load_point
from keys.certificates import (
    PROFILES,
    Algorithm,
    PrivateKey,
    Revoked,
    Role,
    generate_key,
    load_certificate,
    load_crl,
    make_certificate,
    make_crl,
    subject,
)
from keys.encoding import parse_timestamp, timestamp
from keys.errors import Malformed, Refused

AUTHORITIES = (Role.ROOT, Role.ISSUING, Role.ENROLMENT)
STORED = (*AUTHORITIES, Role.SEAL, Role.TIMESTAMP)
# The root's list is made rarely, because the root key is meant to lie in a safe.
CRL_DAYS = {Role.ROOT: 5 * 365, Role.ISSUING: 30, Role.ENROLMENT: 30}
TITLES = {
    Role.ROOT: "Root CA",
    Role.ISSUING: "Issuing CA",
    Role.ENROLMENT: "Bidder Enrolment CA",
    Role.SEAL: "Seal",
    Role.TIMESTAMP: "Timestamp Service",
}


@dataclass(frozen=True)
class SigningKey:
    """A certificate with its private key, ready to sign."""

    certificate: x509.Certificate
    key: PrivateKey


@dataclass(frozen=True)
class Centre:
    """An opened authority; keys are decrypted when first asked for."""

    directory: Path
    name: str
    passphrase: bytes = field(repr=False)

    def certificate(self, role: Role) -> x509.Certificate:
        """The present certificate of a role."""
        return load_certificate((self.directory / f"{role}.crt").read_bytes())

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The root as DER: what verifiers pin (keys.json, the kit, the verify page)."""
        return (self.certificate(Role.ROOT).public_bytes(Encoding.DER),)

    @property
    def enrolment(self) -> tuple[bytes, ...]:
        """The enrolment authority as DER, for `check_bidder_certificate`."""
        return (self.certificate(Role.ENROLMENT).public_bytes(Encoding.DER),)

    def signing_key(self, role: Role) -> SigningKey:
        """Certificate and private key of a role; `Refused` if the key is away or locked."""
        path = self.directory / f"{role}.key"
        if not path.exists():
            raise Refused("centre_key_away", f"The private key {path.name} is not here.")
        try:
            key = load_pem_private_key(path.read_bytes(), self.passphrase)
        except ValueError as error:
            raise Refused("centre_passphrase", "The centre's passphrase is wrong.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise Malformed("centre_key", f"{path.name} is neither an EC nor an RSA key.")
        return SigningKey(self.certificate(role), key)

    def certify_bidder(
        self, public_key: bytes, *, party: str, name: str, now: datetime, days: int | None = None
    ) -> bytes:
        """A bidder's certificate (DER) for an uncompressed P-256 point of 65 bytes.

        `party` is the platform's random id of the bidder, `name` the registered name. The
        caller has proved that the bidder holds the key and is who it says.
        """
        issuer = self.signing_key(Role.ENROLMENT)
        certificate = make_certificate(
            Role.BIDDER,
            load_point(public_key),
            subject(self.name, name, party=party),
            issuer=issuer.certificate,
            issuer_key=issuer.key,
            now=now,
            days=days,
        )
        return certificate.public_bytes(Encoding.DER)

    def crls(self, now: datetime) -> tuple[bytes, ...]:
        """The revocation lists of all authorities, DER, each fresh at `now`.

        A list that has run out, or that a clock set back finds too new, is made again; one is
        also made early when a third of its time is left, so that a list embedded in a document
        is never at its last hour.
        """
        return tuple(self._fresh_crl(role, now) for role in AUTHORITIES)

    def _fresh_crl(self, role: Role, now: datetime) -> bytes:
        path = self.directory / f"{role}.crl"
        if path.exists():
            stored = load_crl(path.read_bytes())
            margin = timedelta(days=CRL_DAYS[role] / 3)
            end = stored.next_update_utc
            if stored.last_update_utc <= now and end is not None and now + margin <= end:
                return stored.public_bytes(Encoding.DER)
        with _locked(self.directory):
            return self._make_crl(role, now)

    def _make_crl(self, role: Role, now: datetime) -> bytes:
        path = self.directory / f"{role}.crl"
        number = 1
        if path.exists():
            previous = load_crl(path.read_bytes())
            found = previous.extensions.get_extension_for_class(x509.CRLNumber)
            number = found.value.crl_number + 1
        signer = self.signing_key(role)
        withdrawn = [entry for issuer, entry in self.withdrawn() if issuer == role]
        crl = make_crl(
            signer.certificate,
            signer.key,
            withdrawn,
            number=number,
            now=now.replace(microsecond=0),
            days=CRL_DAYS[role],
        )
        data = crl.public_bytes(Encoding.DER)
        _write(path, data, 0o644)
        return data

    def revoke(
        self, certificate: bytes, *, reason: str, now: datetime, since: datetime | None = None
    ) -> None:
        """Withdraw a certificate of this authority (吊销) and make the new list.

        `reason` is a name of RFC 5280 section 5.3.1 (`keyCompromise`, `superseded` ...). `since`
        dates it back, to the theft of a key. What was signed and dated before then stands, and a
        bid that was submitted before stays a bid (the verdict's rule).
        """
        subject_certificate = load_certificate(certificate)
        issuer = self._issuer_role(subject_certificate)
        moment = (since or now).replace(microsecond=0)
        entry = Revoked(subject_certificate.serial_number, moment, reason)
        x509.ReasonFlags(reason)  # An unknown reason is refused before anything is written.
        line = {
            "issuer": issuer.value,
            "serial": f"{entry.serial:x}",
            "at": timestamp(entry.at),
            "reason": reason,
        }
        with _locked(self.directory):
            path = self.directory / "revoked.jsonl"
            before = path.read_bytes() if path.exists() else b""
            _write(path, before + json.dumps(line).encode() + b"\n", 0o644)
            self._make_crl(issuer, now)

    def _issuer_role(self, certificate: x509.Certificate) -> Role:
        for role in AUTHORITIES:
            if certificate.issuer == self.certificate(role).subject:
                return role
        raise Refused("not_ours", "The certificate was not issued by this centre.")

    def withdrawn(self) -> list[tuple[Role, Revoked]]:
        """All withdrawn certificates with the authority that had issued them."""
        path = self.directory / "revoked.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [_withdrawn(json.loads(line)) for line in lines]

    def renew(self, role: Role, *, algorithm: Algorithm, now: datetime) -> None:
        """Give the seal or the timestamp service a new key and certificate.

        The old certificate is kept under `superseded/`; documents signed with it stay valid,
        because each is judged at its own trusted time. The old key is overwritten.
        """
        if role not in (Role.SEAL, Role.TIMESTAMP):
            raise Refused("renew_authority", "Authorities are made anew, not renewed.")
        issuer = self.signing_key(PROFILES[role].issuer)
        old = self.certificate(role)
        superseded = self.directory / "superseded"
        superseded.mkdir(exist_ok=True)
        _write(
            superseded / f"{role}-{old.serial_number:x}.crt",
            old.public_bytes(Encoding.PEM),
            0o644,
        )
        _make(self.directory, role, self.name, algorithm, self.passphrase, issuer, now)


def _withdrawn(line: dict[str, str]) -> tuple[Role, Revoked]:
    entry = Revoked(int(line["serial"], 16), parse_timestamp(line["at"]), line["reason"])
    return Role(line["issuer"]), entry


def create_centre(
    directory: Path,
    name: str,
    passphrase: str,
    *,
    now: datetime,
    algorithm: Algorithm = Algorithm.P256,
) -> Centre:
    """Make the whole authority in an empty or missing directory and open it.

    `name` is the centre's registered name, at most 64 characters; it stands in every
    certificate and round the seal. `now` is the first moment at which anything will be signed
    (a sandbox gives its own clock's start). Refuses a directory that already holds a centre.
    """
    if not passphrase:
        raise Refused("centre_passphrase", "The centre's keys need a passphrase.")
    if not 1 <= len(name) <= 64:
        raise Refused("centre_name", "The centre's name must have 1 to 64 characters.")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory.chmod(0o700)
    if (directory / "root.crt").exists():
        raise Refused("centre_exists", f"{directory} already holds a centre.")
    secret = passphrase.encode()
    made: dict[Role, SigningKey] = {}
    for role in STORED:
        issuer = made.get(PROFILES[role].issuer)
        made[role] = _make(directory, role, name, algorithm, secret, issuer, now)
    centre = Centre(directory, name, secret)
    centre.crls(now)
    record = {"v": "centre/v1", "name": name, "algorithm": algorithm.value}
    _write(
        directory / "centre.json",
        json.dumps(record | {"created": timestamp(now)}, ensure_ascii=False).encode(),
        0o644,
    )
    return centre


def open_centre(directory: Path, passphrase: str) -> Centre:
    """Open an authority made by `create_centre`; `Refused` if there is none."""
    path = directory / "centre.json"
    if not path.exists():
        raise Refused("centre_missing", f"There is no centre at {directory}; run the set-up.")
    return Centre(directory, json.loads(path.read_text())["name"], passphrase.encode())


def _make(
    directory: Path,
    role: Role,
    name: str,
    algorithm: Algorithm,
    passphrase: bytes,
    issuer: SigningKey | None,
    now: datetime,
) -> SigningKey:
    key = generate_key(algorithm)
    common = name if role is Role.SEAL else f"{name} {TITLES[role]}"[-64:]
    certificate = make_certificate(
        role,
        key.public_key(),
        subject(name, common),
        issuer=issuer.certificate if issuer else None,
        issuer_key=issuer.key if issuer else key,
        now=now,
    )
    encrypted = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)
    )
    _write(directory / f"{role}.key", encrypted, 0o600)
    _write(directory / f"{role}.crt", certificate.public_bytes(Encoding.PEM), 0o644)
    return SigningKey(certificate, key)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Replace a file whole, durably, with its mode set before a byte is in it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One writer at a time among processes: revocations and lists must not overtake."""
    with (directory / ".lock").open("w") as file:
        flock(file, LOCK_EX)
        yield
