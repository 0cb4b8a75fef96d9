"""The CMS tokens inside a sealed PDF: the seal, its timestamp, the document timestamps.

Called through `keys.pdf`. Each token is checked to the byte: the last one is covered by nothing
else, so everything in it that is not signed must be what we would have written ourselves
(no unsigned attributes but the seal's timestamp, no foreign certificates, no padding but zeros).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from keys.certificates import Chain, Role, check_chain, check_revocation, load_certificate
from keys.errors import Forged, Malformed, Refused


@dataclass(frozen=True)
class Material:
    """What paths are built from: pinned roots, and what the document itself brings."""

    roots: list[x509.Certificate]
    certificates: list[x509.Certificate]
    crls: list[x509.CertificateRevocationList]


@dataclass(frozen=True)
class Stamped:
    """A checked timestamp: its time, and the end of the certificate behind it."""

    time: datetime
    sound_until: datetime


@dataclass(frozen=True)
class Sealed:
    """A checked seal."""

    signer: str
    organisation: str
    certificate_sha256: str
    stamp: Stamped


@dataclass(frozen=True)
class _Token:
    """A CMS SignedData taken apart: one signer, its certificate, what came along."""

    content_type: str
    content: bytes
    info: cms.SignerInfo
    leaf: x509.Certificate
    others: list[x509.Certificate]


def check_seal(token: bytes, digest: bytes, material: Material) -> Sealed:
    """Check the seal over a document's SHA-256, at the time of the timestamp in it."""
    parsed = _parse(token)
    if parsed.content_type != "data" or parsed.content:
        raise Forged("seal_form", "The seal is not a detached signature.")
    _check_signature(parsed, digest)
    stamp = _seal_timestamp(parsed, material)
    chain = _check_path(parsed, Role.SEAL, material, stamp.time)
    return Sealed(
        signer=_name(chain.leaf, NameOID.COMMON_NAME),
        organisation=_name(chain.leaf, NameOID.ORGANIZATION_NAME),
        certificate_sha256=chain.leaf.fingerprint(hashes.SHA256()).hex(),
        stamp=stamp,
    )


def _seal_timestamp(parsed: _Token, material: Material) -> Stamped:
    attributes = list(parsed.info["unsigned_attrs"] or [])
    types = [attribute["type"].native for attribute in attributes]
    if types != ["signature_time_stamp_token"] or len(attributes[0]["values"]) != 1:
        raise Refused("seal_undated", "The seal bears no timestamp of ours.")
    token = attributes[0]["values"][0].dump()
    signature = parsed.info["signature"].native
    return check_timestamp(token, hashlib.sha256(signature).digest(), material, nested=True)


def check_timestamp(
    token: bytes, digest: bytes, material: Material, *, nested: bool = False
) -> Stamped:
    """Check one of our timestamps over a SHA-256 digest, at the time that it states itself."""
    parsed = _parse(token)
    if parsed.content_type != "tst_info":
        raise Forged("timestamp_form", "A timestamp is not a timestamp.")
    if not nested and parsed.info["unsigned_attrs"].native:
        raise Forged("timestamp_form", "Something unsigned was added to a timestamp.")
    info = tsp.TSTInfo.load(parsed.content, strict=True)
    imprint = info["message_imprint"]
    if imprint["hash_algorithm"]["algorithm"].native != "sha256":
        raise Refused("timestamp_digest", "A timestamp uses a digest that we do not.")
    if imprint["hashed_message"].native != digest:
        raise Forged("pdf_changed", "The document is not the one that was dated.")
    _check_signature(parsed, hashlib.sha256(parsed.content).digest())
    moment: datetime = info["gen_time"].native
    chain = _check_path(parsed, Role.TIMESTAMP, material, moment)
    return Stamped(moment, chain.leaf.not_valid_after_utc)


def _parse(token: bytes) -> _Token:
    try:
        content_info = cms.ContentInfo.load(token)
        der = content_info.dump()
        signed = content_info["content"]
        infos = list(signed["signer_infos"])
        certificates = [load_certificate(one.dump()) for one in signed["certificates"]]
        wrapped = signed["encap_content_info"]
        content = wrapped["content"].native and wrapped["content"].contents
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed("token_malformed", "A signature inside the file is damaged.") from error
    if token[: len(der)] != der or token[len(der) :].strip(b"\0"):
        raise Forged("token_padding", "Something was hidden behind a signature.")
    exact = len(infos) == 1 and all(map(_exact, (content_info, signed, infos[0])))
    if not exact or signed["crls"].native or not _plain(signed, infos[0]):
        raise Forged("token_form", "A signature inside the file is not built as ours are.")
    leaf, others = _own_certificate(infos[0], certificates)
    kind = wrapped["content_type"].native
    return _Token(kind, content or b"", infos[0], leaf, others)


