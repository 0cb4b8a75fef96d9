"""Signed notes, checkpoints and cosignatures as C2SP lays them down (签名检查点, 见证签名).

Why: a checkpoint states "the ledger has SIZE lines and this ROOT"; the platform signs it and the
custodians co-sign it, so that nobody can be shown a ledger of his own. The formats are
c2sp.org/signed-note, c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature (cosignature/v1), so
that anybody's tools read them. Strict where the specifications allow a choice: a checkpoint has
exactly three lines, and lone surrogates, control characters and loose base64 are refused.

Domain separation: the platform and the custodians sign JSON statements with the same Ed25519
keys. A statement starts with "{"; a checkpoint starts with its origin, which may not start with
"{" nor be "cosignature/v1"; a cosignature's message starts with "cosignature/v1". So no bytes
signed for one purpose can be read for another.
"""

import base64
import binascii
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from keys.errors import Forged, Malformed
from keys.merkle import HASH_SIZE

ED25519 = 0x01
COSIGNATURE = 0x04
LONGEST_NOTE = 65_536
MOST_SIGNATURES = 100
_MARK = "\u2014 "
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/=_-]{0,127}", re.ASCII)
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_VERIFIER = re.compile(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A verifier key: who (`name`), for which kind of signature, and the 32 public bytes."""

    name: str
    kind: int
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.kind not in (ED25519, COSIGNATURE) or len(self.public) != HASH_SIZE:
            raise Malformed("note_key", "A note key must be Ed25519, kind 1 or 4, 32 bytes.")

    @property
    def key_id(self) -> bytes:
        """Give the four bytes by which a signature line names its key."""
        named = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return sha256(named).digest()[:4]

    def __str__(self) -> str:
        body = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{body}"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line of a note: the signer's name, key id, and what follows."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"{_MARK}{self.name} {base64.b64encode(self.key_id + self.blob).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A signed note: the signed text, which ends in LF, and its signature lines."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint states: which ledger, how many lines, which root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Give the note text: origin, size in decimal, root in base64, each with LF."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @property
    def brief(self) -> str:
        """Give "size root", the form that a release names its checkpoint in."""
        return f"{self.size} {base64.b64encode(self.root).decode()}"


def check_name(name: str) -> None:
    """Refuse a key or ledger name that could be mistaken for another thing that is signed."""
    if not _NAME.fullmatch(name) or name == "cosignature/v1":
        raise Malformed("note_name", "A note's name must be plain ASCII without spaces or '+'.")


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Give the 32 public bytes of a private key."""
    return key.public_key().public_bytes_raw()


def platform_key(origin: str, public: bytes) -> NoteKey:
    """Give the key that signs checkpoints; its name is the ledger's origin."""
    return NoteKey(origin, ED25519, public)


def witness_name(identity: bytes) -> str:
    """Give a custodian's name on cosignature lines: it follows from the identity alone.

    So the opening record, which lists identities, is enough to know whose cosignatures count.
    """
    text = base64.urlsafe_b64encode(identity).decode().rstrip("=")
    return f"custodian/{text}"


def witness_key(identity: bytes) -> NoteKey:
    """Give the cosignature key of the custodian with this Ed25519 identity (32 bytes)."""
    return NoteKey(witness_name(identity), COSIGNATURE, identity)


def parse_key(text: str) -> NoteKey:
    """Read a verifier key `name+hex+base64`; its id must be the right one."""
    found = _VERIFIER.fullmatch(text)
    if not found:
        raise Malformed("note_key", "A verifier key reads name+8 hex digits+base64.")
    body = _unbase64(found[3])
    if len(body) != 1 + HASH_SIZE:
        raise Malformed("note_key", "A verifier key holds one kind byte and 32 key bytes.")
    key = NoteKey(found[1], body[0], body[1:])
    if key.key_id.hex() != found[2]:
        raise Malformed("note_key", "The verifier key's id does not belong to its bytes.")
    return key


def _unbase64(text: str) -> bytes:
    """Decode standard base64 that re-encodes to itself, so that one value has one text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Malformed("base64", "A base64 value does not decode.") from error
    if base64.b64encode(data).decode() != text:
        raise Malformed("base64", "A base64 value is not in its one canonical form.")
    return data


def parse_note(text: str) -> Note:
    """Read a signed note; every line after the blank line must be a signature line."""
    if len(text) > LONGEST_NOTE:
        raise Malformed("note", "The note is longer than 65,536 characters.")
    if any((ord(c) < 0x20 and c != "\n") or 0xD800 <= ord(c) < 0xE000 for c in text):
        raise Malformed("note", "The note holds a control character.")
    body, gap, lines = text.rpartition("\n\n")
    if not gap or not body or not lines.endswith("\n"):
        raise Malformed("note", "The note has no blank line before its signatures.")
    signed = lines[:-1].split("\n")
    if len(signed) > MOST_SIGNATURES:
        raise Malformed("note", f"The note has more than {MOST_SIGNATURES} signature lines.")
    return Note(body + "\n", tuple(parse_signature(line) for line in signed))


def parse_signature(line: str) -> NoteSignature:
    """Read one signature line, without its LF."""
    name, gap, value = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not gap:
        raise Malformed("note_signature", "A signature line reads: dash, name, base64.")
    check_name(name)
    data = _unbase64(value)
    if len(data) < 5:
        raise Malformed("note_signature", "A signature line is too short.")
    return NoteSignature(name, data[:4], data[4:])


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text: exactly origin, size and root."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("checkpoint", "A checkpoint has exactly three lines.")
    check_name(lines[0])
    if not _SIZE.fullmatch(lines[1]):
        raise Malformed("checkpoint", "A checkpoint's size must be a plain decimal number.")
    hashed = _unbase64(lines[2])
    if len(hashed) != HASH_SIZE:
        raise Malformed("checkpoint", "A checkpoint's root must be 32 bytes.")
    return Checkpoint(lines[0], int(lines[1]), hashed)


def parse_brief(text: str) -> tuple[int, bytes]:
    """Read the "size root" of a release."""
    size, _, hashed = text.partition(" ")
    data = _unbase64(hashed)
    if not _SIZE.fullmatch(size) or len(data) != HASH_SIZE:
        raise Malformed("checkpoint", 'A release names its checkpoint as "size root".')
    return int(size), data


def sign_checkpoint(origin: str, size: int, root: bytes, key: Ed25519PrivateKey) -> str:
    """Sign a checkpoint with the platform's key; gives the whole note."""
    check_name(origin)
    text = Checkpoint(origin, size, root).text
    signer = platform_key(origin, public_bytes(key))
    line = NoteSignature(origin, signer.key_id, key.sign(text.encode()))
    return str(Note(text, (line,)))


def _lines_of(note: Note, key: NoteKey) -> list[NoteSignature]:
    return [s for s in note.signatures if s.name == key.name and s.key_id == key.key_id]


def check_checkpoint(note: Note | str, key: NoteKey) -> Checkpoint:
    """Give what the checkpoint states; raise unless the platform's key signed it once.

    The origin must be the key's name: a ledger is known by one name only.
    """
    parsed = parse_note(note) if isinstance(note, str) else note
    lines = _lines_of(parsed, key)
    if key.kind != ED25519 or len(lines) != 1:
        raise Forged("checkpoint", "The checkpoint does not bear one signature of the platform.")
    _check(key.public, lines[0].blob, parsed.text.encode(), "The checkpoint's signature is false.")
    stated = parse_checkpoint(parsed.text)
    if stated.origin != key.name:
        raise Forged("origin", "The checkpoint is one of another ledger.")
    return stated


def _check(public: bytes, signature: bytes, message: bytes, complaint: str) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Forged("signature", complaint) from error


def _cosigned_bytes(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def cosign(text: str, key: Ed25519PrivateKey, when: datetime, name: str | None = None) -> str:
    """Co-sign a checkpoint's text at `when` (aware); gives the signature line without LF.

    The caller must have checked the platform's signature and the consistency with everything
    that it has co-signed before. `name` defaults to the custodian's name of its identity.
    """
    parse_checkpoint(text)
    seconds = int(when.timestamp())
    signer = NoteKey(name or witness_name(public_bytes(key)), COSIGNATURE, public_bytes(key))
    signature = key.sign(_cosigned_bytes(seconds, text))
    line = NoteSignature(signer.name, signer.key_id, struct.pack(">Q", seconds) + signature)
    return str(line)


def check_cosignature_line(text: str, line: NoteSignature, key: NoteKey) -> datetime:
    """Give the time at which `key` co-signed the checkpoint text, or raise `Forged`."""
    if key.kind != COSIGNATURE or line.name != key.name or line.key_id != key.key_id:
        raise Forged("cosignature", "The line is not one of this witness.")
    if len(line.blob) != 8 + 64:
        raise Forged("cosignature", "A cosignature has 8 bytes of time and 64 of signature.")
    (seconds,) = struct.unpack(">Q", line.blob[:8])
    if seconds > 253_402_300_799:
        raise Forged("cosignature", "A cosignature's time lies beyond the year 9999.")
    _check(key.public, line.blob[8:], _cosigned_bytes(seconds, text), "A cosignature is false.")
    return datetime.fromtimestamp(seconds, UTC)


def check_cosignature(note: Note, key: NoteKey) -> datetime:
    """Give when the witness co-signed this note; raise `Forged` if it did not, or falsely."""
    lines = _lines_of(note, key)
    if len(lines) != 1:
        raise Forged("cosignature", f"The checkpoint bears no single line of {key.name}.")
    return check_cosignature_line(note.text, lines[0], key)


def with_lines(note: Note, lines: Iterable[NoteSignature]) -> Note:
    """Add witnesses' lines to a note, one for each signer; those present stay."""
    known = {(line.name, line.key_id): line for line in note.signatures}
    for line in lines:
        known.setdefault((line.name, line.key_id), line)
    return Note(note.text, tuple(known.values()))
