"""The life of an opening as the ledger tells it: what may follow what, and which bids count.

Why: custodians decide whether to release, and strangers whether everything was right, from the
same public lines; so both fold the lines through the same rules. The platform can postpone an
opening, never bring it forward; after `opening.closed` nothing is postponed and no bid comes in;
of each bidder the last bid counts unless it was withdrawn (招标投标法 art. 29).

`apply` raises `Forged` on a line that breaks a rule and then leaves the state as it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding
from keys.entries import Entry
from keys.errors import Forged, Malformed
from keys.records import OpeningRecord
from keys.statements import ed25519_public


def sign_record(record: OpeningRecord, key: Ed25519PrivateKey) -> str:
    """Sign an opening record as the platform: Ed25519 over its RFC 8785 bytes, as base64url."""
    return encoding.b64u(key.sign(record.to_bytes()))


def check_record(record: OpeningRecord, signature: object, platform: bytes) -> None:
    """Raise `Forged` unless `signature` (base64url) over the record is the platform's."""
    try:
        ed25519_public(platform).verify(encoding.unb64u(signature, 64), record.to_bytes())
    except InvalidSignature as error:
        raise Forged("record_signature", "The opening record is not signed by the platform.") from (
            error
        )


@dataclass(slots=True)
class Opening:
    """What the ledger has said so far of one opening.

    `accepted` maps custodians' identities (base64url) to the seq of their acceptance. `pauses`
    holds (seq, True) for each suspension and (seq, False) for each resumption.
    """

    record: OpeningRecord
    recorded: int
    deadline: datetime
    accepted: dict[str, int] = field(default_factory=dict)
    pauses: list[tuple[int, bool]] = field(default_factory=list)
    cancelled: int | None = None
    closed: int | None = None
    closed_time: datetime | None = None
    count: int = 0
    performed: str | None = None

    @property
    def opening_id(self) -> str:
        """Give the record's hash, by which every line names the opening."""
        return self.record.opening_id

    @property
    def complete(self) -> bool:
        """Say whether every custodian of the record has accepted it."""
        return len(self.accepted) == len(self.record.custodians)

    @property
    def suspended(self) -> bool:
        """Say whether the opening is suspended now."""
        return bool(self.pauses) and self.pauses[-1][1]

    def suspended_at(self, size: int) -> bool:
        """Say whether the opening was suspended for whoever had seen `size` lines."""
        state = [paused for seq, paused in self.pauses if seq < size]
        return bool(state) and state[-1]

    def hides(self, seq: int) -> bool:
        """Say whether a bare leaf at `seq` may be a line of this opening."""
        if seq <= self.recorded or self.closed is not None:
            return False
        return self.cancelled is None or seq < self.cancelled

    def apply(self, entry: Entry) -> None:
        """Take the next line that names this opening, in ledger order."""
        if self.cancelled is not None:
            raise broken(entry, "the opening was cancelled before")
        act = _ACTS.get(entry.event)
        if act is not None:
            act(self, entry)
        elif entry.event in ("bid.submitted", "bid.withdrawn"):
            self._check_bid(entry)

    def _check_bid(self, entry: Entry) -> None:
        if self.closed is not None:
            raise broken(entry, "the opening was closed before")
        if entry.time > self.deadline:
            raise broken(entry, "it is later than the deadline in force")
        if not self.complete:
            raise broken(entry, "not every custodian had accepted the opening record")

    def _accept(self, entry: Entry) -> None:
        identity = entry.fields["custodian"]
        if identity not in {each.identity for each in self.record.custodians}:
            raise broken(entry, "the opening record does not name this custodian")
        if identity in self.accepted:
            raise broken(entry, "this custodian had accepted before")
        self.accepted[identity] = entry.seq

    def _postpone(self, entry: Entry) -> None:
        later = encoding.parse_timestamp(entry.fields["deadline"])
        if self.closed is not None:
            raise broken(entry, "nothing is postponed after the closing")
        if later <= self.deadline:
            raise broken(entry, "a deadline can be postponed, never brought forward")
        self.deadline = later

    def _suspend(self, entry: Entry) -> None:
        if self.suspended:
            raise broken(entry, "the opening was suspended already")
        self.pauses.append((entry.seq, True))

    def _resume(self, entry: Entry) -> None:
        if not self.suspended:
            raise broken(entry, "the opening was not suspended")
        self.pauses.append((entry.seq, False))

    def _cancel(self, entry: Entry) -> None:
        if self.performed is not None:
            raise broken(entry, "the opening was performed before")
        self.cancelled = entry.seq

    def _close(self, entry: Entry) -> None:
        if self.closed is not None:
            raise broken(entry, "the opening was closed before")
        if not self.complete:
            raise broken(entry, "not every custodian had accepted the opening record")
        if encoding.parse_timestamp(entry.fields["deadline"]) != self.deadline:
            raise broken(entry, "it does not name the deadline in force")
        if entry.time < self.deadline:
            raise broken(entry, "it is dated before the deadline in force")
        last = entry.fields["last"]
        if last is not None and last >= entry.seq:
            raise broken(entry, "its last entry does not lie before it")
        self.closed, self.closed_time = entry.seq, entry.time
        self.count = entry.fields["count"]

    def _perform(self, entry: Entry) -> None:
        if self.closed is None or self.performed is not None or self.suspended:
            raise broken(entry, "the opening was not due, or performed before")
        self.performed = entry.fields["verdicts_sha256"]


