"""Rejection of bids (否决投标): by the limit, the panel's majority, or a person with reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import PanelMember, Rejection
from evaluation.panel.grounds import LegalGround, ground_for_review, ground_of, grounds
from evaluation.panel.sheets import Marks, bids_to_judge, judged_criteria
from evaluation.scoring.sheet import ScaleKind
from tender.accounts.permissions import Permission, require
from tender.core.actor import SYSTEM, Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_
from tender.core.money import format_yuan
from tender.core.wording import plain, read_wording, say
from tender.ledger import service as ledger
from tender.opening.results import judged_bids
from tender.procedure.facts import lots_of, tender_by_id
from tender.procedure.law.kinds import Direction
from tender.procedure.models import Criterion, Tender, TenderStatus
from tender.procedure.pricing import check_price

PANEL = "panel"
BELOW = N_("The price of %(price)s yuan is below the reserve of %(limit)s yuan.")
ABOVE = N_("The price of %(price)s yuan is above the maximum of %(limit)s yuan.")


def rejections_of(session: Session, tender_id: str) -> dict[str, Rejection]:
    """A tender's rejections by bid."""
    rows = session.scalars(select(Rejection).where(Rejection.tender_id == tender_id))
    return {row.bid_id: row for row in rows}


def reason_text(rejection: Rejection) -> str:
    """Why a bid was rejected, in the reader's language where the reason was computed."""
    if rejection.wording is not None:
        return read_wording(rejection.wording).text()
    return rejection.reason


def ground_text(tender: Tender, rejection: Rejection) -> LegalGround:
    """The legal ground of a rejection."""
    return ground_of(tender, rejection.ground) or grounds(tender)[-1]


def reject_bid(
    session: Session,
    actor: Actor,
    tender_id: str,
    bid_id: str,
    *,
    ground: str,
    reason: str,
    now: datetime,
) -> Rejection:
    """Reject a bid by a person's decision, with the legal ground and the reason in words."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.EVALUATION_RUN, on=tender)
    require_evaluating(tender)
    problems = {}
    if ground not in {each.code for each in grounds(tender)}:
        problems["ground"] = N_("Choose the legal ground.")
    if not 2 <= len(reason.strip()) <= 2000:
        problems["reason"] = N_("Say in 2 to 2,000 characters what is missing and where.")
    if problems:
        raise invalid("rejection.form", N_("A rejection needs its ground and reason."), problems)
    known = {
        bid.bid_id for lot in lots_of(session, tender.id) for bid in judged_bids(session, lot.id)
    }
    if bid_id not in known:
        raise invalid("rejection.bid", N_("This bid does not belong to this tender."))
    if session.get(Rejection, bid_id) is not None:
        raise conflict("rejection.twice", N_("This bid is rejected already."))
    return _reject(session, tender, bid_id, ground, reason.strip(), actor.person_id, now)


def withdraw_rejection(
    session: Session, actor: Actor, tender_id: str, bid_id: str, reason: str, *, now: datetime
) -> None:
    """Take a rejection back, with the reason; the ledger keeps both."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.EVALUATION_RUN, on=tender)
    require_evaluating(tender)
    row = session.get(Rejection, bid_id)
    if row is None or row.tender_id != tender.id:
        raise conflict("rejection.none", N_("This bid is not rejected."))
    if len(reason.strip()) < 2:
        raise invalid("rejection.reason", N_("Say why."), {"reason": N_("Required.")})
    session.delete(row)
    ledger.append(
        session, "rejection.withdrawn", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number, "bid": bid_id}, private={"reason": reason.strip()},
    )  # fmt: skip
    session.flush()


def require_evaluating(tender: Tender) -> None:
    """Refuse acts of evaluation outside its time and while the procedure is paused."""
    if tender.status not in (TenderStatus.OPENED, TenderStatus.EVALUATED):
        raise conflict("evaluation.closed", N_("This tender is not being evaluated now."))
    require_not_paused(tender)


def require_not_paused(tender: Tender) -> None:
    """Refuse to go on while an objection or complaint pauses the tender (REG 22, 54)."""
    if tender.paused_at is not None:
        raise conflict(
            "tender.paused",
            N_("An objection or complaint pauses this tender. Answer it first."),
        )


def reject_outside_limit(session: Session, tender: Tender, *, now: datetime) -> None:
    """Reject every price below the reserve or above the ceiling; data alone decides this."""
    below = tender.direction is Direction.DISPOSAL
    message = BELOW if below else ABOVE
    for lot, bids in bids_to_judge(session, tender):
        for bid in bids:
            if bid.price_fen is None or lot.limit_fen is None:
                continue
            if check_price(tender.direction, bid.price_fen, lot.limit_fen) is None:
                continue
            wording = say(
                message, price=format_yuan(bid.price_fen), limit=format_yuan(lot.limit_fen)
            )
            row = _reject(session, tender, bid.bid_id, "price", wording.text(), SYSTEM, now)
            row.wording = plain(wording)
    session.flush()


def reject_by_majority(
    session: Session,
    tender: Tender,
    sheets: Sequence[tuple[PanelMember, Marks]],
    *,
    now: datetime,
) -> None:
    """Reject every bid that more than half of the members failed in one review item (REG 53)."""
    for bid_id, (item, failed) in failed_by_majority(session, tender, sheets).items():
        _reject_failed(session, tender, bid_id, item, failed, now)
    session.flush()


def failed_by_majority(
    session: Session, tender: Tender, sheets: Sequence[tuple[PanelMember, Marks]]
) -> dict[str, tuple[Criterion, list[str]]]:
    """The bids that more than half of the members failed, with the first such item and reasons."""
    items = [row for row in judged_criteria(session, tender) if row.kind == ScaleKind.REVIEW.value]
    found: dict[str, tuple[Criterion, list[str]]] = {}
    for _, bids in bids_to_judge(session, tender):
        for bid in bids:
            for item in items:
                failed = _fails(sheets, bid.bid_id, item)
                if 2 * len(failed) > len(sheets):
                    found.setdefault(bid.bid_id, (item, failed))
    return found


def _fails(sheets: Sequence[tuple[PanelMember, Marks]], bid_id: str, item: Criterion) -> list[str]:
    marks = (marks.get((bid_id, item.code)) for _, marks in sheets)
    return [mark.reason for mark in marks if mark is not None and mark.passed is False]


def _reject_failed(
    session: Session, tender: Tender, bid_id: str, item: Criterion, failed: list[str], now: datetime
) -> None:
    wording = say(
        N_("Failed in “%(item)s” by the majority of the panel: %(reasons)s"),
        item=item.name, reasons="; ".join(dict.fromkeys(filter(None, failed))),
    )  # fmt: skip
    ground = ground_for_review(tender, item)
    row = _reject(session, tender, bid_id, ground, wording.text(), PANEL, now)
    row.wording = plain(wording)


def _reject(
    session: Session,
    tender: Tender,
    bid_id: str,
    ground: str,
    reason: str,
    by: str,
    now: datetime,
) -> Rejection:
    row = Rejection(
        bid_id=bid_id, tender_id=tender.id, ground=ground, reason=reason,
        decided_by=by, decided_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    ledger.append(
        session, "rejection.made", subject=tender.id, actor=by, now=now,
        fields={"tender": tender.number, "bid": bid_id, "ground": ground},
        private={"reason": reason},
    )  # fmt: skip
    return row
