"""Exporting as plain files (docs/ledger.md): all that a stranger needs to check a tender.

The newest checkpoint that enough custodians have co-signed decides how much of the ledger goes
out: later lines come with the next export.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from keys import encoding
from keys.entries import Entry, parse_entry, with_inclusion
from keys.notes import parse_brief
from keys.plainfiles import Keys, json_lines
from keys.records import OpeningRecord
from keys.statements import ed25519_public
from tender.accounts.authority import centre
from tender.bids.models import SealedBid, Upload
from tender.bids.uploads import upload_path
from tender.core.errors import DomainError, conflict, invalid
from tender.core.files import blob_path
from tender.core.i18n import N_
from tender.core.platform import Platform
from tender.ledger import checkpoints, service
from tender.ledger.models import LedgerCheckpoint, LedgerEntry
from tender.ledger.signing import note_key
from tender.opening.models import Opening, OpeningStatus, ReleaseRow, VerdictRow
from tender.opening.unsealing import counted_bids, verdict_row
from tender.procedure.custody.opening_records import acceptances
from tender.procedure.models import Custodian, OpeningRecordRow, Tender
from tender.publication.papers.documents import DocumentKind

RECENT = 500  # checkpoints looked at for enough witnesses
PAUSE = 0.3  # seconds between two looks for new co-signatures


def export_when_cosigned(
    platform: Platform,
    directory: Path,
    *,
    number: str | None,
    with_files: bool,
    patience: float,
    tell: Callable[[str], object],
) -> int:
    """Export once the custodians have co-signed all that the ledger holds now; gives its size.

    After `patience` seconds `tell` is given a sentence, and what is co-signed goes out, if that can
    be verified; at once where there is no custodian to wait for. Raises as `export_tender`.
    """
    with platform.database.read() as session:
        last = service.last_entry(session)
        serving = select(Custodian.id).where(Custodian.retired_at.is_(None)).limit(1)
        awaited = session.scalar(serving) is not None
    wanted = last.seq + 1 if last is not None else 0
    until = time.monotonic() + (patience if awaited else 0.0)
    while True:
        try:
            return export_tender(
                platform, directory, number=number, with_files=with_files, at_least=wanted
            )
        except DomainError as refusal:
            if refusal.code != "export.waiting":
                raise
            if time.monotonic() > until:
                break
            time.sleep(PAUSE)
    tell(f"entries up to {wanted} are not co-signed by enough custodians; exporting fewer")
    return export_tender(platform, directory, number=number, with_files=with_files)


def export_tender(
    platform: Platform, directory: Path, *, number: str | None, with_files: bool, at_least: int = 0
) -> int:
    """Write a tender (or everything, for None) into an empty or missing directory.

    `with_files` adds the sealed files and letters, which only entitled parties get. `at_least` is
    the ledger size that must go out: a caller who wants what stands now names the size of now and
    asks again on `export.waiting`. Gives the size that went out. Raises DomainError
    `export.not_empty`, `export.unknown` or `export.waiting`.
    """
    if directory.exists() and any(directory.iterdir()):
        raise invalid("export.not_empty", N_("The directory is not empty. Name a new one."))
    with platform.database.read() as session:
        records = _records(session, number)
        checkpoint = _covering(session, at_least)
        working = directory.with_name(f".{directory.name}.new")
        shutil.rmtree(working, ignore_errors=True)
        working.mkdir(parents=True)
        _write_ledger(platform, session, working, checkpoint, number)
        for row in records:
            if row.ledger_seq is not None and row.ledger_seq < checkpoint.size:
                _write_opening(platform, session, working, row, checkpoint, with_files)
        _write_documents(platform, session, working, checkpoint, number, with_files)
        _write_attachments(platform, session, working, checkpoint, number)
    if directory.exists():
        directory.rmdir()
    working.rename(directory)
    return checkpoint.size


def _records(session: Session, number: str | None) -> list[OpeningRecordRow]:
    rows = list(session.scalars(select(OpeningRecordRow).order_by(OpeningRecordRow.ledger_seq)))
    if number is None:
        return rows
    if session.scalar(select(Tender.id).where(Tender.number == number)) is None:
        raise invalid("export.unknown", N_("There is no tender %(number)s."), number=number)
    return [row for row in rows if OpeningRecord.from_bytes(row.record).tender == number]


def _covering(session: Session, at_least: int) -> LedgerCheckpoint:
    """The newest checkpoint that more than half of every closed opening's custodians co-signed.

    It must cover every closing and every performed opening, because their bids are already served
    in plain: an older one would show bids that no closing counted.
    """
    wanted = [
        {each.identity for each in OpeningRecord.from_bytes(row.record).custodians}
        for row in session.scalars(
            select(OpeningRecordRow).join(
                Opening, Opening.opening_id == OpeningRecordRow.opening_id
            )
        )
    ]
    closed, performed = session.execute(
        select(func.max(Opening.closed_seq), func.max(Opening.performed_seq))
    ).one()
    least = max(at_least, (closed or 0) + 1, (performed or 0) + 1)
    newest = select(LedgerCheckpoint).where(LedgerCheckpoint.size >= least)
    for checkpoint in session.scalars(
        newest.order_by(LedgerCheckpoint.size.desc()).limit(RECENT)
    ).all():
        signed = checkpoints.witnesses(session, checkpoint.size)
        if all(2 * len(signed & each) > len(each) for each in wanted):
            return checkpoint
    raise conflict(
        "export.waiting",
        N_("The custodians have not co-signed the newest entries yet. Try again in some seconds."),
    )


def _write_ledger(
    platform: Platform,
    session: Session,
    directory: Path,
    checkpoint: LedgerCheckpoint,
    number: str | None,
) -> None:
    place = directory / "ledger"
    place.mkdir()
    with (place / "entries.jsonl").open("w") as file:
        for start in range(0, checkpoint.size, 1000):
            for line in service.served_lines(session, start, 1000, checkpoint.size):
                file.write(line + "\n")
    (place / "checkpoint").write_text(checkpoints.with_witnesses(session, checkpoint))
    custodians = session.scalars(select(Custodian).order_by(Custodian.created_at, Custodian.id))
    key = note_key(platform.settings)
    ed25519_public(key.public)
    keys = Keys(
        origin=platform.settings.platform,
        platform_name=platform.settings.platform,
        platform=key.public,
        custodians={each.identity: each.name for each in custodians},
        roots=tuple(_pem(root) for root in centre(platform.settings).roots),
        tender=number,
    )
    (place / "keys.json").write_bytes(keys.to_bytes())


def _pem(der: bytes) -> str:
    from ssl import DER_cert_to_PEM_cert

    return DER_cert_to_PEM_cert(der)


def _write_opening(
    platform: Platform,
    session: Session,
    directory: Path,
    row: OpeningRecordRow,
    checkpoint: LedgerCheckpoint,
    with_files: bool,
) -> None:
    place = directory / "openings" / row.opening_id
    (place / "envelopes").mkdir(parents=True)
    (place / "record.json").write_bytes(row.record)
    (place / "record.sig").write_text(row.signature + "\n")
    opening = session.get(Opening, row.opening_id)
    accepts = _accepts(session, row, checkpoint)
    (place / "accepts.jsonl").write_bytes(json_lines(accepts))
    releases = _releases(session, row, opening, checkpoint)
    (place / "releases.jsonl").write_bytes(json_lines(releases))
    bids: list[SealedBid] = []
    if opening is not None and opening.closed_seq < checkpoint.size and row.void_at is None:
        bids = counted_bids(session, row.opening_id)
    kept = {bid.id for bid in bids if with_files and _files_kept(session, bid)}
    rows = [_verdict(session, opening, bid, bid.id in kept) for bid in bids]
    (place / "verdicts.json").write_bytes(encoding.canonical(rows))
    for bid in bids:
        (place / "envelopes" / f"{bid.id}.sealed").write_bytes(bid.envelope or b"")
        _write_receipt(session, directory, bid, checkpoint)
        if bid.id in kept and bid.upload_id is not None:
            (place / "files").mkdir(exist_ok=True)
            source = upload_path(platform.settings, bid.upload_id)
            shutil.copyfile(source, place / "files" / f"{bid.id}.sealed")


def _files_kept(session: Session, bid: SealedBid) -> bool:
    """Whether a bid's files, if it has any, are still here; after the archive's time they go."""
    upload = session.get(Upload, bid.upload_id) if bid.upload_id is not None else None
    return upload is None or upload.erased_at is None


def _accepts(
    session: Session, row: OpeningRecordRow, checkpoint: LedgerCheckpoint
) -> list[dict[str, object]]:
    """The acceptances that the exported part of the ledger names."""
    lines = _entries(session, "opening.accepted", checkpoint.size, subject=row.lot.tender_id)
    named = {
        entry.fields["custodian"] for entry in lines if entry.fields["opening"] == row.opening_id
    }
    record = OpeningRecord.from_bytes(row.record)
    keys = {key.key_id: key.identity for key in record.custodians}
    accepted = acceptances(session, row.opening_id)
    return [each.to_object() for each in accepted if keys[each.key_id] in named]


def _releases(
    session: Session,
    row: OpeningRecordRow,
    opening: Opening | None,
    checkpoint: LedgerCheckpoint,
) -> list[dict[str, object]]:
    """The releases whose checkpoint went out; enough of them only with what they opened.

    Between the last release that is needed and the opening a stranger could open bids whose
    verdicts the ledger does not state yet.
    """
    rows = session.scalars(select(ReleaseRow).where(ReleaseRow.opening_id == row.opening_id))
    found = [
        each.statement
        for each in rows
        if parse_brief(each.statement["checkpoint"])[0] <= checkpoint.size
    ]
    performed = opening is not None and opening.status is OpeningStatus.PERFORMED
    if not performed and len(found) >= OpeningRecord.from_bytes(row.record).threshold:
        return []
    return found


def _verdict(
    session: Session, opening: Opening | None, bid: SealedBid, with_files: bool
) -> dict[str, object]:
    if opening is not None and opening.status is OpeningStatus.PERFORMED:
        found = session.get_one(VerdictRow, bid.id)
        prices = dict(found.manifest["prices_fen"]) if found.manifest else {}
        return verdict_row(bid, found.verdict, found.files if with_files else "none", prices)
    return verdict_row(bid, "not_released", "none", {})


def _write_receipt(
    session: Session, directory: Path, bid: SealedBid, checkpoint: LedgerCheckpoint
) -> None:
    place = directory / "receipts"
    place.mkdir(exist_ok=True)
    note = checkpoints.with_witnesses(session, checkpoint)
    proof = checkpoints.prove_inclusion(session, bid.ledger_seq, checkpoint)
    receipt = with_inclusion(bid.receipt, note, proof)
    (place / f"{bid.id}.json").write_bytes(encoding.canonical(receipt))


def _entries(
    session: Session, event: str, size: int, *, subject: str | None = None
) -> Iterable[Entry]:
    query = select(LedgerEntry.line).where(LedgerEntry.event == event, LedgerEntry.seq < size)
    if subject is not None:
        query = query.where(LedgerEntry.subject == subject)
    for line in session.scalars(query.order_by(LedgerEntry.seq)):
        yield parse_entry(line.encode())


def _write_documents(
    platform: Platform,
    session: Session,
    directory: Path,
    checkpoint: LedgerCheckpoint,
    number: str | None,
    with_letters: bool,
) -> None:
    place = directory / "documents"
    place.mkdir()
    index: dict[str, dict[str, object]] = {}
    for entry in _entries(session, "document.issued", checkpoint.size):
        if number is not None and entry.fields["tender"] != number:
            continue
        if not entry.fields.get("public", True) and not with_letters:
            continue
        if entry.fields["kind"] == DocumentKind.FINDING_REPORT.value:
            continue  # Supervision's own paper goes to nobody with the letters.
        index[entry.fields["name"]] = {
            name: entry.fields[name] for name in ("name", "kind", "tender", "sha256")
        } | {"seq": entry.seq}
    for name, document in index.items():
        source = blob_path(platform.settings.store, str(document["sha256"]))
        shutil.copyfile(source, place / f"{name}.pdf")
    (place / "index.json").write_bytes(encoding.canonical(list(index.values())))


def _write_attachments(
    platform: Platform,
    session: Session,
    directory: Path,
    checkpoint: LedgerCheckpoint,
    number: str | None,
) -> None:
    for entry in _entries(session, "attachment.published", checkpoint.size):
        if number is not None and entry.fields["tender"] != number:
            continue
        place = directory / "attachments"
        place.mkdir(exist_ok=True)
        suffix = Path(entry.fields["name"]).suffix.lower()
        if not re.fullmatch(r"\.[a-z0-9]{1,8}", suffix):
            suffix = ""
        digest = entry.fields["sha256"]
        shutil.copyfile(blob_path(platform.settings.store, digest), place / f"{digest}{suffix}")
