"""What the signed documents (签章文书) say: one frozen record per kind, plain values only.

A caller fills one of these and hands `job(...)` to the press; the templates under
`templates/pdf/` read exactly these fields. No session, no clock, no Flask: the same record and
language give the same pages.

The parts and the conventions of their fields stand in `parts`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar

from tender.core.i18n import N_
from tender.publication.papers.parts import (
    AwardedLot,
    Block,
    CandidateLot,
    EvaluatedLot,
    Head,
    NoticeLot,
    OpenedLot,
    PanelMember,
    Party,
    ResultLot,
    SealedFor,
    SpotObjection,
    Step,
    ToldFinding,
)


class DocumentKind(StrEnum):
    """Kinds of signed documents; the value is the name in the ledger's `document.issued`."""

    TENDER_NOTICE = "tender_notice"
    OPENING_RECORD = "opening_record"
    EVALUATION_REPORT = "evaluation_report"
    CANDIDATES_NOTICE = "candidates_notice"
    AWARD_LETTER = "award_letter"
    RESULT_NOTICE = "result_notice"
    UNSUCCESSFUL_LETTER = "unsuccessful_letter"
    VILLAGE_SHEET = "village_sheet"
    PLAIN_NOTICE = "plain_notice"
    FINDING_REPORT = "finding_report"


TEMPLATES = {
    DocumentKind.TENDER_NOTICE: "notice.html",
    DocumentKind.OPENING_RECORD: "opening_record.html",
    DocumentKind.EVALUATION_REPORT: "evaluation_report.html",
    DocumentKind.CANDIDATES_NOTICE: "candidates.html",
    DocumentKind.AWARD_LETTER: "award_letter.html",
    DocumentKind.RESULT_NOTICE: "result_notice.html",
    DocumentKind.UNSUCCESSFUL_LETTER: "loser_letter.html",
    DocumentKind.VILLAGE_SHEET: "village_sheet.html",
    DocumentKind.PLAIN_NOTICE: "plain_notice.html",
    DocumentKind.FINDING_REPORT: "finding.html",
}

TITLES = {
    DocumentKind.TENDER_NOTICE: N_("Tender notice"),
    DocumentKind.OPENING_RECORD: N_("Record of the bid opening"),
    DocumentKind.EVALUATION_REPORT: N_("Evaluation report"),
    DocumentKind.CANDIDATES_NOTICE: N_("Notice of the candidates for award"),
    DocumentKind.AWARD_LETTER: N_("Award letter"),
    DocumentKind.RESULT_NOTICE: N_("Notice of the award result"),
    DocumentKind.UNSUCCESSFUL_LETTER: N_("Notice of the result of your bid"),
    DocumentKind.VILLAGE_SHEET: N_("Village tender notice"),
    DocumentKind.PLAIN_NOTICE: N_("Notice"),
    DocumentKind.FINDING_REPORT: N_("Report on signs of collusion"),
}


@dataclass(frozen=True, kw_only=True)
class TenderNotice:
    """招标公告 (or 采购公告, 出让公告, 流转公告 by `title`): everything that a bidder must know."""

    document: ClassVar[DocumentKind] = DocumentKind.TENDER_NOTICE
    head: Head
    direction: str  # "purchase" or "disposal"
    kind: str
    method: str
    parties: tuple[Party, ...]
    lots: tuple[NoticeLot, ...]
    steps: tuple[Step, ...]
    sealed_for: tuple[SealedFor, ...]
    blocks: tuple[Block, ...] = ()
    notice_url: str = ""
    title: str = TITLES[DocumentKind.TENDER_NOTICE]


@dataclass(frozen=True, kw_only=True)
class OpeningRecordPaper:
    """开标记录: what was opened, by whose keys, and what was said."""

    document: ClassVar[DocumentKind] = DocumentKind.OPENING_RECORD
    head: Head
    direction: str
    deadline: str
    closed_at: str
    opened_at: str
    host: str
    lots: tuple[OpenedLot, ...]
    objections: tuple[SpotObjection, ...] = ()
    present: tuple[Party, ...] = ()
    checkpoint: str = ""  # "size root" of the ledger at the closing


@dataclass(frozen=True, kw_only=True)
class EvaluationReport:
    """评标报告: panel, rejections, scores with every step, ranking, dissent."""

    document: ClassVar[DocumentKind] = DocumentKind.EVALUATION_REPORT
    head: Head
    direction: str
    method: str
    began_at: str
    ended_at: str
    panel: tuple[PanelMember, ...]
    lots: tuple[EvaluatedLot, ...]
    draw: str = ""
    formula: str = ""
    clarifications: tuple[SpotObjection, ...] = ()
    dissent: tuple[tuple[str, str], ...] = ()  # (member, opinion)


