"""Score sheets (评分表): each expert alone, saved as he goes, locked together.

Nobody (expert, clerk, supervisor, export, log) reads another's sheet before the last one is
submitted: every reader of marks here asks for the member's own, or for `locked`. The ledger gets
a salted hash, under the seat's random id, because scores are few enough to be guessed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from evaluation.models import MemberStatus, PanelMember, Rejection, ScoreItem
from evaluation.panel.notes import cover
from evaluation.panel.panel import draw_of, empty_seats, members_of
from evaluation.panel.seating import member_for
from evaluation.scoring.criteria import criteria_of, exact, scale_of
from evaluation.scoring.sheet import Mark, Scale, ScaleKind, check_mark, check_sheet, subtotal
from evaluation.states import MEMBER
from keys.encoding import canonical, sha256_hex
from tender.accounts.directory import people_with
from tender.core import messages
from tender.core.actor import SYSTEM, Actor, Role
from tender.core.errors import conflict, forbidden, invalid
from tender.core.i18n import N_
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.opening.results import OpenedBid, opened_bids
from tender.procedure.facts import lots_of, tender_by_id
from tender.procedure.law.kinds import Kind
from tender.procedure.models import Criterion, Lot, LotStatus, Tender, TenderStatus

Marks = dict[tuple[str, str], Mark]


@dataclass(frozen=True)
class Entry:
    """What an expert typed into one cell; `passed` is `yes`, `no` or empty."""

    bid: str
    code: str
    score: str = ""
    passed: str = ""
    reason: str = ""


def bids_to_judge(session: Session, tender: Tender) -> list[tuple[Lot, list[OpenedBid]]]:
    """The opened bids of every lot that are not rejected, in the order of submission."""
    rejected = select(Rejection.bid_id).where(Rejection.tender_id == tender.id)
    out = set(session.scalars(rejected))
    return [
        (lot, [bid for bid in opened_bids(session, lot.id) if bid.bid_id not in out])
        for lot in lots_of(session, tender.id)
        if lot.status is LotStatus.OPENED
    ]


def judged_criteria(session: Session, tender: Tender) -> list[Criterion]:
    """The criteria that experts judge: review items and those they score."""
    wanted = (ScaleKind.REVIEW, ScaleKind.SUBJECTIVE)
    return [row for row in criteria_of(session, tender.id) if scale_of(row, tender).kind in wanted]


def save_mark(
    session: Session, actor: Actor, tender_id: str, entry: Entry, *, now: datetime
) -> Mark | None:
    """Save one cell of the expert's own sheet; an empty one is taken back.

    DomainError `sheet.*` for a score that does not fit its criterion; the caller shows it at the
    cell and must not log its text, which tells the score.
    """
    member, tender = _scoring(session, actor, tender_id)
    found = {row.code: row for row in judged_criteria(session, tender)}
    criterion = found.get(entry.code)
    known = {bid.bid_id for _, bids in bids_to_judge(session, tender) for bid in bids}
    if criterion is None or entry.bid not in known:
        raise invalid("sheet.unknown", N_("This cell belongs to no bid or criterion. Reload."))
    place = (member.id, entry.bid, criterion.id)
    mark = _read(entry, scale_of(criterion, tender))
    if mark is None:
        session.execute(
            delete(ScoreItem).where(
                ScoreItem.member_id == member.id,
                ScoreItem.bid_id == entry.bid,
                ScoreItem.criterion_id == criterion.id,
            )
        )
        return None
    item = session.get(ScoreItem, place) or ScoreItem(
        member_id=member.id, bid_id=entry.bid, criterion_id=criterion.id
    )
    item.score, item.passed, item.reason = mark.score, mark.passed, mark.reason or None
    item.saved_at = now
    session.add(item)
    session.flush()
    return mark


def own_sheet(session: Session, actor: Actor, tender_id: str) -> tuple[PanelMember, Marks]:
    """The acting expert's seat and marks."""
    member = member_for(session, actor, tender_id)
    return member, _marks(session, [member])[member.id]


def own_subtotals(session: Session, tender: Tender, marks: Marks) -> dict[str, Decimal]:
    """The expert's sums so far, by bid."""
    scales = [scale_of(row, tender) for row in judged_criteria(session, tender)]
    bids = [bid.bid_id for _, each in bids_to_judge(session, tender) for bid in each]
    return {bid: subtotal(scales, bid, marks) for bid in bids}


