"""Lines of the ledger: entry/v1, hidden lines, and the receipts made from entries (账本条目, 回执).

Why: everything that anybody may have to prove later is one line here. A line is the RFC 8785
bytes of an object; its leaf is the RFC 6962 hash of these bytes. Until the opening of a tender is
closed its bids are served as `{"leaf": hex}` only, among blind fillers, so that nobody learns
who bids or how many do (招标投标法 art. 22); `nonce` keeps a guessed line from being confirmed by
its hash. Personal data never enters: only its salted digest, so that it can be erased.

docs/ledger.md lays the format down. Nothing here reads a clock or draws randomness for others.
"""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding, merkle, notes, statements
from keys.errors import Forged, Malformed

VERSION = "entry/v1"
RECEIPT = "receipt/v1"
NONCE_SIZE = 16
SALT_SIZE = 32
LONGEST_LINE = 65_536
COMMON = frozenset(
    {"v", "seq", "time", "event", "subject", "actor", "data_sha256", "nonce"},
)
HIDDEN_EVENTS = frozenset({"bid.submitted", "bid.withdrawn", "filler"})

_EVENT = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)?", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_HEX = re.compile(r"[0-9a-f]*", re.ASCII)
_RESERVED = ("opening.", "bid.", "filler", "document.", "attachment.")


@dataclass(frozen=True, slots=True)
class Entry:
    """One plain line: its place, time, event and public fields; `line` are its exact bytes."""

    seq: int
    time: datetime
    event: str
    subject: str
    actor: str
    data_sha256: str | None
    nonce: str
    fields: dict[str, Any]
    line: bytes

    @property
    def leaf(self) -> bytes:
        """Give the RFC 6962 leaf hash of the line."""
        return merkle.leaf_hash(self.line)

    def as_object(self) -> dict[str, Any]:
        """Give the JSON object of the line."""
        return _object(self)


def _object(entry: Entry) -> dict[str, Any]:
    return {
        "v": VERSION,
        "seq": entry.seq,
        "time": encoding.timestamp(entry.time),
        "event": entry.event,
        "subject": entry.subject,
        "actor": entry.actor,
        "data_sha256": entry.data_sha256,
        "nonce": entry.nonce,
        **entry.fields,
    }


def build_entry(
    *,
    seq: int,
    time: datetime,
    event: str,
    subject: str,
    actor: str,
    nonce: bytes,
    fields: dict[str, Any] | None = None,
    data_sha256: str | None = None,
) -> Entry:
    """Make the entry for place `seq` (from 0), at `time` (aware; whole seconds are kept).

    `nonce` is 16 fresh random bytes from the caller. `fields` are the event's public fields.
    Raises `Malformed` if the entry would not be read back, so that no bad line is ever logged.
    """
    if len(nonce) != NONCE_SIZE:
        raise Malformed("nonce", "An entry's nonce is 16 random bytes.")
    if COMMON & set(fields or {}):
        raise Malformed("entry_fields", "An event's fields may not replace the common ones.")
    text = encoding.b64u(nonce)
    draft = Entry(seq, time, event, subject, actor, data_sha256, text, fields or {}, b"")
    return parse_entry(encoding.canonical(_object(draft)))


def parse_entry(line: bytes) -> Entry:
    """Read one plain line, without LF; raises `Malformed` on anything out of the ordinary."""
    if len(line) > LONGEST_LINE:
        raise Malformed("entry", "A ledger line is longer than 65,536 bytes.")
    found = encoding.parse(line)
    if not isinstance(found, dict) or not set(found) >= COMMON:
        raise Malformed("entry", "A ledger line lacks one of the common fields.")
    if found["v"] != VERSION:
        raise Malformed("entry_version", "A ledger line is of an unknown version.")
    seq, event = found["seq"], found["event"]
    if not is_integer(seq):
        raise Malformed("entry", "A ledger line's seq must be an integer.")
    if not isinstance(event, str) or not _EVENT.fullmatch(event):
        raise Malformed("entry_event", "A ledger line's event must read thing.happened.")
    for name in ("subject", "actor"):
        if not is_id(found[name]):
            raise Malformed("entry", f"A ledger line's {name} must be an id.")
    if found["data_sha256"] is not None and not is_hex(found["data_sha256"], 64):
        raise Malformed("entry", "A ledger line's data_sha256 must be 64 hex digits or null.")
    encoding.unb64u(found["nonce"], NONCE_SIZE)
    fields = {name: value for name, value in found.items() if name not in COMMON}
    check_fields(event, fields)
    return Entry(
        seq,
        encoding.parse_timestamp(found["time"]),
        event,
        found["subject"],
        found["actor"],
        found["data_sha256"],
        found["nonce"],
        fields,
        line,
    )


