"""Ways to alter a sealed PDF, from a stray byte to shadow attacks; each yields a file to refuse."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    TextStringObject,
    pdf_name,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from keys.centre import SigningKey
from keys.certificates import PROFILES, Role, generate_key, make_certificate, subject
from tender.publication.papers import sealing
from tests.tender.publication import workshop
from tests.tender.publication.samples import CENTRE

Change = Callable[[IncrementalPdfFileWriter], Any]


def update(pdf: bytes, change: Change) -> bytes:
    """Append an incremental update, as any PDF tool can."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def page(writer: IncrementalPdfFileWriter) -> Any:
    return writer.root["/Pages"]["/Kids"][0]


def replace_content(writer: IncrementalPdfFileWriter) -> None:
    stream = StreamObject(stream_data=b"BT /F1 24 Tf 80 700 Td (99,999,999) Tj ET")
    page(writer)["/Contents"] = writer.add_object(stream)
    writer.update_container(page(writer))


def overwrite_content_stream(writer: IncrementalPdfFileWriter) -> None:
    """Shadow "replace": the same object number, other bytes."""
    stream = page(writer)["/Contents"]
    stream._data = b"q Q"
    stream._encoded_data = None
    writer.update_container(stream)


def add_annotation(writer: IncrementalPdfFileWriter) -> None:
    """Shadow "hide": a white box with other words over the amount."""
    note = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/FreeText"),
            pdf_name("/Contents"): TextStringObject("another amount"),
            pdf_name("/Rect"): ArrayObject([NumberObject(v) for v in (80, 600, 500, 700)]),
        }
    )
    page(writer)["/Annots"].append(writer.add_object(note))
    writer.update_container(page(writer)["/Annots"])


def change_metadata(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/Metadata"] = writer.add_object(StreamObject(stream_data=b"<x/>"))
    writer.update_root()


def change_info(writer: IncrementalPdfFileWriter) -> None:
    writer.set_info(DictionaryObject({pdf_name("/Title"): TextStringObject("Another title")}))


def add_page(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    extra = DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Page"),
            pdf_name("/Parent"): writer.root.raw_get("/Pages"),
            pdf_name("/MediaBox"): ArrayObject([NumberObject(v) for v in (0, 0, 595, 842)]),
        }
    )
    pages["/Kids"].append(writer.add_object(extra))
    pages["/Count"] = NumberObject(int(pages["/Count"]) + 1)
    writer.update_container(pages["/Kids"])


def replace_seal_picture(writer: IncrementalPdfFileWriter) -> None:
    widget = seal_widget(writer)
    widget["/AP"]["/N"] = writer.add_object(StreamObject(stream_data=b"q Q"))
    writer.update_container(widget)


def move_seal(writer: IncrementalPdfFileWriter) -> None:
    widget = seal_widget(writer)
    widget["/Rect"] = ArrayObject([NumberObject(v) for v in (0, 0, 10, 10)])
    writer.update_container(widget)


def seal_widget(writer: IncrementalPdfFileWriter) -> Any:
    return writer.root["/AcroForm"]["/Fields"][0]


