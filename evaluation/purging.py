"""Blanking what the evaluation keeps of people: frozen pools, findings, scanned contracts."""

from __future__ import annotations

from sqlalchemy import select

from evaluation.findings.inputs.pictures import pictures_of_file
from evaluation.findings.inputs.reading import folder, kept_path
from evaluation.models import (
    Contract,
    FindingDecision,
    FindingRow,
    PanelDraw,
    PanelMember,
    RegisterExtract,
)
from tender.core.files import StoredFile
from tender.core.retention import Purge, in_pieces
from tender.procedure.models import Lot


def experts_take_part(purge: Purge) -> None:
    """Tell the run who sat, or may still be drawn, on which panel."""
    session = purge.session
    members = select(PanelMember.tender_id, PanelMember.person_id)
    for tender_id, person_id in session.execute(members):
        purge.takes_part(person_id, tender_id)
    for tender_id, pool in session.execute(select(PanelDraw.tender_id, PanelDraw.pool)):
        if tender_id not in purge.ended:
            for expert in pool:
                purge.takes_part(expert["id"], tender_id)


def purge_evaluation(purge: Purge) -> None:
    """Blank pools and parties of draws, delete findings, let go of contracts."""
    _purge_draws(purge)
    _purge_findings(purge)
    _purge_readings(purge)
    for piece in in_pieces(purge.tenders("contract_file")):
        query = (
            select(Contract)
            .join(Lot, Lot.id == Contract.lot_id)
            .where(Lot.tender_id.in_(piece), Contract.file_id.is_not(None))
        )
        for contract in purge.session.scalars(query).all():
            purge.drop(purge.session.get(StoredFile, contract.file_id or ""))
            contract.file_id = None
            purge.note("contract_file")


def _purge_draws(purge: Purge) -> None:
    for piece in in_pieces(purge.tenders("panel_draw")):
        query = select(PanelDraw).where(PanelDraw.tender_id.in_(piece))
        for draw in purge.session.scalars(query).all():
            if draw.pool:
                draw.pool, draw.parties = [], {}
                purge.note("panel_draw")


def _purge_readings(purge: Purge) -> None:
    """What screens have read of files that go, goes with them; the background is made anew."""
    data = purge.settings.data
    for digest in purge.blobs:
        place = kept_path(purge.settings, digest)
        if place.exists():
            purge.paths.add(str(place.relative_to(data)))
        for picture in pictures_of_file(purge.settings, digest):
            purge.paths.add(str(picture.relative_to(data)))
    if purge.blobs:
        background = (folder(purge.settings) / "background").glob("*")
        purge.paths.update(str(place.relative_to(data)) for place in background)
    for extract in purge.session.scalars(select(RegisterExtract)).all():
        if purge.over("finding", extract.recorded_at):
            purge.session.delete(extract)
            purge.note("finding")


def _purge_findings(purge: Purge) -> None:
    """Rejected findings go early: a suspicion that people refuted must not follow anybody."""
    for piece in in_pieces(purge.ended):
        query = select(FindingRow).where(FindingRow.tender_id.in_(piece))
        for finding in purge.session.scalars(query).all():
            rejected = finding.decision is FindingDecision.REJECTED
            kind = "finding_rejected" if rejected else "finding"
            start = max(purge.ended[finding.tender_id], finding.decided_at or finding.found_at)
            if purge.over(kind, start) and not purge.held & set(finding.bidders):
                purge.session.delete(finding)
                purge.note(kind)
