"""A county made of `keys` functions alone: its ledger, custodians, bids, and its plain files."""

import io
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding, entries, merkle, notes, plainfiles
from keys.custodian.seeds import OneTimeKey, one_time_key
from keys.envelope import seal
from keys.openings import sign_record
from keys.records import Acceptance, CustodianKey, OpeningRecord, Part, Release, accept, release
from keys.verdict import judge

ORIGIN = "county.example/ledger"
PLATFORM = "county.example"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@dataclass
class Custodian:
    """A custodian of the made-up county, with its identity and a seed for one-time keys."""

    name: str
    identity: Ed25519PrivateKey
    seed: bytes
    used: int = 0

    @property
    def public(self) -> bytes:
        return notes.public_bytes(self.identity)

    def fresh_key(self) -> OneTimeKey:
        self.used += 1
        return one_time_key(self.seed, self.used)


@dataclass
class Opening:
    """What the county keeps of one opening beside the ledger."""

    record: OpeningRecord
    keys: list[OneTimeKey]
    custodians: list[Custodian]
    accepts: list[Acceptance] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    envelopes: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    deadline: datetime = START
    closed: entries.Entry | None = None
    cancelled: bool = False

    @property
    def id(self) -> str:
        return self.record.opening_id


class County:
    """A platform in memory, with a clock that moves only when told."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.key = Ed25519PrivateKey.from_private_bytes(self.draw(32))
        self.public = notes.public_bytes(self.key)
        self.record_key = self.key
        self.now = START
        self.lines: list[entries.Entry] = []
        self.tree = merkle.Tree()
        self.openings: dict[str, Opening] = {}
        self.custodians = [
            Custodian(
                f"保管人{number}",
                Ed25519PrivateKey.from_private_bytes(self.draw(32)),
                self.draw(32),
            )
            for number in range(1, 6)
        ]
        self.documents: dict[str, bytes] = {}
        self.roots: tuple[str, ...] = ()
        self.attachments: dict[str, bytes] = {}

    def draw(self, count: int) -> bytes:
        return self.random.randbytes(count)

    def hex(self, count: int) -> str:
        return self.draw(count).hex()

    def add(self, event: str, **fields: Any) -> entries.Entry:
        self.now += timedelta(seconds=1)
        entry = entries.build_entry(
            seq=len(self.lines),
            time=self.now,
            event=event,
            subject="subject-1",
            actor="platform",
            nonce=self.draw(16),
            fields=fields,
        )
        self.lines.append(entry)
        self.tree.append(entry.leaf)
        return entry

    def record(
        self,
        *,
        tender: str = "tender-1",
        lot: str = "1",
        custodians: int = 3,
        threshold: int = 2,
        minimum: int = 1,
        hours: int = 1,
        keys: list[OneTimeKey] | None = None,
        who: list[Custodian] | None = None,
    ) -> Opening:
        chosen = who or self.custodians[:custodians]
        pairs = keys or [each.fresh_key() for each in chosen]
        record = OpeningRecord(
            platform=PLATFORM,
            tender=tender,
            lot=lot,
            part=Part.WHOLE,
            not_before=self.now + timedelta(hours=hours),
            minimum=minimum,
            threshold=threshold,
            custodians=tuple(
                CustodianKey(
                    each.name,
                    encoding.b64u(each.public),
                    encoding.b64u(pair.key_id),
                    encoding.b64u(pair.public),
                )
                for each, pair in zip(chosen, pairs, strict=True)
            ),
        )
        opening = Opening(record, pairs, chosen, deadline=record.not_before)
        self.openings[opening.id] = opening
        self.add(
            "opening.recorded",
            opening=opening.id,
            record=record.to_object(),
            signature=sign_record(record, self.record_key),
        )
        return opening

    def accept(self, opening: Opening) -> None:
        for custodian, pair in zip(opening.custodians, opening.keys, strict=True):
            given = accept(opening.record, encoding.b64u(pair.key_id), custodian.identity)
            opening.accepts.append(given)
            self.add(
                "opening.accepted", opening=opening.id, custodian=encoding.b64u(custodian.public)
            )

    def bid(
        self,
        opening: Opening,
        bidder: str,
        sequence: int = 1,
        price: int = 100_00,
        files: list[tuple[str, bytes]] | None = None,
        rubbish: bool = False,
    ) -> entries.Entry:
        out = io.BytesIO()
        sealed = seal(
            opening.record,
            bidder=bidder,
            sequence=sequence,
            prices_fen={opening.record.lot: price},
            files=[(name, io.BytesIO(data)) for name, data in files or []],
            out_files=out,
        )
        envelope = sealed.envelope
        if rubbish:
            envelope = envelope[:-40] + bytes(40)
        bid = self.hex(16)
        opening.envelopes[bid] = envelope
        if files:
            opening.files[bid] = out.getvalue()
        return self.add(
            "bid.submitted",
            opening=opening.id,
            bid=bid,
            bidder=bidder,
            sequence=sequence,
            envelope_sha256=encoding.sha256_hex(envelope),
            envelope_size=len(envelope),
            files_digest=sealed.files_digest,
            files_size=sealed.files_size,
            certificate_sha256=self.hex(32),
        )

    def withdraw(self, bid: entries.Entry) -> entries.Entry:
        named = {name: bid.fields[name] for name in ("opening", "bid", "bidder", "sequence")}
        return self.add("bid.withdrawn", **named)

    def standing(self, opening: Opening) -> list[entries.Entry]:
        found: dict[str, entries.Entry] = {}
        for entry in self.lines:
            if entry.fields.get("opening") != opening.id:
                continue
            if entry.event == "bid.submitted":
                found[entry.fields["bidder"]] = entry
            elif entry.event == "bid.withdrawn":
                found.pop(entry.fields["bidder"])
        return list(found.values())

    def close(self, opening: Opening, count: int | None = None) -> entries.Entry:
        self.now = max(self.now, opening.deadline)
        standing = self.standing(opening)
        opening.closed = self.add(
            "opening.closed",
            opening=opening.id,
            count=len(standing) if count is None else count,
            last=len(self.lines) - 1,
            deadline=encoding.timestamp(opening.deadline),
        )
        return opening.closed

    def release(self, opening: Opening, how_many: int = 2) -> None:
        checkpoint = self.checkpoint()
        for custodian, pair in list(zip(opening.custodians, opening.keys, strict=True))[:how_many]:
            opening.releases.append(
                release(
                    opening.record,
                    pair.private,
                    custodian.identity,
                    released_at=self.now,
                    checkpoint=notes.parse_checkpoint(checkpoint.text).brief,
                )
            )

    def rows(self, opening: Opening, folder: Path | None) -> list[dict[str, Any]]:
        if opening.closed is None or opening.cancelled:
            return []
        rows = []
        for entry in self.standing(opening):
            leaf = entry.fields
            files = folder / "files" / f"{leaf['bid']}.sealed" if folder else None
            judged = judge(
                opening.record,
                opening.releases,
                opening.envelopes[leaf["bid"]],
                bidder=leaf["bidder"],
                sequence=leaf["sequence"],
                sha256=leaf["envelope_sha256"],
                size=leaf["envelope_size"],
                files=files,
                files_digest=leaf["files_digest"],
                files_size=leaf["files_size"],
                files_left_out=folder is None,
            )
            rows.append(
                {
                    "bid": leaf["bid"],
                    "bidder": leaf["bidder"],
                    "sequence": leaf["sequence"],
                    "sha256": leaf["envelope_sha256"],
                    "size": leaf["envelope_size"],
                    "verdict": judged.verdict.value,
                    "files": judged.files.value,
                    "prices_fen": dict(judged.manifest.prices_fen) if judged.manifest else {},
                }
            )
        return rows

    def perform(self, opening: Opening) -> entries.Entry:
        digest = plainfiles.verdicts_digest(self.rows(opening, None))
        return self.add("opening.performed", opening=opening.id, verdicts_sha256=digest)

    def checkpoint(self, witnesses: int = 5, size: int | None = None) -> notes.Note:
        wanted = self.tree.size if size is None else size
        note = notes.parse_note(
            notes.sign_checkpoint(ORIGIN, wanted, self.tree.root(wanted), self.key)
        )
        lines = [
            notes.parse_signature(notes.cosign(note.text, each.identity, self.now))
            for each in self.custodians[:witnesses]
        ]
        return notes.with_lines(note, lines)

    def keys(self, tender: str | None = None) -> plainfiles.Keys:
        return plainfiles.Keys(
            ORIGIN,
            PLATFORM,
            self.public,
            {encoding.b64u(each.public): each.name for each in self.custodians},
            self.roots,
            tender,
        )

    def hidden(self, entry: entries.Entry) -> bool:
        if entry.event not in entries.HIDDEN_EVENTS:
            return False
        return self.openings[entry.fields["opening"]].closed is None

    def served(self, entry: entries.Entry) -> bytes:
        return entries.hidden_line(entry.leaf) if self.hidden(entry) else entry.line

    def receipt(self, entry: entries.Entry) -> dict[str, Any]:
        note = self.checkpoint(2)
        proof = merkle.prove_inclusion(entry.seq, self.tree.size, self.tree.node)
        return entries.with_inclusion(entries.make_receipt(entry, self.key), str(note), proof)

    def export(self, root: Path, *, tender: str | None = None, with_files: bool = True) -> Path:
        """Write the plain files."""
        lines = b"".join(self.served(entry) + b"\n" for entry in self.lines)
        write(root / "ledger/entries.jsonl", lines)
        write(root / "ledger/checkpoint", str(self.checkpoint()).encode())
        write(root / "ledger/keys.json", self.keys(tender).to_bytes())
        (root / "receipts").mkdir(parents=True)
        for opening in self.openings.values():
            if tender is None or opening.record.tender == tender:
                self._export_opening(root, opening, with_files)
        index = []
        for entry in self.lines:
            if tender is not None and entry.fields.get("tender") != tender:
                continue
            if entry.event == "document.issued":
                row = {name: entry.fields[name] for name in ("name", "kind", "tender", "sha256")}
                index.append({**row, "seq": entry.seq})
                name = entry.fields["name"]
                write(root / f"documents/{name}.pdf", self.documents[name])
            if entry.event == "attachment.published":
                digest = entry.fields["sha256"]
                write(root / f"attachments/{digest}.txt", self.attachments[digest])
        write(root / "documents/index.json", encoding.canonical(index))
        return root

    def _export_opening(self, root: Path, opening: Opening, with_files: bool) -> None:
        place = root / "openings" / opening.id
        signature = sign_record(opening.record, self.key)
        write(place / "record.json", opening.record.to_bytes())
        write(place / "record.sig", signature.encode() + b"\n")
        accepts = plainfiles.json_lines(each.to_object() for each in opening.accepts)
        write(place / "accepts.jsonl", accepts)
        releases = plainfiles.json_lines(each.to_object() for each in opening.releases)
        write(place / "releases.jsonl", releases)
        if opening.closed is not None and not opening.cancelled:
            for entry in self.standing(opening):
                bid = entry.fields["bid"]
                write(place / f"envelopes/{bid}.sealed", opening.envelopes[bid])
                if bid in opening.files and with_files:
                    write(place / f"files/{bid}.sealed", opening.files[bid])
                receipt = encoding.canonical(self.receipt(entry))
                write(root / f"receipts/{bid}.json", receipt)
        rows = self.rows(opening, place if with_files else None)
        write(place / "verdicts.json", encoding.canonical(rows))


def write(path: Path, data: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
