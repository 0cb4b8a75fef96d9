"""Opening the files of a bid: one pass over the ciphertext, hashed, decrypted, split, compared."""

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from keys.cobblestone import Decryptor
from keys.encoding import PieceDigest
from keys.errors import Forged
from keys.landing import Landing
from keys.lanes import SLICE, Lane
from keys.manifest import FileEntry


class FilesVerdict(StrEnum):
    """What became of a bid's files."""

    OPENED = "opened"
    BIDDER_FAULT = "bidder_fault"
    CUSTODY_FAULT = "custody_fault"
    NONE = "none"


@dataclass(frozen=True)
class StoredFiles:
    """Where the encrypted files lie, and what the ledger's leaf says of them (None: not known)."""

    path: Path
    size: int | None
    digest: str | None


@dataclass(frozen=True)
class FilesKey:
    """What decrypts the files: 32 bytes of key and the context of their header."""

    key: bytes
    context: bytes


def open_files(
    stored: StoredFiles,
    key: FilesKey,
    entries: Sequence[FileEntry],
    padded: int,
    out_dir: Path | None,
) -> tuple[FilesVerdict, str | None]:
    """Return the verdict on the files and its reason; write them to `out_dir` only if opened.

    Bytes that differ from the leaf are the platform's fault even when they do not decrypt either,
    so the ciphertext is hashed to its end. `padded` is the manifest's `files_size`. Raises OSError
    only if writing to `out_dir` fails: a full disk is nobody's verdict.
    """
    try:
        stream = stored.path.open("rb", buffering=0)
    except FileNotFoundError:
        return FilesVerdict.CUSTODY_FAULT, "files_missing"
    except OSError:
        return FilesVerdict.CUSTODY_FAULT, "files_unreadable"
    with stream, ExitStack() as stack:
        landing = stack.enter_context(Landing(out_dir)) if out_dir is not None else None
        splitter = _Splitter(entries, padded, landing)
        try:
            differs = _pass(stream, stored, Decryptor(key.key, key.context), splitter)
        except _Unreadable:
            return FilesVerdict.CUSTODY_FAULT, "files_unreadable"
        if differs:
            return FilesVerdict.CUSTODY_FAULT, "files_differ"
        if splitter.fault is not None:
            return FilesVerdict.BIDDER_FAULT, splitter.fault
        if landing is not None:
            landing.keep()
        return FilesVerdict.OPENED, None


class _Unreadable(Exception):
    """Reading the stored files failed."""


def _pass(
    stream: BinaryIO, stored: StoredFiles, decryptor: Decryptor, splitter: "_Splitter"
) -> bool:
    """Drive all bytes through both hashes; return whether they differ from the leaf."""
    pieces, size = PieceDigest(), 0
    with Lane(pieces.update) as ciphertext, Lane(splitter.feed) as plaintext:
        while chunk := _read(stream):
            size += len(chunk)
            if stored.digest is not None:
                ciphertext.put(chunk)
            elif splitter.fault is not None:
                break
            if splitter.fault is None:
                _decrypt(decryptor, chunk, splitter, plaintext)
        if splitter.fault is None:
            _decrypt(decryptor, None, splitter, plaintext)
        plaintext.drain()
        ciphertext.drain()
    splitter.finish()
    wrong_size = stored.size is not None and stored.size != size
    return wrong_size or (stored.digest is not None and stored.digest != pieces.hexdigest())


def _read(stream: BinaryIO) -> bytes:
    try:
        return stream.read(SLICE)
    except OSError as error:
        raise _Unreadable from error


def _decrypt(
    decryptor: Decryptor, chunk: bytes | None, splitter: "_Splitter", plaintext: Lane
) -> None:
    try:
        opened = decryptor.finalize() if chunk is None else decryptor.update(chunk)
    except Forged:
        plaintext.drain()
        splitter.fail("files_decryption")
    else:
        plaintext.put(opened)


class _Splitter:
    """Cuts the plaintext into the manifest's files and keeps the first fault that it finds.

    `feed` runs in a lane, `fail` after that lane was drained: so the first fault in the order of
    the bytes wins, however the threads run.
    """

    def __init__(self, entries: Sequence[FileEntry], padded: int, landing: Landing | None) -> None:
        self.fault: str | None = None
        self._entries = entries
        self._landing = landing
        self._left_over = padded - sum(each.size for each in entries)
        self._next = 0
        self._hash = hashlib.sha256()
        self._remaining = 0
        self._advance()

    def fail(self, reason: str) -> None:
        """Record a fault, unless there is an earlier one."""
        self.fault = self.fault or reason

    def feed(self, chunk: bytes) -> None:
        """Take the next plaintext bytes."""
        view = memoryview(chunk)
        while view and self.fault is None and self._next <= len(self._entries):
            part = view[: self._remaining]
            self._hash.update(part)
            if self._landing is not None:
                self._landing.write(part)
            self._remaining -= len(part)
            view = view[len(part) :]
            if self._remaining == 0:
                self._advance()
        if view and self.fault is None:
            self._left_over -= len(view)
            if self._left_over < 0:
                self.fail("files_length")
            elif view.tobytes() != bytes(len(view)):
                self.fail("files_padding")

    def finish(self) -> None:
        """Note a fault if the plaintext ended too early."""
        if self._next <= len(self._entries) or self._left_over != 0:
            self.fail("files_length")

    def _advance(self) -> None:
        """Finish the current file, and every empty one that follows, and begin the next."""
        while self.fault is None and self._remaining == 0 and self._next <= len(self._entries):
            if self._next and self._hash.hexdigest() != self._entries[self._next - 1].sha256:
                self.fail("files_sha256")
            self._next += 1
            if self._next <= len(self._entries):
                self._hash = hashlib.sha256()
                self._remaining = self._entries[self._next - 1].size
                if self._landing is not None:
                    self._landing.begin()
