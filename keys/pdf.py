"""Is this PDF one that the centre issued, unchanged? (签章文件核验)

`verify_issued` is strict where ordinary readers are not. poppler calls every incremental-update
and shadow attack "valid", because a PDF may grow after it was signed; here nothing may follow
the seal but archival timestamps of our own, nothing at all may follow the last of them, and
only the pinned root counts. It reads no clock and no network: each certificate is judged at the
time that the timestamps prove, with the revocation lists inside the document, so the answer of
today is the answer in ten years (ETSI EN 319 102-1, past certificate validation).

The PDF library is loaded at the first call, not when this module is imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from keys.errors import Forged, KeysError, Malformed, Refused
from keys.signed import Answer, Comparison, Level, Signed

MAX_BYTES = 64 * 1024 * 1024
MAX_REVISIONS = 16


def verify_issued(
    pdf_bytes: bytes, roots: Sequence[bytes], *, crls: Sequence[bytes] = ()
) -> Signed:
    """Check that a PDF is exactly as the centre sealed it, at level PAdES B-LTA.

    `roots` are the pinned root certificates, DER or PEM; `crls` may add newer revocation lists to
    those inside, so that a seal withdrawn from a date before its use is found out. Raises
    `Malformed` for what is no readable PDF, `Refused` for a document without our seal or without
    its archival timestamp, `Forged` for one that was changed, or whose seal does not hold.
    """
    signed = read_signed(pdf_bytes, roots, crls=crls)
    if signed.level is not Level.B_LTA:
        raise Refused(
            "pdf_level", "The document's last timestamp is missing: it was cut short, or is older."
        )
    return signed


def read_signed(pdf_bytes: bytes, roots: Sequence[bytes], *, crls: Sequence[bytes] = ()) -> Signed:
    """The same check for a document of any level, an earlier revision included."""
    if len(pdf_bytes) > MAX_BYTES:
        raise Malformed("pdf_too_large", "The file is larger than any document that we issue.")
    if not pdf_bytes.startswith(b"%PDF-1.7") or b"%%EOF" not in pdf_bytes[-8:]:
        raise Malformed("pdf_malformed", "The file does not begin and end as our PDFs do.")
    from keys.pdfseal import examine  # Loads pyHanko, which takes most of a second.

    return examine(pdf_bytes, roots, crls)


def compare_with_issued(
    pdf_bytes: bytes,
    roots: Sequence[bytes],
    *,
    issued_sha256: str | None = None,
    issued: bytes | None = None,
) -> Comparison:
    """Tell a person what an uploaded PDF is: genuine, older, another one, forged, or unclear.

    `issued_sha256` is the hash in the ledger's `document.issued` for the code that was asked
    about, `issued` the issued file itself if it is at hand; without both, only the seal is
    judged. Never raises for bad input: everything that a file can be is an answer.
    """
    try:
        signed = read_signed(pdf_bytes, roots)
    except KeysError as error:
        if issued is not None and issued.startswith(pdf_bytes):
            return Comparison(
                Answer.CANNOT_TELL,
                None,
                "pdf_incomplete",
                "The file is the beginning of the issued document; get it whole.",
            )
        return _unsound(pdf_bytes, roots, error)
    answer, code, message = _place(pdf_bytes, signed, issued_sha256, issued)
    return Comparison(answer, signed, code, message)


def _place(
    pdf_bytes: bytes, signed: Signed, issued_sha256: str | None, issued: bytes | None
) -> tuple[Answer, str, str]:
    """Where a soundly sealed file stands beside the issued one."""
    if issued is not None:
        issued_sha256 = hashlib.sha256(issued).hexdigest()
    if issued_sha256 == signed.sha256:
        return Answer.GENUINE, "pdf_genuine", "This is the issued document, byte for byte."
    if issued is not None and issued.startswith(pdf_bytes):
        return Answer.OLDER, "pdf_older", "This is an earlier state of the issued document."
    if signed.level is not Level.B_LTA:
        return Answer.OLDER, "pdf_older", "This is an earlier state of a document of ours."
    if issued is not None and pdf_bytes.startswith(issued):
        return Answer.GENUINE, "pdf_renewed", "The issued document with a newer timestamp of ours."
    if issued_sha256 is None:
        return Answer.GENUINE, "pdf_sealed", "The seal is ours and nothing was changed since."
    return (
        Answer.OTHER,
        "pdf_other",
        "The seal is ours, but this is not the file that was issued under this number.",
    )


def _unsound(pdf_bytes: bytes, roots: Sequence[bytes], error: KeysError) -> Comparison:
    """Forged if it is, or begins with, a document of ours; otherwise nobody can tell."""
    if isinstance(error, Forged):
        return Comparison(Answer.FORGED, None, error.code, error.message)
    for end in revision_ends(pdf_bytes):
        try:
            original = read_signed(pdf_bytes[:end], roots)
        except KeysError:
            continue
        return Comparison(
            Answer.FORGED,
            original,
            "pdf_changed_after",
            "A document of ours was changed after it was sealed.",
        )
    return Comparison(Answer.CANNOT_TELL, None, error.code, error.message)


def revision_ends(pdf_bytes: bytes) -> list[int]:
    """Offsets at which a revision of the file may end, the longest first, at most a few."""
    ends: list[int] = []
    at = len(pdf_bytes)
    while (found := pdf_bytes.rfind(b"%%EOF", 0, at)) >= 0 and len(ends) < MAX_REVISIONS:
        after = pdf_bytes[found + 5 : found + 6]
        end = found + 6 if after == b"\n" else found + 5
        if end < len(pdf_bytes):
            ends.append(end)
        at = found
    return ends
