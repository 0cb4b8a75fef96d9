"""Findings on paper (线索附卷): a signed PDF of one finding or all of a tender, and a CSV.

The paper is private, and its ledger entry `document.issued` names neither tender nor finding:
strangers learn that supervision sealed some paper, never about whom.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.access import DECISION_NAMES, Shown, finding_for, findings_for
from evaluation.findings.innocence import explanations
from evaluation.findings.inputs.exhibits import MOST_ROWS, Cell, Exhibit, Row
from evaluation.findings.inputs.pictures import held_picture
from evaluation.findings.inputs.unread import unread_words
from evaluation.findings.plots import drawing
from evaluation.findings.screening import run_of
from evaluation.findings.words import (
    CODE_NAMES,
    legal_words,
    rarity_words,
    strength_words,
    value_words,
)
from keys.encoding import timestamp
from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import not_found
from tender.core.i18n import N_, gettext, speaking
from tender.core.ids import new_id
from tender.core.settings import Settings
from tender.core.spreadsheets import table
from tender.procedure.facts import public_facts, tender_by_id
from tender.publication.models import DocumentStatus, IssuedDocument
from tender.publication.papers import parts
from tender.publication.papers.documents import TITLES, DocumentKind, FindingReport
from tender.publication.papers.parts import PlotBar, PlotLine, PlotMark, PlotTick
from tender.publication.service import issue_document

ALL = "all"
# A paper of many findings shows the first rows of each; one finding's paper shows them all.
_ROWS_OF_MANY, _MOST_FINDINGS = 3, 60
_MOST_PICTURES = 4_000_000  # characters of base64: what the pictures of one paper may take
COLUMNS = (
    "finding", "tender", "lot", "code", "strength", "legal", "bidders", "value", "threshold",
    "p", "percentile", "evidence", "found_at", "decision", "reason", "gone_at",
)  # fmt: skip
NO_PICTURE = N_("The picture cannot be shown here. Open the file itself.")


@dataclass(frozen=True)
class Paper:
    """A sealed paper as the pages list it; `waiting` while it is being made."""

    name: str
    title: str
    at: datetime
    waiting: bool


def order_paper(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    finding_id: str = ALL,
    *,
    now: datetime,
) -> str:
    """Order the signed PDF of one finding, or of all of a tender; gives the document's name."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.FINDING_READ, on=tender)
    with speaking("zh"):
        if finding_id == ALL:
            shown = findings_for(session, actor, tender_id).listed
            rows = [each.row.id for each in shown[:_MOST_FINDINGS]]
            shown = [finding_for(session, actor, tender_id, row_id) for row_id in rows]
        else:
            shown = [finding_for(session, actor, tender_id, finding_id)]
        most = MOST_ROWS if len(shown) == 1 else _ROWS_OF_MANY
        told = tuple(_told(each, most) for each in shown)
        pictures = _pictures(settings, told)
        title = gettext(TITLES[DocumentKind.FINDING_REPORT])
        issuer = session.get_one(Organisation, actor.organisation_id).name

    def paper(head: parts.Head) -> FindingReport:
        real = replace(head, tender_no=tender.number, project=tender.title, issuer=issuer)
        return FindingReport(head=real, findings=told, pictures=tuple(pictures.items()))

    facts = replace(
        public_facts(session, tender, now=now), id=_subject(session, tender_id, finding_id),
        number=f"F-{new_id()[:12]}",
    )  # fmt: skip
    document = issue_document(
        session, settings, facts, kind=DocumentKind.FINDING_REPORT.value, title=title, paper=paper,
        now=now, public=False,
    )  # fmt: skip
    return document.name


def papers_of(session: Session, tender_id: str, finding_id: str = ALL) -> list[Paper]:
    """The papers made of a finding, or of all of a tender, newest first."""
    query = select(IssuedDocument).where(
        IssuedDocument.tender_id == _subject(session, tender_id, finding_id),
        IssuedDocument.kind == DocumentKind.FINDING_REPORT.value,
    )
    return [
        Paper(each.name, each.title, each.created_at, each.status is not DocumentStatus.ISSUED)
        for each in session.scalars(query.order_by(IssuedDocument.created_at.desc()))
    ]


def paper_digest(session: Session, actor: Actor, tender_id: str, name: str) -> str:
    """The SHA-256 of an issued paper for whoever may read the tender's findings."""
    require(actor, Permission.FINDING_READ, on=tender_by_id(session, tender_id))
    subjects = {_subject(session, tender_id, ALL)}
    subjects |= {each.row.id for each in findings_for(session, actor, tender_id).listed}
    found = session.scalar(select(IssuedDocument).where(IssuedDocument.name == name))
    if found is None or found.tender_id not in subjects or found.sha256 is None:
        raise not_found("document.unknown", N_("There is no document of this name for you."))
    return found.sha256


def _subject(session: Session, tender_id: str, finding_id: str) -> str:
    """Under what the paper is kept: the finding or the screening, whose ids nobody else knows."""
    if finding_id != ALL:
        return finding_id
    run = run_of(session, tender_id)
    if run is None:
        raise not_found("finding.none_yet", N_("This tender has not been screened yet."))
    return run.id


