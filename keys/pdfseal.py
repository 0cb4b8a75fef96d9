"""The structure of a sealed PDF: one certifying seal, then our timestamps, then nothing.

Called through `keys.pdf`; this module loads pyHanko. The rules, each an attack refused:
- exactly one seal, first, certifying with DocMDP P=1; after it only document timestamps
  (a second signature or another kind of field hides replaced content);
- each byte range begins at 0 and leaves out nothing but its own signature in hexadecimal
  (signature wrapping); each covers its revision to the end;
- the last one ends with the file (trailing bytes, later incremental updates);
- between them only timestamps and validation material (shadow attacks: replaced objects,
  new appearances, changed metadata, orphaned objects waiting for use);
- a strict parser, no encryption, no hybrid cross-references (two readers, two documents).
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    CatalogModificationRule,
    DiffResult,
    DSSCompareRule,
    FormUpdatingRule,
    ModificationLevel,
    ObjectStreamRule,
    SigFieldCreationRule,
    SigFieldModificationRule,
    StandardDiffPolicy,
    XrefStreamRule,
)
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.pdf_embedded import read_certification_data
from pyhanko.sign.validation.status import SignatureCoverageLevel

from keys.certificates import load_certificate, load_crl
from keys.errors import Forged, KeysError, Malformed, Refused
from keys.pdftokens import Material, Stamped, check_seal, check_timestamp
from keys.signed import Level, Signed

_HEX = re.compile(rb"<(?:[0-9A-F]{2})+>")
_ONLY_ARCHIVAL = StandardDiffPolicy(
    global_rules=[
        CatalogModificationRule(),
        XrefStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        ObjectStreamRule().as_qualified(ModificationLevel.LTA_UPDATES),
        DSSCompareRule().as_qualified(ModificationLevel.LTA_UPDATES),
    ],
    form_rule=FormUpdatingRule(
        field_rules=[
            SigFieldCreationRule(allow_new_visible_after_certify=False),
            SigFieldModificationRule(),
        ]
    ),
    ignore_orphaned_objects=False,
)


@dataclass(frozen=True)
class _Opened:
    """A parsed file with its signatures in order, the seal first."""

    data: bytes
    reader: PdfFileReader
    seal: EmbeddedPdfSignature
    stamps: tuple[EmbeddedPdfSignature, ...]


def examine(data: bytes, roots: Sequence[bytes], crls: Sequence[bytes]) -> Signed:
    """Check everything; see `keys.pdf.read_signed` for the errors."""
    pinned = [load_certificate(one) for one in roots]
    newer = [load_crl(one) for one in crls]
    try:
        opened = _open(data)
        _check_structure(opened)
        return _check_signatures(opened, _material(opened, pinned, newer))
    except KeysError:
        raise
    except Exception as error:  # A hostile file can make a parser raise anything.
        raise Malformed("pdf_unreadable", "The file is damaged, or not a PDF of ours.") from error


def _open(data: bytes) -> _Opened:
    reader = PdfFileReader(io.BytesIO(data), strict=True)
    if reader.encrypted or reader.xrefs.hybrid_xrefs_present:
        raise Refused("pdf_not_ours", "The file is built in a way that our documents never are.")
    found = reader.embedded_signatures
    if not found:
        raise Refused("pdf_unsigned", "The file bears no signature.")
    seal, *stamps = found
    if seal.sig_object_type != "/Sig":
        raise Forged("pdf_seal_first", "The first signature is not a seal.")
    if any(one.sig_object_type != "/DocTimeStamp" for one in stamps):
        raise Forged("pdf_second_signature", "Another signature was added after the seal.")
    return _Opened(data, reader, seal, tuple(stamps))


def _check_structure(opened: _Opened) -> None:
    _require_certified(opened)
    end = 0
    for signature in (opened.seal, *opened.stamps):
        end = _covered(opened.data, signature, after=end)
        signature.compute_integrity_info(diff_policy=_ONLY_ARCHIVAL)
        if signature.coverage not in (
            SignatureCoverageLevel.ENTIRE_REVISION,
            SignatureCoverageLevel.ENTIRE_FILE,
        ):
            raise Forged("pdf_coverage", "A signature does not cover its whole revision.")
        change = signature.diff_result
        harmless = (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES)
        if not isinstance(change, DiffResult) or change.modification_level not in harmless:
            raise Forged("pdf_changed", "The document was changed after it was sealed.")
    if end != len(opened.data):
        raise Forged("pdf_trailing", "There are bytes after the last signed one.")
    revisions = 2 + len(opened.stamps)
    if opened.reader.total_revisions != revisions:
        raise Forged("pdf_revisions", "There is a revision that nobody signed.")


def _require_certified(opened: _Opened) -> None:
    certified = read_certification_data(opened.reader)
    if certified is None or certified.permission is not MDPPerm.NO_CHANGES:
        raise Forged("pdf_not_certified", "The seal does not forbid later changes.")
    if certified.author_sig.get_object() != opened.seal.sig_object:
        raise Forged("pdf_not_certified", "The certifying signature is not the seal.")
    if opened.seal.sig_object.get("/SubFilter") != "/ETSI.CAdES.detached":
        raise Forged("pdf_subfilter", "The seal is not a PAdES signature.")


def _covered(data: bytes, signature: EmbeddedPdfSignature, *, after: int) -> int:
    """Check the byte range exactly and return where it ends."""
    ranges = [int(value) for value in signature.byte_range]
    if len(ranges) != 4:
        raise Forged("pdf_byte_range", "A signature leaves out more than itself.")
    start, length, second, rest = ranges
    end = second + rest
    sound = start == 0 and after < length < second < end <= len(data) and rest > 0
    gap = data[length:second]
    if not sound or _HEX.fullmatch(gap) is None:
        raise Forged("pdf_byte_range", "A signature leaves out more than itself.")
    if bytes.fromhex(gap[1:-1].decode()) != signature.pkcs7_content:
        raise Forged("pdf_byte_range", "A signature stands elsewhere than it says.")
    if not data[:end].endswith((b"%%EOF", b"%%EOF\n")):
        raise Forged("pdf_byte_range", "A signature does not reach the end of its revision.")
    return end


def _check_signatures(opened: _Opened, material: Material) -> Signed:
    sealed = check_seal(opened.seal.pkcs7_content, _digest(opened.data, opened.seal), material)
    moment = sealed.stamp.time
    newest: Stamped = sealed.stamp
    for signature in opened.stamps:
        stamp = check_timestamp(signature.pkcs7_content, _digest(opened.data, signature), material)
        if stamp.time < newest.time or stamp.time > newest.sound_until:
            raise Forged("pdf_time_order", "The timestamps do not follow one another.")
        newest = stamp
    return Signed(
        signer=sealed.signer,
        organisation=sealed.organisation,
        signing_time=moment,
        timestamp=newest.time,
        level=Level.B_LTA if opened.stamps else Level.B_LT,
        pages=int(opened.reader.root["/Pages"]["/Count"]),
        timestamps=len(opened.stamps),
        certificate_sha256=sealed.certificate_sha256,
        seal_digest=_digest(opened.data, opened.seal).hex(),
        sha256=hashlib.sha256(opened.data).hexdigest(),
        sound_until=newest.sound_until,
    )


def _digest(data: bytes, signature: EmbeddedPdfSignature) -> bytes:
    _, length, second, rest = (int(value) for value in signature.byte_range)
    digest = hashlib.sha256(memoryview(data)[:length])
    digest.update(memoryview(data)[second : second + rest])
    return digest.digest()


def _material(
    opened: _Opened,
    roots: list[x509.Certificate],
    newer: list[x509.CertificateRevocationList],
) -> Material:
    """Certificates and revocation lists that the document brings along; never its roots."""
    if "/DSS" not in opened.reader.root:
        return Material(roots, [], newer)
    store = opened.reader.root["/DSS"]
    certificates = [load_certificate(one) for one in _streams(store, "/Certs")]
    crls = [load_crl(one) for one in _streams(store, "/CRLs")]
    return Material(roots, certificates, [*crls, *newer])


def _streams(store: Any, name: str) -> list[bytes]:
    return [bytes(one.get_object().data) for one in store.get(name, [])]
