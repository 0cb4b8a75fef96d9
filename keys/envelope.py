"""Envelopes `sealed-bid/v1` (投标文件密文): sealing, and what intake can check without a key."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric import ec

from keys import manifest as manifests
from keys.cobblestone import Encryptor, opened_size, seal_bytes, sealed_size
from keys.encoding import PieceDigest, canonical, padme
from keys.errors import Malformed, Refused
from keys.header import Header, build_header, context, derive, parse_header
from keys.lanes import SLICE, Lane
from keys.manifest import FileEntry, Manifest
from keys.records import OpeningRecord

__all__ = [
    "MAX_ENVELOPE",
    "Header",
    "Sealed",
    "body_context",
    "check_header_for",
    "context",
    "parse_header",
    "seal",
]

MAX_ENVELOPE = 2048 + sealed_size(manifests.MAX_SIZE)
_DEK_SIZE = 32

Source = Path | str | BinaryIO


@dataclass(frozen=True)
class Sealed:
    """A sealed bid: the envelope, and size and piece digest of the encrypted files (or 0, None)."""

    envelope: bytes
    files_size: int
    files_digest: str | None


def body_context(kind: str, header: bytes) -> bytes:
    """Return what binds a body, `form` or `files`, to its header."""
    return b"sealed-bid/v1 " + kind.encode("ascii") + b"\0" + hashlib.sha256(header).digest()


def check_header_for(record: OpeningRecord, envelope: bytes, bidder: str, sequence: int) -> Header:
    """Return the header, or raise if the envelope cannot be this bidder's for this opening.

    All that can be seen without the key (Order 20 of 2013, art. 26: what is not sealed as
    required is refused): grammar, suite, opening, number of shares, context, a possible length.
    """
    header = parse_header(envelope)
    if header.opening.hex() != record.opening_id:
        raise Refused("not_for_this_opening", "the bid was sealed for another opening")
    if len(header.boxes) != len(record.custodians):
        raise Refused("not_for_this_opening", "the bid was not sealed for these custodians")
    if header.context != context(bidder, record.opening_id, sequence):
        raise Refused("not_for_this_bid", "the bid was sealed for another bidder or sequence")
    length = opened_size(len(envelope) - len(header.to_bytes()))
    if (
        length is None
        or not manifests.MIN_FORM <= length <= manifests.MAX_SIZE
        or padme(length) != length
    ):
        raise Malformed("form_size", "the sealed form is cut off or has no possible length")
    return header


def seal(
    record: OpeningRecord,
    *,
    bidder: str,
    sequence: int,
    prices_fen: Mapping[str, int],
    terms: Mapping[str, Any] | None = None,
    files: Sequence[tuple[str, Source]] = (),
    signer: ec.EllipticCurvePrivateKey | None = None,
    out_files: BinaryIO | None = None,
) -> Sealed:
    """Seal a bid under a fresh key that exists whole only inside this call.

    `files` are (name, path or binary stream), read once, in flat memory; their ciphertext goes to
    `out_files`. `signer` is the bidder's P-256 key. Before sealing the caller checks the record's
    acceptances (`records.check_acceptances`); with keys of the platform's own making there would
    be no secret. Raises Malformed for anything that an opening would call the bidder's fault.
    """
    named = [(name, source) for name, source in files]
    draft = Manifest(bidder, record.opening_id, sequence, dict(prices_fen), dict(terms or {}))
    draft.check_for(record)
    canonical([draft.to_object()["terms"], [name for name, _ in named]])
    dek = secrets.token_bytes(_DEK_SIZE)
    bound = context(bidder, record.opening_id, sequence)
    header = build_header(record, dek, bound)
    raw = header.to_bytes()
    entries: tuple[FileEntry, ...] = ()
    size, digest = 0, None
    if named:
        if out_files is None:
            raise Refused("files", "there are files, but nowhere to write their ciphertext")
        key = derive(dek, header.opening, bound, "files")
        entries, size, digest = _seal_files(
            Encryptor(key, body_context("files", raw)), named, out_files
        )
    manifest = Manifest(
        bidder, record.opening_id, sequence, draft.prices_fen, draft.terms, entries
    ).signed(signer)
    form = manifests.pad_form(manifest.to_bytes())
    key = derive(dek, header.opening, bound, "form")
    envelope = raw + seal_bytes(key, body_context("form", raw), form)
    check_header_for(record, envelope, bidder, sequence)
    return Sealed(envelope, size, digest)


def _seal_files(
    encryptor: Encryptor, files: Sequence[tuple[str, Source]], out: BinaryIO
) -> tuple[tuple[FileEntry, ...], int, str]:
    """Encrypt and hash the files in one pass; return their entries, sealed size and digest."""
    pieces, written = PieceDigest(), 0
    entries: list[FileEntry] = []

    def land(chunk: bytes) -> None:
        nonlocal written
        pieces.update(chunk)
        out.write(chunk)
        written += len(chunk)

    with Lane(land) as ciphertext:
        for name, source in files:
            entries.append(_seal_file(encryptor, name, source, ciphertext))
        missing = manifests.padded_files(each.size for each in entries) - sum(
            each.size for each in entries
        )
        while missing > 0:
            ciphertext.put(encryptor.update(bytes(min(missing, SLICE))))
            missing -= SLICE
        ciphertext.put(encryptor.finalize())
        ciphertext.drain()
    return tuple(entries), written, pieces.hexdigest()


def _seal_file(encryptor: Encryptor, name: str, source: Source, ciphertext: Lane) -> FileEntry:
    plain, size = hashlib.sha256(), 0
    with _reading(source) as stream, Lane(plain.update) as hashing:
        while chunk := stream.read(SLICE):
            hashing.put(chunk)
            ciphertext.put(encryptor.update(chunk))
            size += len(chunk)
        hashing.drain()
    return FileEntry(name, size, plain.hexdigest())


@contextmanager
def _reading(source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, Path | str):
        with Path(source).open("rb", buffering=0) as stream:
            yield stream
    else:
        yield source