def hidden_line(leaf: bytes) -> bytes:
    """Give the line that stands for a hidden entry until its opening is closed."""
    return encoding.canonical({"leaf": leaf.hex()})


def parse_line(line: bytes) -> Entry | bytes:
    """Read a served line: an `Entry`, or the 32-byte leaf hash of a hidden one."""
    if line.startswith(b'{"leaf":'):
        found = encoding.parse(line)
        if set(found) != {"leaf"} or not is_hex(found["leaf"], 64):
            raise Malformed("hidden_line", "A hidden line holds one leaf hash and nothing else.")
        return bytes.fromhex(found["leaf"])
    return parse_entry(line)


def is_integer(value: object) -> bool:
    """Say whether a JSON value is an integer (True is not one)."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_id(value: object) -> bool:
    """Say whether a JSON value is an id: 1 to 64 of A-Z a-z 0-9 _ -."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_hex(value: object, length: int) -> bool:
    """Say whether a JSON value is exactly `length` lower-case hex digits."""
    return isinstance(value, str) and len(value) == length and _HEX.fullmatch(value) is not None


def _is_time(value: object) -> bool:
    try:
        encoding.parse_timestamp(value)
    except Malformed:
        return False
    return True


def _is_b64(length: int) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        try:
            encoding.unb64u(value, length)
        except Malformed:
            return False
        return True

    return check


def _hex(length: int) -> Callable[[object], bool]:
    return lambda value: is_hex(value, length)


