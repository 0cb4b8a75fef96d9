"""Seal a PDF: PAdES B-LTA with the centre's key and its own timestamps (电子签章).

The signature certifies the document and forbids every later change (DocMDP P=1). The material
for its check (certificates, revocation lists) goes into the same revision, and a document
timestamp over all of it closes the file: any byte after that is an alarm. All times come from
`now`; pyHanko's own clock is never asked, which lets a sandbox sign in its own year.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pyhanko.pdf_utils.content import PdfContent, ResourceType
from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import (
    AxisAlignment,
    BoxConstraints,
    Margins,
    SimpleBoxLayoutRule,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSigningSession, TimestampDSSContentSettings
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from keys.centre import Centre, SigningKey
from keys.certificates import Role
from keys.timestamps import answer
from tender.publication.papers.sealfields import SEAL_FIELD, TIME_FIELD

# Nothing may follow the last timestamp, so its validation material goes in before it.
BEFORE_STAMP = TimestampDSSContentSettings(include_vri=False, update_before_ts=True)
FILLED = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MID, y_align=AxisAlignment.ALIGN_MID, margins=Margins.uniform(0)
)
# Outside the page: an annotation that nobody sees needs no place in the structure tree.
UNSEEN = InvisSigSettings(set_print_flag=True, set_hidden_flag=False, box_out_of_bounds=True)


@dataclass(frozen=True)
class SealKeys:
    """The centre's open keys: load once, seal many. Certificates as DER."""

    name: str
    seal: SigningKey
    timestamp: SigningKey
    issuing: bytes
    root: bytes
    crls: Callable[[datetime], tuple[bytes, ...]]


def open_keys(centre: Centre) -> SealKeys:
    """Decrypt the seal's and the timestamp service's keys; raises `keys.errors.Refused`."""
    return SealKeys(
        name=centre.name,
        seal=centre.signing_key(Role.SEAL),
        timestamp=centre.signing_key(Role.TIMESTAMP),
        issuing=centre.certificate(Role.ISSUING).public_bytes(Encoding.DER),
        root=centre.roots[0],
        crls=centre.crls,
    )


def seal_pdf(pdf: bytes, keys: SealKeys, *, artwork: bytes, now: datetime) -> bytes:
    """Seal a rendered document that holds the empty field `Seal`.

    `artwork` is the round seal as a one-page PDF. Raises pyHanko's signing errors for a file
    that is not such a document, `keys.errors` for keys that do not serve.
    """
    moment = now.replace(microsecond=0)
    metadata = PdfSignatureMetadata(
        field_name=SEAL_FIELD,
        md_algorithm="sha256",
        name=keys.name,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
    )
    signer = _DatedSigner(
        metadata,
        signer=_signer(keys),
        timestamper=_Timestamper(keys, moment),
        stamp_style=StaticStampStyle(
            background=_Artwork(artwork), background_layout=FILLED, border_width=0
        ),
        moment=moment,
    )
    writer = _Writer(io.BytesIO(pdf))
    _supply_material(writer, keys, moment)
    sealed: IO[bytes] = signer.sign_pdf(writer, existing_fields_only=True)
    sealed.seek(0)
    return add_timestamp(sealed.read(), keys, now=moment)


def add_timestamp(pdf: bytes, keys: SealKeys, *, now: datetime) -> bytes:
    """Add a document timestamp over everything, with what its check needs (B-LTA).

    Called once when a document is sealed, and again to renew it before its newest timestamp's
    certificate ends; the earlier bytes stay as they are. The caller has verified the document.
    """
    writer = _Writer(io.BytesIO(pdf))
    _supply_material(writer, keys, now)
    stamper = PdfTimeStamper(
        _Timestamper(keys, now.replace(microsecond=0)),
        field_name=f"{TIME_FIELD}-{secrets.token_hex(8)}",
        invis_settings=UNSEEN,
    )
    out: IO[bytes] = stamper.timestamp_pdf(writer, "sha256", dss_settings=BEFORE_STAMP)
    out.seek(0)
    return out.read()


def _supply_material(writer: IncrementalPdfFileWriter, keys: SealKeys, now: datetime) -> None:
    """Certificates of both paths and fresh revocation lists, each kept once (DSS)."""
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[
            _certificate(one)
            for one in (
                keys.seal.certificate.public_bytes(Encoding.DER),
                keys.timestamp.certificate.public_bytes(Encoding.DER),
                keys.issuing,
                keys.root,
            )
        ],
        crls=[asn1_crl.CertificateList.load(one) for one in keys.crls(now)],
    )


class _Writer(IncrementalPdfFileWriter):
    """Appends a revision and leaves the document's metadata as it was sealed.

    pyHanko would enter the machine's time of change, which is neither our clock nor a change
    that the strict check allows.
    """

    def _update_meta(self) -> None:
        return


class _DatedSigner(PdfSigner):
    """pyHanko's signer with the time given instead of read from the machine."""

    def __init__(self, *args: Any, moment: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._moment = moment

    def init_signing_session(self, *args: Any, **kwargs: Any) -> PdfSigningSession:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self._moment
        return session


class _Timestamper(TimeStamper):
    """Our own timestamp service, asked in this process."""

    def __init__(self, keys: SealKeys, moment: datetime) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # pyHanko leaves it untyped
        self._keys = keys
        self._moment = moment

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        response = answer(req.dump(), self._keys.timestamp, [self._keys.issuing], now=self._moment)
        return tsp.TimeStampResp.load(response)


class _Artwork(PdfContent):
    """The seal's picture, taken from a PDF in memory."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        writer = self._ensure_writer
        page = writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._pdf)))
        self.set_resource(ResourceType.XOBJECT, pdf_name("/Seal"), page)
        left, bottom, right, top = (float(value) for value in page.get_object()["/BBox"])
        self.box = BoxConstraints(width=round(right - left), height=round(top - bottom))
        # Ink on paper: what is printed under the seal stays legible.
        ink = DictionaryObject({pdf_name("/BM"): pdf_name("/Multiply")})
        self.set_resource(ResourceType.EXT_G_STATE, pdf_name("/Ink"), ink)
        return b"/Ink gs /Seal Do"


def _signer(keys: SealKeys) -> SimpleSigner:
    store = SimpleCertificateStore()
    store.register(_certificate(keys.issuing))
    private = keys.seal.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SimpleSigner(
        signing_cert=_certificate(keys.seal.certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=store,
    )


def _certificate(data: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(data)
