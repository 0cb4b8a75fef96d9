"""Verifying openings: record, acceptances, releases, and every verdict recomputed."""

from typing import Any

from keys import encoding, notes
from keys.entries import Entry
from keys.envelope import MAX_ENVELOPE
from keys.errors import Forged, Malformed
from keys.openings import Opening, check_record
from keys.plainfiles import Folder, parse_json, parse_lines, verdict_rows, verdicts_digest
from keys.records import Acceptance, OpeningRecord, Release, check_acceptance, check_release
from keys.statements import check_ed25519
from keys.verdict import Released, gather, judge
from keys.verify_ledger import Ledger
from keys.verify_report import Report, noting
from keys.x25519 import public_of

LARGEST_TEXT = 4 * 1024 * 1024


def verify_openings(report: Report, folder: Folder, ledger: Ledger) -> set[str]:
    """Check every opening of the directory's scope; gives the ids of the bids that counted."""
    tender = ledger.keys.tender
    counted: set[str] = set()
    number = 0
    for opening in ledger.openings.values():
        if tender is None or opening.record.tender == tender:
            number += 1
            counted |= _opening(report, folder, ledger, opening)
    report.facts["openings"], report.facts["bids"] = number, len(counted)
    return counted


def _opening(report: Report, folder: Folder, ledger: Ledger, opening: Opening) -> set[str]:
    name = opening.opening_id
    place = f"openings/{name}"
    with report.check(f"record of {name}: the ledger's own, signed by the platform"):
        _record(folder, place, ledger, opening)
    with report.check(f"acceptances of {name}: {_progress(opening)}"):
        _acceptances(folder, place, ledger, opening)
    releases: list[Release] = []
    with report.check(f"releases of {name}: due, true, and on one closing"):
        releases = _releases(folder, place, ledger, opening)
    counted: list[Entry] = []
    if opening.closed is not None and opening.cancelled is None:
        counted = list(ledger.bids[name].standing.values())
    report.outcome(
        f"verdicts of {name}: {len(counted)} bids counted, each verdict recomputed",
        _verdicts(folder, place, opening, counted, releases),
    )
    return {entry.fields["bid"] for entry in counted}


def _progress(opening: Opening) -> str:
    total = len(opening.record.custodians)
    if opening.complete:
        return f"all {total} custodians, under pinned identities"
    return f"{len(opening.accepted)} of {total} so far; nothing can be sealed to it yet"


def _record(folder: Folder, place: str, ledger: Ledger, opening: Opening) -> None:
    raw = folder.read(f"{place}/record.json", LARGEST_TEXT)
    record = OpeningRecord.from_bytes(raw)
    if raw != opening.record.to_bytes():
        raise Forged("record", "record.json is not the record of the ledger")
    signature = folder.read(f"{place}/record.sig", 200).decode().removesuffix("\n")
    check_record(record, signature, ledger.keys.platform)
    for custodian in record.custodians:
        if ledger.keys.custodians.get(custodian.identity) != custodian.name:
            raise Forged("custodian_not_pinned", f"{custodian.name} is not a pinned custodian")


def _acceptances(folder: Folder, place: str, ledger: Ledger, opening: Opening) -> None:
    accepted: set[str] = set()
    raw = folder.read(f"{place}/accepts.jsonl", LARGEST_TEXT)
    for value in parse_lines(raw):
        custodian = check_acceptance(opening.record, Acceptance.from_object(value))
        if custodian.identity in accepted:
            raise Forged("acceptance_twice", f"{custodian.name} has accepted twice")
        accepted.add(custodian.identity)
    if accepted != set(opening.accepted):
        raise Forged("acceptances", "the acceptances are not those that the ledger names")
    if opening.closed is not None and not opening.complete:
        raise Forged("acceptances", "it was closed without the acceptance of every custodian")


def _releases(folder: Folder, place: str, ledger: Ledger, opening: Opening) -> list[Release]:
    raw = folder.read(f"{place}/releases.jsonl", LARGEST_TEXT)
    releases = [Release.from_object(value) for value in parse_lines(raw)]
    seen: set[str] = set()
    for release in releases:
        _release(ledger, opening, release)
        if release.key_id in seen:
            raise Forged("release_twice", f"key {release.key_id} is released twice")
        seen.add(release.key_id)
    return releases


