"""Our own timestamp service (时间戳服务): RFC 3161 answers from a key and a given moment.

A timestamp token binds a digest to a time under the centre's timestamp certificate, so that a
document's signature can be judged at that time for ever, whatever expired since (PAdES B-T and
B-LTA). It runs inside the process that signs documents; there is no network and no clock: the
moment is an argument, checked by nobody but the caller.
"""

from __future__ import annotations

import secrets
from datetime import datetime

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding

from keys.centre import SigningKey
from keys.certificates import PrivateKey
from keys.errors import Malformed, Refused

# A policy identifier of our own, derived from a UUID (ITU-T X.667): one service, one policy.
POLICY = "2.25.225884610316093120446327190411284763117"
DIGESTS = ("sha256", "sha384", "sha512")


def answer(request: bytes, signer: SigningKey, issuers: list[bytes], *, now: datetime) -> bytes:
    """Answer an RFC 3161 request (DER) with a granted response (DER) dated `now`.

    `issuers` are the certificates above the service, put into the token so that it can be
    checked alone. Raises `Malformed` for an unreadable request, `Refused` for a digest
    algorithm or policy that is not ours.
    """
    try:
        parsed = tsp.TimeStampReq.load(request, strict=True)
        digest = parsed["message_imprint"]["hash_algorithm"]["algorithm"].native
        policy = parsed["req_policy"].native
        nonce = parsed["nonce"].native
    except (ValueError, TypeError) as error:
        raise Malformed("timestamp_request", "The timestamp request is not readable.") from error
    if digest not in DIGESTS:
        raise Refused("timestamp_digest", "The timestamp service takes SHA-256, 384 and 512.")
    if policy not in (None, POLICY):
        raise Refused("timestamp_policy", "The timestamp service has one policy of its own.")
    info = {
        "version": "v1",
        "policy": POLICY,
        "message_imprint": parsed["message_imprint"],
        "serial_number": secrets.randbits(127) | 1 << 126,
        "gen_time": now.replace(microsecond=0),
        "accuracy": {"seconds": 1},
        "ordering": False,
    }
    if nonce is not None:
        info["nonce"] = nonce
    token = _token(tsp.TSTInfo(info).dump(), signer, issuers, now)
    response = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})
    return bytes(response.dump())


def _token(
    content: bytes, signer: SigningKey, issuers: list[bytes], now: datetime
) -> cms.ContentInfo:
    """The CMS SignedData around the dated content (RFC 5652; RFC 5816 for the certificate)."""
    own = asn1_x509.Certificate.load(signer.certificate.public_bytes(Encoding.DER))
    attributes = _attributes(content, signer.certificate, own, now)
    sid = {"issuer": own.issuer, "serial_number": own.serial_number}
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", sid),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signature_algorithm": _signature_algorithm(signer.key),
            "signed_attrs": attributes,
            "signature": _sign(attributes.dump(), signer.key),
        }
    )
    signed = {
        "version": "v3",
        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
        "encap_content_info": {
            "content_type": "tst_info",
            "content": core.ParsableOctetString(content),
        },
        "certificates": [own, *(asn1_x509.Certificate.load(one) for one in issuers)],
        "signer_infos": [info],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def _attributes(
    content: bytes, certificate: x509.Certificate, own: asn1_x509.Certificate, now: datetime
) -> cms.CMSAttributes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(content)
    reference = tsp.ESSCertIDv2(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "cert_hash": certificate.fingerprint(hashes.SHA256()),
            "issuer_serial": {
                "issuer": [asn1_x509.GeneralName("directory_name", own.issuer)],
                "serial_number": own.serial_number,
            },
        }
    )
    dated = now.replace(microsecond=0)
    # RFC 5652, 11.3: two-digit years end with 2049.
    moment = (
        cms.Time("utc_time", core.UTCTime(dated))
        if dated.year < 2050
        else cms.Time("generalized_time", core.GeneralizedTime(dated))
    )
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "signing_time", "values": [moment]}),
            cms.CMSAttribute({"type": "message_digest", "values": [digest.finalize()]}),
            cms.CMSAttribute(
                {
                    "type": "signing_certificate_v2",
                    "values": [tsp.SigningCertificateV2({"certs": [reference]})],
                }
            ),
        ]
    )


def _signature_algorithm(key: PrivateKey) -> algos.SignedDigestAlgorithm:
    name = "sha256_ecdsa" if isinstance(key, ec.EllipticCurvePrivateKey) else "sha256_rsa"
    return algos.SignedDigestAlgorithm({"algorithm": name})


def _sign(data: bytes, key: PrivateKey) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