def hide_the_seal(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/AcroForm"]
    writer.update_root()


def drop_certification(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/Perms"]
    writer.update_root()


def add_javascript(writer: IncrementalPdfFileWriter) -> None:
    script = DictionaryObject(
        {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): TextStringObject("1")}
    )
    writer.root["/OpenAction"] = script
    writer.update_root()


def add_text_field(writer: IncrementalPdfFileWriter) -> None:
    field = DictionaryObject(
        {
            pdf_name("/FT"): pdf_name("/Tx"),
            pdf_name("/T"): TextStringObject("Amount"),
            pdf_name("/V"): TextStringObject("1"),
        }
    )
    writer.root["/AcroForm"]["/Fields"].append(writer.add_object(field))
    writer.update_container(writer.root["/AcroForm"]["/Fields"])


def add_empty_signature_field(writer: IncrementalPdfFileWriter) -> None:
    append_signature_field(writer, SigFieldSpec("Another", box=(10, 10, 100, 100)))


def leave_an_orphan(writer: IncrementalPdfFileWriter) -> None:
    """Shadow "hide-and-replace", first half: an object that waits for a later use."""
    writer.add_object(StreamObject(stream_data=b"BT (waiting) Tj ET"))


def swap_fonts(writer: IncrementalPdfFileWriter) -> None:
    page(writer)["/Resources"]["/Font"] = writer.add_object(DictionaryObject())
    writer.update_container(page(writer)["/Resources"])


def then_stamp(change: Change) -> bytes:
    """A change that an insider covers with a genuine timestamp of the centre."""
    changed = update(workshop.sealed(), change)
    return sealing.add_timestamp(changed, workshop.keys(), now=workshop.NOW)


def second_signature() -> bytes:
    """An approval signature of the centre itself, added afterwards."""
    metadata = PdfSignatureMetadata(field_name="Second", subfilter=SigSeedSubFilter.PADES)
    writer = IncrementalPdfFileWriter(io.BytesIO(workshop.sealed()))
    signer = PdfSigner(metadata, signer=sealing._signer(workshop.keys()))
    signer._enforce_certification_constraints = lambda reader: None  # type: ignore[method-assign]  # The attacker does not ask.
    return bytes(signer.sign_pdf(writer).getvalue())


def weaker_certification(permission: MDPPerm | None) -> bytes:
    """Sealed by the right key, but allowing changes, or not certifying at all."""
    keys = workshop.keys()
    metadata = PdfSignatureMetadata(
        field_name="Seal",
        certify=permission is not None,
        docmdp_permissions=permission or MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(workshop.rendered()))
    sealing._supply_material(writer, keys, workshop.NOW)
    signer = PdfSigner(
        metadata,
        signer=sealing._signer(keys),
        timestamper=sealing._Timestamper(keys, workshop.NOW),
    )
    signed = signer.sign_pdf(writer).getvalue()
    return sealing.add_timestamp(signed, keys, now=workshop.NOW)


def other_centre(name: str) -> bytes:
    """The same document, sealed by an authority of the forger's own."""
    return workshop.seal_with(sealing.open_keys(workshop.new_centre(name)), now=workshop.NOW)


def sealed_as(role: Role) -> bytes:
    """Sealed with a certificate under our root that was issued for something else."""
    issuer = workshop.centre().signing_key(PROFILES[role].issuer)
    key = generate_key()
    certificate = make_certificate(
        role,
        key.public_key(),
        subject(CENTRE, CENTRE),
        issuer=issuer.certificate,
        issuer_key=issuer.key,
        now=workshop.NOW,
    )
    keys = replace(
        workshop.keys(),
        seal=SigningKey(certificate, key),
        issuing=issuer.certificate.public_bytes(Encoding.DER),
    )
    return workshop.seal_with(keys, now=workshop.NOW)


def sealed_after_the_end() -> bytes:
    """Sealed and dated with our keys after the seal's certificate had ended."""
    later = workshop.keys().seal.certificate.not_valid_after_utc + timedelta(days=1)
    return workshop.seal_with(sealing.open_keys(workshop.centre()), now=later)


def edit(find: bytes, put: bytes) -> bytes:
    """Overwrite the first place where some bytes stand, keeping the length."""
    pdf = workshop.sealed()
    assert find in pdf
    assert len(find) == len(put)
    return pdf.replace(find, put, 1)


def flip(at: int, bit: int = 1) -> bytes:
    """One bit of one byte."""
    pdf = bytearray(workshop.sealed())
    pdf[at] ^= bit
    return bytes(pdf)


def last_gap() -> tuple[int, int]:
    """Where the last timestamp's hexadecimal stands: after `<`, before `>`."""
    pdf = workshop.sealed()
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    return start, pdf.index(b">", start)


def lower_case_hex() -> bytes:
    pdf = workshop.sealed()
    start, end = last_gap()
    return pdf[:start] + pdf[start:end].lower() + pdf[end:]


def words_in_the_padding() -> bytes:
    pdf = workshop.sealed()
    _, end = last_gap()
    return pdf[: end - 8] + b"CAFEBABE" + pdf[end:]
