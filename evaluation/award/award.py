"""The award (定标): one per lot, after the standstill, while nothing pauses the tender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.award.letters import send_letters
from evaluation.award.notice import result_content
from evaluation.dates import dates_of, has_candidates, reschedule
from evaluation.low_price.papers import reveal_reviews
from evaluation.models import Award, Evaluation
from evaluation.panel.panel import reveal_panel
from evaluation.panel.review import require_not_paused
from evaluation.result.reporting import issue_report
from evaluation.result.result import evaluations_of
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_, speaking
from tender.core.settings import Settings
from tender.core.shanghai import SHANGHAI
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.objections.standing import pausing
from tender.procedure.facts import lots_of, pricing_of, public_facts, tender_by_id
from tender.procedure.models import Lot, LotStatus, Tender, TenderStatus
from tender.procedure.states import LOT, TENDER
from tender.procedure.timeline.milestones import MilestoneCode
from tender.publication.service import publish
from tender.supervision.milestones import meet


@dataclass(frozen=True)
class Decision:
    """Whom the tenderer chooses where it is not the first candidate: bid by lot number, why."""

    winners: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def make_award(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    decision: Decision,
    *,
    now: datetime,
) -> list[Award]:
    """Award every lot that has a ranking; lots without one have failed and are named.

    Result notice, letters, releases and ledger entries are one transaction with it.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.AWARD_MAKE, on=tender)
    _check_time(session, tender, now)
    results = evaluations_of(session, tender.id)
    chosen = [
        (lot, _winner(lot, results[lot.id], decision))
        for lot in lots_of(session, tender.id)
        if lot.status is LotStatus.OPENED and lot.id in results and results[lot.id].ranking
    ]
    issue_report(session, settings, tender, now=now)
    tender.awarded_at = tender.changed_at = now
    advance(tender, TenderStatus.AWARDED, TENDER)
    awards = [
        _award(session, actor, tender, lot, row, decision.reason.strip(), now)
        for lot, row in chosen
    ]
    for lot in lots_of(session, tender.id):
        if lot.status is LotStatus.OPENED:
            advance(lot, LotStatus.FAILED, LOT)
    for code in ("award", "award_letter", "award_notice"):
        meet(session, tender.id, code, now=now)
    contract = dates_of(tender, now=now).get(MilestoneCode.CONTRACT)
    tender.contract_due = contract.latest if contract else None
    reschedule(session, tender, now=now)
    session.flush()
    _publish(session, actor, settings, tender, awards, now)
    return awards


def awards_of(session: Session, tender_id: str) -> dict[str, Award]:
    """A tender's awards by lot id."""
    rows = session.scalars(select(Award).where(Award.tender_id == tender_id))
    return {row.lot_id: row for row in rows}


def _check_time(session: Session, tender: Tender, now: datetime) -> None:
    if pausing(session, tender.id):
        raise conflict(
            "award.objection",
            N_("An objection or complaint is open; the award waits until it is answered."),
        )
    require_not_paused(tender)
    wanted = TenderStatus.CANDIDATES if has_candidates(tender) else TenderStatus.EVALUATED
    if tender.status is not wanted:
        raise conflict(
            "award.not_now",
            N_("An award follows the evaluation and, where there is one, the candidates notice."),
        )
    end = tender.standstill_until
    if wanted is TenderStatus.CANDIDATES and (end is None or now < end):
        raise conflict(
            "award.standstill",
            N_("The candidates notice runs until %(end)s. Award after it."),
            end=end.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if end else "—",
        )


def _winner(lot: Lot, result: Evaluation, decision: Decision) -> dict[str, Any]:
    """The row of the ranking that wins: the first, or another one with the reason (REG 55)."""
    first = result.ranking[0]
    wanted = decision.winners.get(lot.number) or first["bid"]
    found = next((row for row in result.ranking if row["bid"] == wanted), None)
    if found is None:
        raise invalid("award.unknown", N_("This bid does not stand in the ranking."))
    if first["tied"] and not decision.reason.strip():
        raise conflict(
            "award.tie",
            N_("The first place is shared and the documents state no rule. Give the reason."),
        )
    if found is not first and not 10 <= len(decision.reason.strip()) <= 2000:
        raise invalid(
            "award.reason",
            N_("Another than the first candidate may win only for a reason of law. State it."),
            {"reason": N_("At least 10 characters.")},
        )
    return found


def _award(
    session: Session,
    actor: Actor,
    tender: Tender,
    lot: Lot,
    row: dict[str, Any],
    reason: str,
    now: datetime,
) -> Award:
    total = pricing_of(lot).total(row["price_fen"])
    entry = ledger.append(
        session, "award.made", subject=tender.id, actor=actor.person_id, now=now,
        fields={
            "tender": tender.number, "lot": lot.number, "bid": row["bid"],
            "bidder": row["party"], "price_fen": row["price_fen"], "total_fen": total,
        },
    )  # fmt: skip
    award = Award(
        lot_id=lot.id, tender_id=tender.id, bid_id=row["bid"],
        organisation_id=row["organisation"], price_fen=row["price_fen"], total_fen=total,
        reason=reason or None, awarded_at=now, awarded_by=actor.person_id,
        ledger_seq=entry.seq,
    )  # fmt: skip
    session.add(award)
    advance(lot, LotStatus.AWARDED, LOT)
    session.flush()
    return award


def _publish(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender: Tender,
    awards: list[Award],
    now: datetime,
) -> None:
    names = reveal_panel(session, tender, actor, now=now)
    reveal_reviews(session, tender, actor, now=now)
    results = evaluations_of(session, tender.id)
    with speaking("zh"):
        content = result_content(session, tender, awards, results, tuple(names), now)
    facts = public_facts(session, tender, now=now)
    publish(session, settings, facts, content, actor_id=actor.person_id, now=now)
    with speaking("zh"):
        send_letters(session, settings, tender, awards, results, facts, now)
