"""The verdict on a sealed bid: a deterministic function of public data, whoever computes it.

It answers whose fault a failed opening is (Order 20 of 2013, art. 31: the bidder's is 撤销, the
platform's 撤回 with damages) and never depends on which custodians released.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from keys.cobblestone import open_bytes
from keys.encoding import b64u, sha256_hex, unb64u
from keys.envelope import MAX_ENVELOPE, body_context
from keys.errors import Forged, KeysError, Malformed
from keys.header import Header, context, derive, parse_header, recover
from keys.manifest import Manifest, unpad_form
from keys.records import OpeningRecord, Release
from keys.unsealing import FilesKey, FilesVerdict, StoredFiles, open_files
from keys.x25519 import Private

__all__ = [
    "Absent",
    "FilesVerdict",
    "Judgement",
    "Leaf",
    "Released",
    "Verdict",
    "gather",
    "judge",
    "judge_leaf",
    "released_keys",
]


class Verdict(StrEnum):
    """What became of a bid at its opening."""

    OPENED = "opened"
    BIDDER_FAULT = "bidder_fault"
    CUSTODY_FAULT = "custody_fault"
    NOT_RELEASED = "not_released"


class Absent(StrEnum):
    """Why there is no file with the encrypted files."""

    LOST = "lost"
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reason (a code, None if all is well), and what was opened.

    `manifest` is there exactly if `verdict` is opened. `files` is judged apart: a bid may be
    opened while its files are not, and `reason` then names what is wrong with them.
    """

    verdict: Verdict
    reason: str | None
    manifest: Manifest | None = None
    files: FilesVerdict = FilesVerdict.NONE

    def to_object(self) -> dict[str, Any]:
        """Return the judgement as plain JSON values."""
        return {
            "verdict": self.verdict.value,
            "reason": self.reason,
            "manifest": self.manifest and self.manifest.to_object(),
            "files": self.files.value,
        }


@dataclass(frozen=True)
class Leaf:
    """What the ledger's entry says of a bid; None where the one who judges does not know it.

    `files` None means not known; True and False whether the leaf names files.
    """

    bidder: str | None = None
    sequence: int | None = None
    sha256: str | None = None
    size: int | None = None
    files: bool | None = None
    files_digest: str | None = None
    files_size: int | None = None


@dataclass(frozen=True)
class Released:
    """The keys that count of one opening's releases, loaded once for all of its bids."""

    opening: str
    keys: Mapping[int, Private]


def judge(
    record: OpeningRecord,
    releases: Iterable[object] | Released,
    envelope: bytes | None,
    *,
    bidder: str,
    sequence: int,
    sha256: str,
    size: int,
    files: Path | None = None,
    files_digest: str | None = None,
    files_size: int = 0,
    files_left_out: bool = False,
    out_dir: Path | None = None,
) -> Judgement:
    """Return the verdict on the bid whose ledger leaf says `bidder` ... `files_size`.

    `releases` may hold anything; what yields no key of the record does not count. Whoever judges
    many bids of one record gives what `gather` made of them. `envelope` None
    means that the platform has lost it, `files` None or an absent path that it has lost the files,
    unless `files_left_out` says that this copy never had them (a public export). `files_size` and
    `files_digest` are those of the ciphertext. Opened files are written to `out_dir` as 0001,
    0002, ..., all or none. Never raises for anything in a bid; only an OSError of `out_dir` passes.
    """
    leaf = Leaf(
        *(bidder, sequence, sha256, size),
        files=files_digest is not None or files_size != 0,
        files_digest=files_digest,
        files_size=files_size,
    )
    absent = Absent.LEFT_OUT if files_left_out else Absent.LOST
    return judge_leaf(record, releases, envelope, leaf, files or absent, out_dir)


