"""The header of an envelope: who may open it, for which opening, bidder and sequence.

Everything in it is a function of (DEK, record, context). So whoever recovers the DEK builds the
header anew and compares: no bidder can give one custodian a wrong share and choose afterwards,
with that custodian's help, whether its bid opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys import fields, shamir
from keys.encoding import b64u, canonical, sha256_hex, unb64u
from keys.errors import Forged, KeysError, Malformed
from keys.records import MAX_CUSTODIANS, OpeningRecord
from keys.x25519 import Private

MAGIC = "sealed-bid/v1"
SUITE = "x25519-aes256"
_MAX_SIZE = 2048
_NONCE = bytes(12)  # Safe, as every wrapping key is unique to DEK, context and custodian.


def context(bidder: str, opening_id: str, sequence: int) -> bytes:
    """Return the 32 bytes that bind an envelope to its bidder, opening and sequence."""
    named = {
        "bidder": fields.party(bidder, "bidder"),
        "opening": fields.digest(opening_id, "opening"),
        "sequence": fields.integer(sequence, "sequence"),
    }
    return bytes.fromhex(sha256_hex(canonical(named)))


@dataclass(frozen=True)
class Header:
    """A header as parsed or built: `boxes[i]` is custodian i+1's encrypted share (48 bytes)."""

    opening: bytes
    context: bytes
    ephemeral: bytes
    boxes: tuple[bytes, ...]

    def to_bytes(self) -> bytes:
        """Return the header's only spelling, up to the line feed after `---`."""
        lines = [
            MAGIC,
            f"suite {SUITE}",
            f"opening {self.opening.hex()}",
            f"context {self.context.hex()}",
            f"ephemeral {b64u(self.ephemeral)}",
            *(f"share {i} {b64u(box)}" for i, box in enumerate(self.boxes, start=1)),
            "---",
            "",
        ]
        return "\n".join(lines).encode("ascii")


def parse_header(envelope: bytes) -> Header:
    """Read the header at the start of `envelope` by its exact grammar, or raise Malformed."""
    end = envelope.find(b"\n---\n", 0, _MAX_SIZE)
    if end < 0:
        raise Malformed("header", "this is not a sealed bid: the header has no end")
    raw = envelope[: end + 5]
    lines = raw.decode("ascii", "replace").split("\n")
    if lines[0] != MAGIC:
        raise Malformed("header", f"the header does not begin with {MAGIC}")
    if lines[1] != f"suite {SUITE}":
        raise Malformed("suite", f"the envelope does not use the suite {SUITE}")
    shares = lines[5:-2]
    if not 2 <= len(shares) <= MAX_CUSTODIANS:
        raise Malformed("header", f"the header does not hold 2 to {MAX_CUSTODIANS} shares")
    header = Header(
        opening=bytes.fromhex(fields.digest(lines[2].removeprefix("opening "), "opening")),
        context=bytes.fromhex(fields.digest(lines[3].removeprefix("context "), "context")),
        ephemeral=unb64u(lines[4].removeprefix("ephemeral "), 32),
        boxes=tuple(
            unb64u(line.removeprefix(f"share {i} "), 48) for i, line in enumerate(shares, start=1)
        ),
    )
    if header.to_bytes() != raw:
        raise Malformed("header", "the header is not written as its grammar demands")
    return header


def derive(dek: bytes, opening: bytes, bound: bytes, label: str) -> bytes:
    """Return PRF(label): 32 bytes that only the holder of the DEK can compute."""
    return HKDF(SHA256(), 32, opening + bound, f"sealed-bid/v1 {label}".encode()).derive(dek)


def build_header(record: OpeningRecord, dek: bytes, bound: bytes) -> Header:
    """Share the DEK among the record's custodians; `bound` is the envelope's context."""
    opening = bytes.fromhex(record.opening_id)
    coefficients = [
        derive(dek, opening, bound, f"coefficient {k}") for k in range(1, record.threshold)
    ]
    scalar = Private(derive(dek, opening, bound, "ephemeral"))
    ephemeral = scalar.public
    boxes = []
    shares = shamir.split(dek, coefficients, len(record.custodians))
    for i, (custodian, share) in enumerate(zip(record.custodians, shares, strict=True), start=1):
        key = custodian.key_bytes
        wrap = _wrap(scalar.agree(key), ephemeral + key, opening, i)
        boxes.append(AESGCM(wrap).encrypt(_NONCE, share, bound))
    return Header(opening, bound, ephemeral, tuple(boxes))


def recover(record: OpeningRecord, header: Header, released: Mapping[int, Private]) -> bytes:
    """Return the DEK of a header that is wholly right, or raise Forged.

    `released` maps custodian numbers (from 1, at least `threshold` of them) to private keys; the
    lowest are used. A box that does not open and a header that differs when built anew are one and
    the same failure, so that the outcome does not depend on which custodians released.
    """
    try:
        shares = {i: _open_box(record, header, i, released[i]) for i in _lowest(record, released)}
        dek = shamir.combine(shares)
        rebuilt = build_header(record, dek, header.context)
    except (KeysError, InvalidTag, IndexError) as error:
        raise Forged("shares", "the header is not what its key makes of this record") from error
    if rebuilt != header:
        raise Forged("shares", "the header is not what its key makes of this record")
    return dek


def _lowest(record: OpeningRecord, released: Mapping[int, Private]) -> list[int]:
    return sorted(released)[: record.threshold]


def _open_box(record: OpeningRecord, header: Header, i: int, private: Private) -> bytes:
    shared = private.agree(header.ephemeral)
    salt = header.ephemeral + record.custodians[i - 1].key_bytes
    wrap = _wrap(shared, salt, bytes.fromhex(record.opening_id), i)
    return AESGCM(wrap).decrypt(_NONCE, header.boxes[i - 1], header.context)


def _wrap(shared: bytes, salt: bytes, opening: bytes, i: int) -> bytes:
    info = b"sealed-bid/v1 share" + opening + bytes([i])
    return HKDF(SHA256(), 32, salt, info).derive(shared)