def submit_sheet(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> PanelMember:
    """Submit the sheet for good: its hash enters the ledger; the last one locks them all."""
    member, tender = _scoring(session, actor, tender_id)
    marks = _marks(session, [member])[member.id]
    scales = [scale_of(row, tender) for row in judged_criteria(session, tender)]
    bids = [bid.bid_id for _, each in bids_to_judge(session, tender) for bid in each]
    problems = check_sheet(scales, bids, {at: marks[at] for at in marks if at[0] in bids})
    if problems:
        raise invalid(
            "sheet.incomplete",
            N_("The sheet is not complete: %(count)s entries are missing or wrong."),
            {problem.where: problem.text() for problem in problems},
            count=len(problems),
        )
    member.salt = secrets.token_hex(32)
    member.sheet_sha256 = sheet_digest(member.salt, marks)
    member.submitted_at = now
    advance(member, MemberStatus.SUBMITTED, MEMBER)
    ledger.append(
        session, "sheet.submitted", subject=tender.id, actor=member.id, now=now,
        fields={"tender": tender.number, "sheet_sha256": member.sheet_sha256},
    )  # fmt: skip
    if tender.kind is Kind.PROCUREMENT:
        cover(session, tender, now)
    session.flush()
    messages.settle(session, tender.id, now=now, person_id=actor.person_id)
    if locked(session, tender.id):
        _lock(session, tender, now)
    return member


def sheet_digest(salt: str, marks: Mapping[tuple[str, str], Mark]) -> str:
    """The hash of a sheet: canonical JSON of its salt and its marks by bid and criterion."""
    lines = [
        {
            "bid": bid,
            "criterion": code,
            "score": None if mark.score is None else f"{exact(mark.score):f}",
            "passed": mark.passed,
            "reason": mark.reason,
        }
        for (bid, code), mark in sorted(marks.items())
    ]
    return sha256_hex(canonical({"v": "sheet/v1", "salt": salt, "marks": lines}))


def locked(session: Session, tender_id: str) -> bool:
    """Whether every seat is filled and has submitted: only then may anybody see a sheet."""
    made = draw_of(session, tender_id)
    members = members_of(session, tender_id)
    if made is None or made.drawn_at is None or empty_seats(made, members):
        return False
    return bool(members) and all(m.status is MemberStatus.SUBMITTED for m in members)


def locked_sheets(session: Session, tender_id: str) -> list[tuple[PanelMember, Marks]]:
    """Every member's sheet for computing the result; refused until all are submitted."""
    if not locked(session, tender_id):
        raise forbidden(
            "sheet.secret", N_("Sheets are secret until every member has submitted his own.")
        )
    members = members_of(session, tender_id)
    marks = _marks(session, members)
    return [(member, marks[member.id]) for member in members]


def _scoring(session: Session, actor: Actor, tender_id: str) -> tuple[PanelMember, Tender]:
    member = member_for(session, actor, tender_id)
    tender = tender_by_id(session, tender_id)
    if member.status is MemberStatus.SUBMITTED:
        raise conflict(
            "sheet.submitted",
            N_("Your sheet is submitted. Only the four causes of law allow a correction."),
        )
    if member.status is not MemberStatus.SEATED:
        raise conflict("sheet.not_seated", N_("Confirm first that you take part."))
    if tender.status is not TenderStatus.OPENED or tender.paused_at is not None:
        raise conflict("sheet.closed", N_("This tender is not being scored now."))
    return member, tender


def _read(entry: Entry, scale: Scale) -> Mark | None:
    if scale.kind is ScaleKind.REVIEW:
        if entry.passed not in ("yes", "no"):
            return None
        # A fail is kept at once and its reason asked for at the submission, so that a click
        # on "fail" is not lost while the reason is being typed.
        return Mark(passed=entry.passed == "yes", reason=entry.reason.strip()[:2000])
    text = entry.score.strip().replace("．", ".").replace("。", ".")
    if not text:
        return None
    try:
        score = Decimal(text)
    except InvalidOperation:
        raise invalid(
            "sheet.number", N_("This is no number. Enter a score such as 8 or 7.5.")
        ) from None
    mark = Mark(score=score, reason=entry.reason.strip()[:2000])
    if problem := check_mark(scale, entry.bid, mark):
        raise invalid(problem.code, "%(problem)s", problem=problem.text())
    return mark


def _marks(session: Session, members: Sequence[PanelMember]) -> dict[str, Marks]:
    found: dict[str, Marks] = {member.id: {} for member in members}
    query = (
        select(ScoreItem, Criterion.code)
        .join(Criterion, Criterion.id == ScoreItem.criterion_id)
        .where(ScoreItem.member_id.in_(list(found)))
    )
    for item, code in session.execute(query):
        score = None if item.score is None else exact(item.score)
        found[item.member_id][item.bid_id, code] = Mark(score, item.passed, item.reason or "")
    return found


def _lock(session: Session, tender: Tender, now: datetime) -> None:
    hashes = sorted(member.sheet_sha256 or "" for member in members_of(session, tender.id))
    ledger.append(
        session, "sheets.locked", subject=tender.id, actor=SYSTEM, now=now,
        fields={"tender": tender.number, "sheets": hashes},
    )  # fmt: skip
    for role in (Role.TOWNSHIP_AGENT, Role.COUNTY_CLERK):
        for person in people_with(session, role, tender.scope):
            messages.tell(
                session, person.id, N_("All score sheets of %(tender)s are submitted."), now=now,
                link=f"/work/{tender.id}/evaluation", subject=tender.id, tender=tender.number,
            )  # fmt: skip