def _told(shown: Shown, most: int) -> parts.ToldFinding:
    finding, seen = shown.seen.finding, shown.seen
    drawn = drawing(finding, seen.plot)
    return parts.ToldFinding(
        name=CODE_NAMES.get(finding.code, finding.code),
        code=finding.code,
        strength=strength_words(finding),
        legal=legal_words(finding.legal),
        lot=f"{shown.lot.number}. {shown.lot.name}" if shown.lot else "",
        bidders=tuple(shown.names.values()),
        value=value_words(finding),
        rarity=rarity_words(finding),
        found_at=timestamp(shown.row.found_at.replace(microsecond=0)),
        gone_at=timestamp(shown.row.gone_at.replace(microsecond=0)) if shown.row.gone_at else "",
        exhibits=tuple(_exhibit(each, shown, most) for each in seen.exhibits),
        plot=parts.Plot(
            title=drawn.title, description=drawn.description, unit=drawn.unit,
            bars=tuple(PlotBar(**vars(each)) for each in drawn.bars),
            lines=tuple(PlotLine(**vars(each)) for each in drawn.lines),
            ticks=tuple(PlotTick(**vars(each)) for each in drawn.ticks),
            marks=tuple(PlotMark(**vars(each)) for each in drawn.marks),
        )
        if drawn
        else None,
        innocent=tuple(
            parts.InnocentExplanation(text=each.text, checked=each.checked, found=each.found)
            for each in explanations(finding.innocent, seen.counts)
        ),
        explained=tuple(shown.explained),
        decision=DECISION_NAMES[shown.row.decision],
        history=tuple(
            parts.FindingDecision(
                at=timestamp(past.decision.decided_at.replace(microsecond=0)), by=past.by,
                decision=DECISION_NAMES[past.decision.decision], reason=past.decision.reason,
            )
            for past in shown.history
        ),
    )  # fmt: skip


def _exhibit(exhibit: Exhibit, shown: Shown, most: int) -> parts.FindingExhibit:
    columns = tuple(
        shown.called(column) if exhibit.named else gettext(column) for column in exhibit.columns
    )
    instead = gettext(NO_PICTURE) if shown.row.code == "I1" else ""
    rows = tuple(
        parts.ExhibitRow(
            label=shown.called(row.bidder) if row.bidder else label_words(row),
            cells=tuple(_cell(cell, instead) for cell in row.cells),
        )
        for row in exhibit.rows[: most if exhibit.named else None]
    )  # fmt: skip
    left = exhibit.more + len(exhibit.rows) - len(rows)
    return parts.FindingExhibit(title=exhibit.title, columns=columns, rows=rows, more=left)


def _cell(cell: Cell, instead: str = "") -> parts.ExhibitCell:
    return parts.ExhibitCell(
        pieces=tuple((unread_words(piece.text), piece.mark) for piece in cell.pieces),
        where=where_words(cell), picture=cell.picture, instead=instead,
    )  # fmt: skip


def _pictures(settings: Settings, told: Sequence[parts.ToldFinding]) -> dict[str, str]:
    """The small copies that a paper shows, in base64, as many as a paper may hold."""
    names = dict.fromkeys(
        cell.picture
        for finding in told
        for exhibit in finding.exhibits
        for row in exhibit.rows
        for cell in row.cells
        if cell.picture
    )
    found: dict[str, str] = {}
    left = _MOST_PICTURES
    for name in names:
        data = base64.b64encode(held_picture(settings, name)).decode()
        if 0 < len(data) <= left:
            found[name] = data
            left -= len(data)
    return found


def label_words(row: Row) -> str:
    """A row's label in the reader's language; data stand as they are."""
    return gettext(row.label, **row.params) if row.label else ""


def where_words(cell: Cell) -> str:
    """File, page or cell of one side and how it was read, in the reader's language."""
    told = [cell.file or ""]
    if cell.page is not None:
        told.append(gettext(N_("page %(n)s"), n=cell.page))
    if cell.cell:
        told.append(cell.cell)
    if cell.start is not None and cell.end is not None:
        told.append(gettext(N_("characters %(from)s to %(to)s"),
                            **{"from": cell.start + 1, "to": cell.end}))  # fmt: skip
    if cell.pictured:
        told.append(gettext(N_("read by a machine in a picture")))
    return gettext(N_(", ")).join(each for each in told if each)


def table_of(session: Session, actor: Actor, tender_id: str) -> str:
    """All findings of a tender as CSV, with the places of the evidence."""
    shown = findings_for(session, actor, tender_id)
    rows: list[Sequence[object]] = []
    for each in shown.listed:
        finding, row = each.seen.finding, each.row
        places = [
            " ".join(f"{key}={value}" for key, value in piece.to_json().items() if key != "bidder")
            for piece in finding.evidence
        ]
        names = [each.called(bidder) for bidder in finding.bidders]
        rows.append((
            row.id, shown.tender.number, each.lot.number if each.lot else "", finding.code,
            finding.strength.value, finding.legal, "; ".join(names), finding.value,
            finding.threshold, finding.p, finding.percentile, " | ".join(places),
            row.found_at.isoformat(), row.decision.value, row.reason or "",
            row.gone_at.isoformat() if row.gone_at else "",
        ))  # fmt: skip
    return table(COLUMNS, rows)