def _exact(sequence: core.Sequence) -> bool:
    """Whether a sequence holds its fields and not a byte more."""
    held = sum(len(sequence[at].dump()) for at in range(len(sequence)))
    return held == len(sequence.contents)


def _plain(signed: cms.SignedData, info: cms.SignerInfo) -> bool:
    """Whether everything that no signature covers has the one value that we write."""
    wanted = "v1" if signed["encap_content_info"]["content_type"].native == "data" else "v3"
    digests = [one["algorithm"].native for one in signed["digest_algorithms"]]
    parameters = [*signed["digest_algorithms"], info["digest_algorithm"]]
    return (
        signed["version"].native == wanted
        and info["version"].native == "v1"
        and digests == ["sha256"]
        and info["digest_algorithm"]["algorithm"].native == "sha256"
        and all(isinstance(one["parameters"], core.Null | core.Void) for one in parameters)
    )


def _own_certificate(
    info: cms.SignerInfo, certificates: list[x509.Certificate]
) -> tuple[x509.Certificate, list[x509.Certificate]]:
    sid = info["sid"]
    if sid.name != "issuer_and_serial_number":
        raise Forged("token_form", "A signature inside the file is not built as ours are.")
    issuer = sid.chosen["issuer"].dump()
    serial = sid.chosen["serial_number"].native
    own = [
        one
        for one in certificates
        if one.serial_number == serial and one.issuer.public_bytes() == issuer
    ]
    if len(own) != 1:
        raise Forged("token_certificate", "A signature does not bring its certificate.")
    return own[0], [one for one in certificates if one is not own[0]]


def _check_signature(parsed: _Token, digest: bytes) -> None:
    """Check digest, certificate reference and signature of the one signer (RFC 5652, 5.4)."""
    attributes = parsed.info["signed_attrs"]
    values = {one["type"].native: one["values"] for one in attributes}
    if len(values) != len(attributes) or any(len(one) != 1 for one in values.values()):
        raise Forged("token_form", "A signature inside the file is not built as ours are.")
    if values["content_type"][0].native != parsed.content_type:
        raise Forged("token_form", "A signature is of another kind than it says.")
    if values["message_digest"][0].native != digest:
        raise Forged("pdf_changed", "The document is not the one that was sealed.")
    reference = values["signing_certificate_v2"][0]["certs"][0]
    named = reference["cert_hash"].native
    if named != parsed.leaf.fingerprint(hashes.SHA256()):
        raise Forged("token_certificate", "A signature names another certificate.")
    _verify(parsed, attributes.untag().dump())


def _verify(parsed: _Token, data: bytes) -> None:
    key = parsed.leaf.public_key()
    signature = parsed.info["signature"].native
    algorithm = parsed.info["signature_algorithm"]["algorithm"].native
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and algorithm == "sha256_ecdsa":
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
            return
        if isinstance(key, rsa.RSAPublicKey) and algorithm in ("sha256_rsa", "rsassa_pkcs1v15"):
            key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            return
    except InvalidSignature as error:
        raise Forged("token_signature", "A signature inside the file is not valid.") from error
    raise Refused("token_algorithm", "A signature uses an algorithm that we do not.")


def _check_path(parsed: _Token, role: Role, material: Material, at: datetime) -> Chain:
    try:
        chain = check_chain(
            parsed.leaf,
            intermediates=[*parsed.others, *material.certificates],
            roots=material.roots,
            role=role,
            at=at,
        )
    except Refused as error:
        ours = {_name(root, NameOID.ORGANIZATION_NAME) for root in material.roots}
        if _name(parsed.leaf, NameOID.ORGANIZATION_NAME) in ours:
            raise Forged(
                "name_borrowed", "The seal bears our name but is not under our root."
            ) from error
        raise
    known = {one.public_bytes(Encoding.DER) for one in chain.certificates}
    if any(one.public_bytes(Encoding.DER) not in known for one in parsed.others):
        raise Forged("token_certificate", "A foreign certificate was put into a signature.")
    check_revocation(chain, material.crls, at=at)
    return chain


def _name(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
