"""Whom the electronic signatures of a PDF name (电子签章的签署人): subjects of their certificates.

Signatures differ in kind (PKCS #7, CAdES, GM/T 0010, GB/T 38540 seals), and the names in them do
not: X.501 attributes in DER. Those are read wherever they stand. Nothing is verified here: a name
in a signature is a sign to look at, whether the signature holds or not.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any

import pypdfium2.raw as pdfium

_MOST, _LARGEST = 200, 16 << 20
_MOST_NAMES = 64  # Of one signature: a chain of certificates has a dozen or two.
# commonName, serialNumber, organizationName, organizationalUnitName, organizationIdentifier
# (X.520 6.2.2, 6.2.9, 6.4.1, 6.4.2, 6.4.4), then a string of up to 255 octets.
_ATTRIBUTE = re.compile(
    rb"\x06\x03\x55\x04[\x03\x05\x0a\x0b\x61]([\x0c\x13\x14\x16\x1e])(?:\x81([\x80-\xff])|([\x01-\x7f]))",
    re.DOTALL,
)
_WIDE = 0x1E  # BMPString


def signers(document: Any) -> tuple[tuple[str, ...], bool]:
    """Return for each signature of a PDFium document the names in its certificates, one a line.

    The second value tells whether all signatures were read.
    """
    found = []
    count = pdfium.FPDF_GetSignatureCount(document.raw)
    every = count <= _MOST
    for number in range(min(_MOST, count)):
        signature = pdfium.FPDF_GetSignatureObject(document.raw, number)
        size = pdfium.FPDFSignatureObj_GetContents(signature, None, 0)
        every = every and size <= _LARGEST
        if not 0 < size <= _LARGEST:
            continue
        held = ctypes.create_string_buffer(size)
        pdfium.FPDFSignatureObj_GetContents(signature, held, size)
        names = names_in(held.raw)
        if names:
            found.append("\n".join(names))
    return tuple(dict.fromkeys(found)), every


def names_in(der: bytes) -> tuple[str, ...]:
    """Return the first names that X.501 attributes in a DER encoding give, each once, on one line.

    What cannot be shown is left out: a line end in a name would part it into two.
    """
    names: dict[str, None] = {}
    for match in _ATTRIBUTE.finditer(der):
        size = (match[2] or match[3])[0]
        value = der[match.end() : match.end() + size]
        if len(value) == size and len(names) < _MOST_NAMES:
            code = "utf-16-be" if match[1][0] == _WIDE else "utf-8"
            words = " ".join(value.decode(code, "replace").split())
            names["".join(filter(str.isprintable, words)).strip()] = None
    return tuple(filter(None, names))