def _or_none(check: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or check(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 200


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


_OPENING = {"opening": _hex(64)}
_BID = {"opening": _hex(64), "bid": _hex(32), "bidder": is_id, "sequence": is_integer}
_FILE = {"name": _is_name, "tender": _or_none(_is_name), "sha256": _hex(64)}

FIELDS: dict[str, dict[str, Callable[[object], bool]]] = {
    "opening.recorded": {**_OPENING, "record": _is_object, "signature": _is_b64(64)},
    "opening.accepted": {**_OPENING, "custodian": _is_b64(32)},
    "opening.postponed": {**_OPENING, "deadline": _is_time},
    "opening.suspended": _OPENING,
    "opening.resumed": _OPENING,
    "opening.cancelled": _OPENING,
    "opening.closed": {
        **_OPENING,
        "count": is_integer,
        "last": _or_none(is_integer),
        "deadline": _is_time,
    },
    "opening.performed": {**_OPENING, "verdicts_sha256": _hex(64)},
    "bid.submitted": {
        **_BID,
        "envelope_sha256": _hex(64),
        "envelope_size": is_integer,
        "files_digest": _or_none(_hex(64)),
        "files_size": is_integer,
        "certificate_sha256": _hex(64),
    },
    "bid.withdrawn": _BID,
    "filler": _OPENING,
    "document.issued": {**_FILE, "kind": _is_name},
    "attachment.published": _FILE,
}
"""Exactly which fields the events have that agents and `verify` read.

Other events are free in their fields, but no other name may start like one of these.
"""

OPTIONAL: dict[str, dict[str, Callable[[object], bool]]] = {
    "document.issued": {"public": lambda value: isinstance(value, bool)},
}
"""Fields that may be absent. A document that is not public (a letter to one bidder) is in the
ledger by its hash, but a public export may leave it out."""


def check_fields(event: str, fields: dict[str, Any]) -> None:
    """Raise `Malformed` unless a reserved event has exactly its fields, each of its form."""
    wanted, optional = FIELDS.get(event), OPTIONAL.get(event, {})
    if wanted is None:
        if event.startswith(_RESERVED):
            raise Malformed("entry_event", f"There is no event {event}.")
        return
    if not set(wanted) <= set(fields) <= set(wanted) | set(optional):
        raise Malformed("entry_fields", f"An entry {event} does not have exactly its fields.")
    for name, check in {**optional, **wanted}.items():
        if name in fields and not check(fields[name]):
            raise Malformed("entry_fields", f"The field {name} of {event} is not of its form.")


def personal_digest(salt: bytes, data: object) -> str:
    """Give the digest under which personal data enters the ledger, as 64 hex digits.

    HMAC-SHA-256 with a fresh 32-byte salt over the data's RFC 8785 bytes. Salt and data lie in a
    row that can be erased (个人信息保护法 art. 47); what is left in the ledger then says nothing.
    """
    if len(salt) != SALT_SIZE:
        raise Malformed("salt", "The salt of personal data is 32 random bytes.")
    return hmac.new(salt, encoding.canonical(data), "sha256").hexdigest()


def make_receipt(entry: Entry, key: Ed25519PrivateKey) -> dict[str, Any]:
    """Sign the receipt (回执) for an entry that is durable; its inclusion is still to come."""
    if entry.event not in ("bid.submitted", "bid.withdrawn"):
        raise Malformed("receipt", "Receipts are given for bids and withdrawals only.")
    statement = {"v": RECEIPT, "entry": entry.as_object()}
    return {**statements.sign_ed25519(statement, key), "inclusion": None}


def with_inclusion(receipt: dict[str, Any], note: str, proof: list[bytes]) -> dict[str, Any]:
    """Complete a receipt by a checkpoint note that covers its entry, and the proof in it."""
    inclusion = {"checkpoint": note, "proof": [encoding.b64u(step) for step in proof]}
    return {**receipt, "inclusion": inclusion}


def check_receipt(
    receipt: object, platform: bytes, origin: str, *, complete: bool = True
) -> tuple[Entry, notes.Checkpoint | None]:
    """Give the entry that a receipt proves and the checkpoint it is proven in; raise otherwise.

    `platform` are the 32 bytes of the platform's public key and `origin` the ledger's name, both
    from a place that the platform does not control. With `complete=False` a receipt whose
    checkpoint has not come yet is also good, and the checkpoint is None.
    """
    if not isinstance(receipt, dict) or set(receipt) != {"v", "entry", "signature", "inclusion"}:
        raise Malformed("receipt", "A receipt has exactly v, entry, signature and inclusion.")
    if receipt["v"] != RECEIPT:
        raise Malformed("receipt_version", "The receipt is of an unknown version.")
    statement = {name: receipt[name] for name in ("v", "entry", "signature")}
    statements.check_ed25519(statement, platform)
    entry = parse_entry(encoding.canonical(receipt["entry"]))
    inclusion = receipt["inclusion"]
    if inclusion is None and not complete:
        return entry, None
    if not isinstance(inclusion, dict) or set(inclusion) != {"checkpoint", "proof"}:
        raise Malformed("receipt", "A complete receipt has a checkpoint and a proof.")
    if not isinstance(inclusion["checkpoint"], str) or not isinstance(inclusion["proof"], list):
        raise Malformed("receipt", "A receipt's checkpoint is a note, its proof a list.")
    checkpoint = notes.check_checkpoint(
        inclusion["checkpoint"], notes.platform_key(origin, platform)
    )
    proof = [encoding.unb64u(step, merkle.HASH_SIZE) for step in inclusion["proof"]]
    if entry.seq >= checkpoint.size:
        raise Forged("inclusion", "The receipt's checkpoint does not reach its entry.")
    merkle.verify_inclusion(entry.leaf, entry.seq, checkpoint.size, proof, checkpoint.root)
    return entry, checkpoint
