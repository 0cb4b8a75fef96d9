"""Verifying the ledger: every line in its place, one root, and witnesses who saw the same.

Reads ledger/entries.jsonl once, keeps hashes and what later checks need, and holds against it
the rules of keys/openings.py. A fault is a line of the report; reading goes on, so that one run
names all faults.
"""

from dataclasses import dataclass, field
from datetime import datetime

from keys import encoding, notes
from keys.entries import HIDDEN_EVENTS, Entry, parse_line
from keys.errors import Forged, KeysError, Malformed
from keys.merkle import Tree, leaf_hash
from keys.openings import Bids, Opening, broken, open_record
from keys.plainfiles import Folder, Keys
from keys.verify_report import UNUSABLE, Report

LINES = "ledger/entries.jsonl"
CHECKPOINT = "ledger/checkpoint"


@dataclass
class Ledger:
    """What the lines say. `faults` are texts; the rest is by opening id, or by name."""

    keys: Keys
    tree: Tree = field(default_factory=Tree)
    openings: dict[str, Opening] = field(default_factory=dict)
    recordings: dict[str, Entry] = field(default_factory=dict)
    closings: dict[str, Entry] = field(default_factory=dict)
    bids: dict[str, Bids] = field(default_factory=dict)
    bid_ids: set[str] = field(default_factory=set)
    plain_bids: set[str] = field(default_factory=set)
    documents: dict[str, Entry] = field(default_factory=dict)
    attachments: dict[str, set[str | None]] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    time: datetime | None = None

    def take(self, line: bytes) -> None:
        """Take the next line; a fault is noted and the line still counts as a leaf."""
        seq = self.tree.size
        try:
            found = parse_line(line)
        except UNUSABLE as error:
            self.faults.append(f"line {seq}: {error}")
            self.tree.append(leaf_hash(line))
            return
        if isinstance(found, bytes):
            self.hidden.append(seq)
            self.tree.append(found)
            return
        self.tree.append(found.leaf)
        try:
            self._place(found, seq)
            self._tell(found)
        except KeysError as error:
            self.faults.append(error.message)

    def _place(self, entry: Entry, seq: int) -> None:
        if entry.seq != seq:
            raise Forged("ledger_seq", f"line {seq} says that it is line {entry.seq}")
        if self.time is not None and entry.time < self.time:
            raise broken(entry, "it is dated before an earlier line")
        self.time = entry.time

    def _tell(self, entry: Entry) -> None:
        if entry.event == "document.issued":
            self.documents[entry.fields["name"]] = entry
        elif entry.event == "attachment.published":
            of = self.attachments.setdefault(entry.fields["sha256"], set())
            of.add(entry.fields["tender"])
        elif entry.event == "opening.recorded":
            self._record(entry)
        elif entry.event.startswith("opening.") or entry.event in HIDDEN_EVENTS:
            self._follow(entry)

    def _record(self, entry: Entry) -> None:
        opening = open_record(entry, self.keys.platform_name, self.keys.platform)
        if opening.opening_id in self.openings:
            raise broken(entry, "the opening was recorded before")
        self.openings[opening.opening_id] = opening
        self.recordings[opening.opening_id] = entry
        self.bids[opening.opening_id] = Bids()

    def _follow(self, entry: Entry) -> None:
        name = entry.fields["opening"]
        opening = self.openings.get(name)
        if opening is None:
            raise broken(entry, "no such opening was recorded before")
        if entry.event in HIDDEN_EVENTS:
            self.plain_bids.add(name)
        opening.apply(entry)
        if entry.event == "opening.closed":
            self.closings[name] = entry
            self.bids[name].check_closing(opening, entry.fields)
        elif entry.event in ("bid.submitted", "bid.withdrawn"):
            if entry.event == "bid.submitted":
                if entry.fields["bid"] in self.bid_ids:
                    raise broken(entry, "this bid was in the ledger before")
                self.bid_ids.add(entry.fields["bid"])
            self.bids[name].apply(entry)