def judge_leaf(
    record: OpeningRecord,
    releases: Iterable[object] | Released,
    envelope: bytes | None,
    leaf: Leaf,
    files: Path | Absent = Absent.LEFT_OUT,
    out_dir: Path | None = None,
) -> Judgement:
    """Return the verdict by what is known of the leaf, as `judge` does with a whole one."""
    if envelope is None:
        return Judgement(Verdict.CUSTODY_FAULT, "envelope_missing")
    if leaf.size not in (None, len(envelope)) or leaf.sha256 not in (None, sha256_hex(envelope)):
        return Judgement(Verdict.CUSTODY_FAULT, "envelope_differs")
    if not isinstance(releases, Released) or releases.opening != record.opening_id:
        releases = gather(record, () if isinstance(releases, Released) else releases)
    released = releases.keys
    if len(released) < record.threshold:
        return Judgement(Verdict.NOT_RELEASED, "too_few_releases")
    try:
        header, dek = _unlock(record, released, envelope, leaf)
        manifest = _open_form(record, header, dek, envelope)
    except KeysError as error:
        return Judgement(Verdict.BIDDER_FAULT, error.code)
    verdict, reason = _judge_files(manifest, header, dek, leaf, files, out_dir)
    return Judgement(Verdict.OPENED, reason, manifest, verdict)


def gather(record: OpeningRecord, releases: Iterable[object]) -> Released:
    """Return the keys of all releases that count.

    A release counts if its `private_key` yields a public key of the record; the key proves
    itself, so nothing else of the release is read, and each custodian counts once.
    """
    numbers = {each.key: i for i, each in enumerate(record.custodians, start=1)}
    found: dict[int, Private] = {}
    for each in releases:
        raw = _private_key(each)
        if raw is not None:
            private = Private(raw)
            number = numbers.get(b64u(private.public))
            if number is not None:
                found.setdefault(number, private)
    return Released(record.opening_id, found)


def released_keys(record: OpeningRecord, releases: Iterable[object]) -> set[int]:
    """Return the numbers (from 1) of the custodians whose releases count."""
    return set(gather(record, releases).keys)


def _private_key(given: object) -> bytes | None:
    if isinstance(given, Release):
        text: object = given.private_key
    elif isinstance(given, Mapping):
        text = given.get("private_key")
    else:
        text = given
    try:
        return unb64u(text, 32)
    except Malformed:
        return None


def _unlock(
    record: OpeningRecord, released: Mapping[int, Private], envelope: bytes, leaf: Leaf
) -> tuple[Header, bytes]:
    header = parse_header(envelope)
    if header.opening.hex() != record.opening_id:
        raise Forged("opening", "the header names another opening")
    dek = recover(record, header, released)
    if (
        leaf.bidder is not None
        and leaf.sequence is not None
        and header.context != context(leaf.bidder, record.opening_id, leaf.sequence)
    ):
        raise Forged("context", "the header is bound to another bidder or sequence")
    return header, dek


def _open_form(record: OpeningRecord, header: Header, dek: bytes, envelope: bytes) -> Manifest:
    if len(envelope) > MAX_ENVELOPE:
        raise Malformed("form_size", "the form is longer than any manifest's")
    raw = header.to_bytes()
    key = derive(dek, header.opening, header.context, "form")
    form = open_bytes(key, body_context("form", raw), memoryview(envelope)[len(raw) :])
    manifest = Manifest.from_bytes(unpad_form(form), record)
    if header.context != context(manifest.bidder, manifest.opening, manifest.sequence):
        raise Forged("context", "the manifest names another bidder or sequence than the header")
    return manifest


def _judge_files(
    manifest: Manifest,
    header: Header,
    dek: bytes,
    leaf: Leaf,
    files: Path | Absent,
    out_dir: Path | None,
) -> tuple[FilesVerdict, str | None]:
    listed = bool(manifest.files)
    named = leaf.files if leaf.files is not None else (listed or isinstance(files, Path))
    if listed != named:
        return FilesVerdict.BIDDER_FAULT, "files_unlisted" if named else "files_not_sealed"
    if not listed or files is Absent.LEFT_OUT:
        return FilesVerdict.NONE, None
    if files is Absent.LOST:
        return FilesVerdict.CUSTODY_FAULT, "files_missing"
    raw = header.to_bytes()
    key = FilesKey(derive(dek, header.opening, header.context, "files"), body_context("files", raw))
    stored = StoredFiles(files, leaf.files_size, leaf.files_digest)
    return open_files(stored, key, manifest.files, manifest.files_size, out_dir)