def _release(ledger: Ledger, opening: Opening, release: Release) -> None:
    _signed_release(ledger, opening, release)
    who = f"the release of key {release.key_id}"
    if opening.closed is None:
        raise Forged("release_early", f"{who} is early: the opening is not closed")
    if release.released_at < opening.deadline:
        raise Forged("release_early", f"{who} is dated before the deadline in force")
    if opening.count < opening.record.minimum:
        raise Forged("release_count", f"{who} was given for fewer bids than the minimum")
    size, root = notes.parse_brief(release.checkpoint)
    if size <= opening.closed:
        raise Forged("release_early", f"{who} rests on a checkpoint before the closing")
    if root != ledger.tree.root(size):
        raise Forged("release_fork", f"{who} rests on a checkpoint of another ledger")
    if opening.suspended_at(size) or (opening.cancelled is not None and opening.cancelled < size):
        raise Forged("release_paused", f"{who} was given while the opening stood still")


def _signed_release(ledger: Ledger, opening: Opening, release: Release) -> None:
    """Check key and signature; a key typed in from paper bears the platform's signature instead.

    The key itself proves that it comes from the custodian; the platform vouches for the time.
    """
    try:
        check_release(opening.record, release)
    except Forged:
        yielded = encoding.b64u(public_of(encoding.unb64u(release.private_key, 32)))
        wanted = opening.record.custodian(release.key_id).key
        if yielded != wanted or release.opening != opening.opening_id:
            raise
        check_ed25519(release.to_object(), ledger.keys.platform)


def _verdicts(
    folder: Folder,
    place: str,
    opening: Opening,
    counted: list[Entry],
    releases: list[Release],
) -> list[str]:
    faults: list[str] = []
    rows: dict[str, dict[str, Any]] = {}
    with noting(faults, "verdicts.json"):
        rows = verdict_rows(parse_json(folder.read(f"{place}/verdicts.json", 64 * LARGEST_TEXT)))
    wanted = {entry.fields["bid"]: entry for entry in counted}
    faults += [f"bid {bid} has a verdict but did not count" for bid in rows.keys() - wanted.keys()]
    for file in folder.under(f"{place}/envelopes"):
        if file.removesuffix(".sealed") not in wanted:
            faults.append(f"envelopes/{file} is none of a bid that counted")
    released = gather(opening.record, releases)
    for bid, entry in wanted.items():
        with noting(faults, f"bid {bid}"):
            row = _row(folder, place, opening, entry, released)
            if bid not in rows:
                raise Malformed("verdicts", "it counted but has no verdict")
            if wrong := [name for name in row if not _same(rows[bid][name], row[name])]:
                raise Forged("verdicts", f"its verdict differs in {', '.join(sorted(wrong))}")
    if opening.performed is not None and opening.performed != verdicts_digest(rows.values()):
        faults.append("verdicts.json is not what opening.performed states")
    return faults


def _same(stated: object, computed: object) -> bool:
    """Compare JSON values by their bytes, so that 1 and true differ."""
    return encoding.canonical(stated) == encoding.canonical(computed)


def _row(
    folder: Folder, place: str, opening: Opening, entry: Entry, released: Released
) -> dict[str, Any]:
    """Recompute a verdict row from the ledger's line, the stored bytes and the releases."""
    leaf, bid = entry.fields, entry.fields["bid"]
    envelope = folder.read(f"{place}/envelopes/{bid}.sealed", MAX_ENVELOPE)
    sealed = f"{place}/files/{bid}.sealed"
    judgement = judge(
        opening.record,
        released,
        envelope,
        bidder=leaf["bidder"],
        sequence=leaf["sequence"],
        sha256=leaf["envelope_sha256"],
        size=leaf["envelope_size"],
        files=folder.path(sealed) if sealed in folder.files else None,
        files_digest=leaf["files_digest"],
        files_size=leaf["files_size"],
        files_left_out=f"{place}/files" not in folder.folders,
    )
    manifest = judgement.manifest
    return {
        "bid": bid,
        "bidder": leaf["bidder"],
        "sequence": leaf["sequence"],
        "sha256": leaf["envelope_sha256"],
        "size": leaf["envelope_size"],
        "verdict": judgement.verdict.value,
        "files": judgement.files.value,
        "prices_fen": {} if manifest is None else dict(manifest.prices_fen),
    }
