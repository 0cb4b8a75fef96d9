"""Deleting findings with the papers made of them, and what screens have read of files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import select

from evaluation.findings.inputs.pictures import pictures_of_file
from evaluation.findings.inputs.reading import folder, kept_path
from evaluation.models import FindingDecision, FindingRow, RegisterExtract, ScreenRun
from tender.core.files import blob_path
from tender.core.purging import aged, drop_strays
from tender.core.retention import Purge, in_pieces
from tender.ledger.purging import forget_subject
from tender.publication.keeping import drop_papers, private_papers


def purge_findings(purge: Purge) -> None:
    """Findings, papers, register extracts, and readings of files that go."""
    for piece in in_pieces(purge.ended):
        query = select(FindingRow).where(FindingRow.tender_id.in_(piece))
        for finding in purge.session.scalars(query).all():
            _purge_finding(purge, finding)
    for piece in in_pieces(purge.tenders("finding")):
        runs = select(ScreenRun).where(ScreenRun.tender_id.in_(piece))
        for run in purge.session.scalars(runs).all():
            run.progress = []
    _purge_extracts(purge)
    _purge_readings(purge)


def _purge_finding(purge: Purge, finding: FindingRow) -> None:
    """Rejected findings go early: a suspicion that people refuted must not follow anybody.

    Papers of all findings of the tender go with the first one, because they tell of it; papers of
    those that stay can be made anew.
    """
    rejected = finding.decision is FindingDecision.REJECTED
    kind = "finding_rejected" if rejected else "finding"
    start = max(purge.ended[finding.tender_id], finding.decided_at or finding.found_at)
    if not purge.over(kind, start) or purge.held & set(finding.bidders):
        return
    runs = select(ScreenRun.id).where(ScreenRun.tender_id == finding.tender_id)
    papers = private_papers(purge.session, [finding.id, *purge.session.scalars(runs)])
    drop_papers(purge, "finding", papers)
    forget_subject(purge, finding.id)
    purge.session.delete(finding)
    purge.note(kind)


def _purge_extracts(purge: Purge) -> None:
    for extract in purge.session.scalars(select(RegisterExtract)).all():
        if purge.free("finding", extract.organisation_id, extract.recorded_at):
            purge.session.delete(extract)
            purge.note("finding")


def _purge_readings(purge: Purge) -> None:
    """What screens have read of files that go, goes with them; the background is made anew."""
    place = folder(purge.settings)
    for digest in purge.blobs:
        _erase(purge, [kept_path(purge.settings, digest)])
        _erase(purge, pictures_of_file(purge.settings, digest))
    if purge.blobs:
        _erase(purge, (place / "background").glob("*"))
    for pattern in ("read/??/*.json", "pictures/??/*.jpg"):
        drop_strays(purge, _orphans(purge, aged(purge, place.glob(pattern))))


def _erase(purge: Purge, places: Iterable[Path]) -> None:
    for place in places:
        if place.is_file():
            purge.drop_path(place)


def _orphans(purge: Purge, places: Iterable[Path]) -> Iterable[Path]:
    """Readings whose file is in the store no longer: a purge was killed between the two."""
    store = purge.settings.store
    return (each for each in places if not blob_path(store, each.name[:64]).exists())
