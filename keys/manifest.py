"""The manifest: what a bidder offers, inside the sealed form of its envelope."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from keys import fields
from keys.encoding import b64u, canonical, padme, parse, unb64u
from keys.errors import Forged, Malformed
from keys.records import OpeningRecord
from keys.statements import check_ecdsa, p256_point, sign_ecdsa

MAX_SIZE = 1024 * 1024
MIN_FORM = 4096
MIN_FILES = 65536
_FILE = ("name", "size", "sha256")
_MANIFEST = (
    *("v", "bidder", "opening", "sequence", "prices_fen", "terms", "files", "files_size"),
    *("public_key", "signature"),
)


@dataclass(frozen=True)
class FileEntry:
    """A file of the bid: its name as the bidder gave it, size in bytes, SHA-256 of its content.

    The name is any string, even a repeated one, and never a path: use it for show only.
    """

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise Malformed("field", "a file's name is not a text")
        fields.integer(self.size, "a file's size")
        fields.digest(self.sha256, "a file's sha256")


@dataclass(frozen=True)
class Manifest:
    """A bidder's offer: prices in integer fen by lot, terms, files, and its own signature.

    `public_key` (uncompressed P-256 point) and `signature` (raw r||s) are base64url, both or
    neither. Every instance has valid fields; a signature is checked by `from_bytes`.
    """

    bidder: str
    opening: str
    sequence: int
    prices_fen: Mapping[str, int]
    terms: Mapping[str, Any]
    files: tuple[FileEntry, ...] = ()
    public_key: str | None = None
    signature: str | None = None
    files_size: int = field(init=False)

    def __post_init__(self) -> None:
        fields.party(self.bidder, "bidder")
        fields.digest(self.opening, "opening")
        fields.integer(self.sequence, "sequence")
        if not isinstance(self.prices_fen, dict) or not isinstance(self.terms, dict):
            raise Malformed("field", "prices_fen and terms must be objects")
        for price in self.prices_fen.values():
            fields.integer(price, "a price")
        if (self.public_key is None) != (self.signature is None):
            raise Malformed("field", "public_key and signature must both be there or both be null")
        object.__setattr__(self, "files_size", padded_files(each.size for each in self.files))

    @classmethod
    def from_bytes(cls, data: bytes, record: OpeningRecord) -> "Manifest":
        """Read the exact manifest of a bid for `record`; raise Malformed, or Forged if misigned."""
        if len(data) > MAX_SIZE:
            raise Malformed("manifest_size", f"a manifest has at most {MAX_SIZE} bytes")
        top = fields.exact(parse(data), _MANIFEST, "the manifest")
        fields.version(top["v"], "manifest/v1")
        files = fields.listing(top["files"], "files")
        manifest = cls(
            bidder=top["bidder"],
            opening=top["opening"],
            sequence=top["sequence"],
            prices_fen=top["prices_fen"],
            terms=top["terms"],
            files=tuple(FileEntry(**fields.exact(each, _FILE, "a file")) for each in files),
            public_key=top["public_key"],
            signature=top["signature"],
        )
        if top["files_size"] != manifest.files_size or isinstance(top["files_size"], bool):
            raise Malformed("files_size", "files_size is not the padded sum of the sizes")
        manifest.check_for(record)
        if manifest.public_key is not None:
            check_ecdsa(top, unb64u(manifest.public_key, 65))
        return manifest

    def check_for(self, record: OpeningRecord) -> None:
        """Raise unless the manifest is for `record` and prices exactly what its part asks for."""
        if self.opening != record.opening_id:
            raise Forged("opening", "the manifest names another opening")
        wanted = {record.lot} if record.part.priced else set()
        if set(self.prices_fen) != wanted:
            what = f"exactly lot {record.lot}" if wanted else "no price"
            raise Malformed("prices", f"a bid for the {record.part} part must name {what}")

    def signed(self, signer: ec.EllipticCurvePrivateKey | None) -> "Manifest":
        """Return the manifest signed by the bidder's P-256 key, or unsigned without one."""
        if signer is None:
            return self
        key = b64u(p256_point(signer.public_key()))
        statement = sign_ecdsa({**self.to_object(), "public_key": key}, signer)
        return Manifest(
            *(self.bidder, self.opening, self.sequence, self.prices_fen, self.terms, self.files),
            public_key=key,
            signature=statement["signature"],
        )

    def to_object(self) -> dict[str, Any]:
        """Return the manifest as plain JSON values."""
        return {
            "v": "manifest/v1",
            "bidder": self.bidder,
            "opening": self.opening,
            "sequence": self.sequence,
            "prices_fen": dict(self.prices_fen),
            "terms": dict(self.terms),
            "files": [{name: getattr(each, name) for name in _FILE} for each in self.files],
            "files_size": self.files_size,
            "public_key": self.public_key,
            "signature": self.signature,
        }

    def to_bytes(self) -> bytes:
        """Return the RFC 8785 bytes, at most 1 MiB."""
        data = canonical(self.to_object())
        if len(data) > MAX_SIZE:
            raise Malformed("manifest_size", f"a manifest has at most {MAX_SIZE} bytes")
        return data


def padded_files(sizes: Iterable[int]) -> int:
    """Return the length of the plaintext of all files with its zero bytes; 0 without files."""
    listed = list(sizes)
    return max(MIN_FILES, padme(sum(listed))) if listed else 0


def pad_form(data: bytes) -> bytes:
    """Return the manifest's bytes with the zero bytes that hide their number."""
    return data + bytes(form_size(len(data)) - len(data))


def form_size(length: int) -> int:
    """Return the length of the form of a manifest of `length` bytes."""
    return max(MIN_FORM, padme(length))


def unpad_form(form: bytes) -> bytes:
    """Return the manifest's bytes, or raise Malformed if the padding is not exactly the rule's."""
    data = form.rstrip(b"\0")
    if len(form) != form_size(len(data)):
        raise Malformed("padding", "the form does not have the length of its manifest's padding")
    return data