def read_ledger(report: Report, folder: Folder, keys: Keys) -> Ledger:
    """Read and check the whole ledger; the checks' outcomes go to the report."""
    ledger = Ledger(keys)
    with report.check("ledger: the lines can be read"):
        for line in folder.lines(LINES):
            ledger.take(line)
    report.outcome("ledger: every line is valid, in its place and allowed there", ledger.faults)
    report.outcome(
        "ledger: nothing is hidden longer or shown earlier than allowed", _hidden(ledger)
    )
    report.outcome("ledger: no one-time key serves two openings", _doubled(ledger))
    _checkpoint(report, folder, ledger)
    report.facts["ledger"] = {"size": ledger.tree.size, "root": ledger.tree.root().hex()}
    return ledger


def _hidden(ledger: Ledger) -> list[str]:
    waiting = [each for each in ledger.openings.values() if each.closed is None]
    waiting.sort(key=lambda each: (each.cancelled is not None, each.recorded))
    faults = [
        f"line {seq} is a bare leaf, but no opening is waiting that could hide it"
        for seq in ledger.hidden
        if not any(opening.hides(seq) for opening in waiting)
    ]
    early = [each for each in waiting if each.opening_id in ledger.plain_bids]
    return faults + [f"bids of {each.opening_id} are shown before its closing" for each in early]


def _doubled(ledger: Ledger) -> list[str]:
    used: dict[str, str] = {}
    faults = []
    for name, opening in ledger.openings.items():
        for custodian in opening.record.custodians:
            for value in (custodian.key_id, custodian.key):
                if used.setdefault(value, name) != name:
                    faults.append(f"key {value} is in {used[value]} and in {name}")
    return faults


def _signed(
    report: Report, folder: Folder, keys: Keys
) -> tuple[notes.Note, notes.Checkpoint] | None:
    with report.check("checkpoint: signed by the platform"):
        note = notes.parse_note(folder.read(CHECKPOINT, notes.LONGEST_NOTE).decode())
        return note, notes.check_checkpoint(note, keys.note_key)
    return None


def _checkpoint(report: Report, folder: Folder, ledger: Ledger) -> None:
    signed = _signed(report, folder, ledger.keys)
    if signed is None:
        return
    note, stated = signed
    with report.check("checkpoint: it covers exactly the lines"):
        if stated.size != ledger.tree.size:
            raise Forged(
                "checkpoint_size",
                f"the checkpoint covers {stated.size} lines, there are {ledger.tree.size}",
            )
        if stated.root != ledger.tree.root():
            raise Forged("checkpoint_root", "the lines do not lead to the checkpoint's root")
    witnesses: set[str] = set()
    with report.check("checkpoint: every cosignature is a known custodian's and true"):
        witnesses = witnesses_of(note, ledger.keys)
    for name, opening in ledger.openings.items():
        if opening.closed is None:
            continue
        identities = {each.identity for each in opening.record.custodians}
        seen = len(identities & witnesses)
        with report.check(f"witnesses of {name}: {seen} of {len(identities)} co-signed"):
            if 2 * seen <= len(identities):
                raise Forged("witnesses", "not more than half of its custodians co-signed")


def witnesses_of(note: notes.Note, keys: Keys) -> set[str]:
    """Give the identities that co-signed a note; raise if any line is unknown, false or doubled."""
    known = {
        notes.witness_key(encoding.unb64u(identity, 32)).name: identity
        for identity in keys.custodians
    }
    seen: set[str] = set()
    for line in note.signatures:
        if line.name == keys.origin:
            continue
        identity = known.get(line.name)
        if identity is None or identity in seen:
            raise Malformed("witness", f"{line.name} is no custodian, or signed twice")
        key = notes.witness_key(encoding.unb64u(identity, 32))
        notes.check_cosignature_line(note.text, line, key)
        seen.add(identity)
    return seen