@dataclass(frozen=True, kw_only=True)
class CandidatesNotice:
    """中标候选人公示: ranked candidates, the standstill, and how to object."""

    document: ClassVar[DocumentKind] = DocumentKind.CANDIDATES_NOTICE
    head: Head
    direction: str
    standstill_from: str
    standstill_to: str
    lots: tuple[CandidateLot, ...]
    contacts: tuple[Party, ...]
    article: str = ""


@dataclass(frozen=True, kw_only=True)
class AwardLetter:
    """中标通知书: to the winner, with the amount in digits and capitals."""

    document: ClassVar[DocumentKind] = DocumentKind.AWARD_LETTER
    head: Head
    direction: str
    winner: str
    lots: tuple[AwardedLot, ...]
    sign_by: str
    tenderer: Party
    article: str = ""
    performance_bond_fen: int | None = None
    conditions: tuple[str, ...] = ()
    copies_to: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ResultNotice:
    """中标结果公告: who won, for how much, why others did not, and where to complain."""

    document: ClassVar[DocumentKind] = DocumentKind.RESULT_NOTICE
    head: Head
    direction: str
    lots: tuple[ResultLot, ...]
    contacts: tuple[Party, ...]
    panel: tuple[str, ...] = ()
    public_until: str = ""
    notice_published_on: str = ""
    article: str = ""


@dataclass(frozen=True, kw_only=True)
class UnsuccessfulLetter:
    """A loser's letter: its own score and rank, or why it was rejected (O87 art. 69)."""

    document: ClassVar[DocumentKind] = DocumentKind.UNSUCCESSFUL_LETTER
    head: Head
    direction: str
    bidder: str
    lot: str
    winner: str
    winner_total_fen: int | None
    own_price_fen: int | None = None
    own_total: str = ""
    own_rank: int | None = None
    rejected: str = ""
    bond: str = ""
    object_until: str = ""
    contacts: tuple[Party, ...] = ()
    article: str = ""


@dataclass(frozen=True, kw_only=True)
class VillageSheet:
    """村务公开栏张贴件: one sheet for the village board, black on white, with a QR.

    `facts` are the rows a villager asks for (what, where, how much, how long); `paper` is `A4`
    or `A3`.
    """

    document: ClassVar[DocumentKind] = DocumentKind.VILLAGE_SHEET
    head: Head
    direction: str
    village: str
    lots: tuple[NoticeLot, ...]
    deadline: str
    opening_at: str
    how_to_bid: tuple[str, ...]
    contacts: tuple[Party, ...]
    notice_url: str
    facts: tuple[tuple[str, str], ...] = ()
    posted_until: str = ""
    paper: str = "A4"
    title: str = TITLES[DocumentKind.VILLAGE_SHEET]


@dataclass(frozen=True, kw_only=True)
class PlainNotice:
    """Any other notice: 澄清, 变更, 延期, 终止, 流标, 合同公告. Finished blocks under a title."""

    document: ClassVar[DocumentKind] = DocumentKind.PLAIN_NOTICE
    head: Head
    title: str
    blocks: tuple[Block, ...]
    steps: tuple[Step, ...] = ()
    contacts: tuple[Party, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FindingReport:
    """围串标线索报告: findings for the file, private; a sign is never a verdict.

    `pictures` are (name, JPEG in base64): cells show them by these names.
    """

    document: ClassVar[DocumentKind] = DocumentKind.FINDING_REPORT
    head: Head
    findings: tuple[ToldFinding, ...]
    pictures: tuple[tuple[str, str], ...] = ()


Document = (
    TenderNotice
    | OpeningRecordPaper
    | EvaluationReport
    | CandidatesNotice
    | AwardLetter
    | ResultNotice
    | UnsuccessfulLetter
    | VillageSheet
    | PlainNotice
    | FindingReport
)

DOCUMENTS: dict[DocumentKind, type[Document]] = {
    one.document: one
    for one in (
        TenderNotice,
        OpeningRecordPaper,
        EvaluationReport,
        CandidatesNotice,
        AwardLetter,
        ResultNotice,
        UnsuccessfulLetter,
        VillageSheet,
        PlainNotice,
        FindingReport,
    )
}


def job(document: Document, language: str) -> dict[str, Any]:
    """The order for the press as JSON-able values; keep it in the outbox row as it is."""
    return {
        "kind": document.document.value,
        "language": language,
        "context": asdict(document),
    }


def require_fields(kind: DocumentKind, context: dict[str, Any]) -> None:
    """Refuse a context whose fields are not exactly those of its kind (`ValueError`)."""
    known = {field.name for field in fields(DOCUMENTS[kind])}
    if set(context) != known:
        wrong = ", ".join(sorted(known ^ set(context)))
        raise ValueError(f"fields that are missing or unknown in {kind}: {wrong}")