_ACTS = {
    "opening.accepted": Opening._accept,
    "opening.postponed": Opening._postpone,
    "opening.suspended": Opening._suspend,
    "opening.resumed": Opening._resume,
    "opening.cancelled": Opening._cancel,
    "opening.closed": Opening._close,
    "opening.performed": Opening._perform,
}


def broken(entry: Entry, why: str) -> Forged:
    """Make the error for a line that breaks a rule."""
    return Forged("ledger_rule", f"line {entry.seq} ({entry.event}): {why}")


def open_record(entry: Entry, platform_name: str, platform: bytes) -> Opening:
    """Start an opening from its `opening.recorded` line; the record must be the platform's own."""
    record = OpeningRecord.from_object(entry.fields["record"])
    if record.opening_id != entry.fields["opening"]:
        raise broken(entry, "the opening id is not the hash of the record")
    if record.platform != platform_name:
        raise broken(entry, "the record belongs to another platform")
    check_record(record, entry.fields["signature"], platform)
    return Opening(record, entry.seq, record.not_before)


@dataclass(slots=True)
class Bids:
    """The bids of one opening: which stand now, by bidder, and the last line that named one."""

    standing: dict[str, Entry] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Entry] = field(default_factory=dict)
    last: int | None = None

    def apply(self, entry: Entry) -> None:
        """Take the next `bid.submitted` or `bid.withdrawn` of the opening, in ledger order."""
        bidder, sequence = entry.fields["bidder"], entry.fields["sequence"]
        if entry.event == "bid.submitted":
            if entry.fields["bid"] in self.seen:
                raise broken(entry, "this bid was in the ledger before")
            if sequence <= self.sequences.get(bidder, -1):
                raise broken(entry, "its sequence is not above the bidder's last")
            self.sequences[bidder] = sequence
            self.seen[entry.fields["bid"]] = entry
            self.standing[bidder] = entry
        else:
            stands = self.standing.get(bidder)
            named = {name: entry.fields[name] for name in ("bid", "bidder", "sequence")}
            if stands is None or any(stands.fields[name] != named[name] for name in named):
                raise broken(entry, "it withdraws a bid that does not stand")
            del self.standing[bidder]
        self.last = entry.seq

    def check_closing(self, opening: Opening, closing: Mapping[str, Any]) -> None:
        """Raise unless `opening.closed` counts the bids that stand and no bid lies beyond."""
        if closing["count"] != len(self.standing):
            raise Forged(
                "closing_count",
                f"opening.closed counts {closing['count']} bids, the ledger {len(self.standing)}",
            )
        if self.last is not None and (closing["last"] is None or self.last > closing["last"]):
            raise Forged("closing_last", "a bid lies beyond the last entry of opening.closed")
        if opening.closed is None:
            raise Malformed("closing", "the opening is not closed")
