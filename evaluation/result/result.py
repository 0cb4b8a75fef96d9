"""Evaluating a tender: every lot ranked by its method, each number with its steps.

Methods that look at the price alone are run by the agent; scored ones from the locked sheets.
Run again after an upheld objection, the new result takes the old one's place; the ledger keeps
both by hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from evaluation.dates import reschedule
from evaluation.low_price.due import require_reviewed
from evaluation.low_price.papers import reveal_reviews, review_steps
from evaluation.models import Evaluation
from evaluation.panel.panel import draw_of, members_of
from evaluation.panel.partners import stated_in_tender
from evaluation.panel.profiles import require_outlier_reasons
from evaluation.panel.review import reject_by_majority, reject_outside_limit, require_evaluating
from evaluation.panel.sheets import bids_to_judge, locked_sheets
from evaluation.result.figures import Judged, Sheets, judge_bid
from evaluation.result.reporting import issue_report, reports_at_once, tell_failed
from evaluation.scoring.criteria import criteria_of, scheme_of
from evaluation.scoring.methods import Result as Ranking
from evaluation.scoring.methods import evaluate
from evaluation.scoring.sheet import ScaleKind
from evaluation.scoring.steps import Step
from keys.encoding import canonical, sha256_hex
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.opening.models import Opening
from tender.opening.results import OpenedBid
from tender.procedure.facts import method_row, tender_by_id
from tender.procedure.law.kinds import Kind
from tender.procedure.law.law import law
from tender.procedure.local_law.binding import overrides_of
from tender.procedure.models import Lot, Tender, TenderStatus
from tender.procedure.states import TENDER
from tender.procedure.timeline.calendar import day_of
from tender.publication.service import set_stage
from tender.supervision.milestones import meet

NO_VALID = N_("No valid bid is left.")
TOO_FEW_VALID = N_("Fewer valid bids are left than the law asks for.")


def evaluate_tender(
    session: Session, actor: Actor, settings: Settings, tender_id: str, *, now: datetime
) -> list[Evaluation]:
    """Rank every opened lot; the tender is evaluated, or has failed if every lot did."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.EVALUATION_RUN, on=tender)
    require_evaluating(tender)
    sheets = _sheets(session, tender)
    reject_outside_limit(session, tender, now=now)
    reject_by_majority(session, tender, sheets, now=now)
    require_reviewed(session, tender, now=now)
    session.execute(delete(Evaluation).where(Evaluation.tender_id == tender.id))
    session.flush()
    members = _members(session, settings, tender)
    found = [
        _evaluate_lot(session, actor, tender, lot, bids, sheets, members, now)
        for lot, bids in bids_to_judge(session, tender)
    ]
    if tender.status is TenderStatus.OPENED:
        advance(tender, TenderStatus.EVALUATED, TENDER)
    tender.evaluated_at = now
    for member in members_of(session, tender.id):
        member.signed_at = member.dissent = None
    meet(session, tender.id, "report", now=now)
    set_stage(session, tender.id, tender.status.value)
    if all(row.failed_reason for row in found):
        reveal_reviews(session, tender, actor, now=now)
        tell_failed(session, settings, actor, tender, now=now)
        return found
    reschedule(session, tender, now=now)
    if reports_at_once(session, tender):
        issue_report(session, settings, tender, now=now)
    return found


def evaluations_of(session: Session, tender_id: str) -> dict[str, Evaluation]:
    """The results by lot id."""
    rows = session.scalars(select(Evaluation).where(Evaluation.tender_id == tender_id))
    return {row.lot_id: row for row in rows}


def least_valid(tender: Tender) -> int:
    """How many valid bids a lot needs.

    Procurement: three qualified ones, or it is not evaluated (O87 art. 43, 44). Elsewhere the
    number counted at the opening, and what is left may be evaluated.
    """
    if tender.kind is not Kind.PROCUREMENT:
        return 1
    rule = law().lookup(
        tender.kind.value, "minimum_bidders", on=day_of(tender.published_at or tender.created_at),
        direction=tender.direction, method=tender.method.value,
        overrides=overrides_of(tender, now=tender.created_at),
    )  # fmt: skip
    return rule.required.whole


def lot_seed(session: Session, opening: Opening) -> bytes:
    """Public bytes for drawing lots between equal bids, fixed by all sealed bids together.

    SHA-256 of `lot/v1`, the opening's id and the verdicts' hash of `opening.performed`, which
    binds every envelope: whoever sealed one did not know the others.
    """
    verdicts = ""
    if opening.performed_seq is not None:
        entry = ledger.entry_of(session, opening.performed_seq)
        verdicts = str(entry.fields["verdicts_sha256"])
    return hashlib.sha256(f"lot/v1\n{opening.opening_id}\n{verdicts}".encode()).digest()


def _sheets(session: Session, tender: Tender) -> Sheets:
    if not method_row(tender).scored and draw_of(session, tender.id) is None:
        return []
    sheets = locked_sheets(session, tender.id)
    require_outlier_reasons(session, tender, sheets)
    return sheets


def _evaluate_lot(
    session: Session,
    actor: Actor,
    tender: Tender,
    lot: Lot,
    bids: Sequence[OpenedBid],
    sheets: Sheets,
    members: dict[str, list[str]],
    now: datetime,
) -> Evaluation:
    criteria = criteria_of(session, tender.id)
    judged = {bid.bid_id: judge_bid(bid, tender, lot, criteria, sheets) for bid in bids}
    failed = None
    if len(judged) < least_valid(tender):
        failed = TOO_FEW_VALID if judged else NO_VALID
    ranking, steps = [], []
    if failed is None:
        opening = session.get_one(Opening, lot.opening_id)
        ranked = evaluate(
            [each.figures for each in judged.values()],
            scheme_of(tender, lot, criteria),
            lot_seed=lot_seed(session, opening),
        )
        priced = [row.code for row in criteria if row.kind == ScaleKind.PRICE]
        ranking = _rows(ranked, judged, {bid.bid_id: bid for bid in bids}, priced, members)
        steps = _steps(ranked, judged, review_steps(session, tender))
    digest = sha256_hex(canonical({"ranking": ranking, "steps": steps, "failed": failed}))
    entry = ledger.append(
        session, "lot.evaluated", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number, "lot": lot.number, "result_sha256": digest},
    )  # fmt: skip
    row = Evaluation(
        lot_id=lot.id, tender_id=tender.id, method=tender.method.value, ranking=ranking,
        steps=steps, failed_reason=failed, evaluated_at=now, evaluated_by=actor.person_id,
        ledger_seq=entry.seq,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _members(session: Session, settings: Settings, tender: Tender) -> dict[str, list[str]]:
    """By bid: who bids together with the bidder (联合体成员), as its statement names them."""
    stated = stated_in_tender(session, settings.store, tender)
    return {
        bid: [partner.name for partner in each.statement.consortium]
        for bid, each in stated.items()
        if each.statement is not None
    }


def _rows(
    ranked: Ranking,
    judged: dict[str, Judged],
    bids: dict[str, OpenedBid],
    priced: list[str],
    members: dict[str, list[str]],
) -> list[dict[str, Any]]:
    rows = []
    for place in ranked.ranking:
        bid, own = bids[place.bid], judged[place.bid]
        scores = dict(own.scores)
        if len(priced) == 1:
            scores[priced[0]] = ranked.totals[place.bid] - own.figures.technical
        rows.append(
            {
                "bid": place.bid,
                "organisation": bid.organisation_id,
                "party": bid.party_id,
                "name": bid.name,
                "members": members.get(place.bid, []),
                "rank": place.rank,
                "tied": place.tied,
                "decided_by": place.decided_by.value if place.decided_by else None,
                "price_fen": own.figures.price_fen,
                "total_fen": own.figures.total_fen,
                "total": f"{ranked.totals[place.bid]:f}",
                "scores": {code: f"{score:f}" for code, score in scores.items()},
            }
        )
    return rows


def _steps(
    ranked: Ranking, judged: dict[str, Judged], reviewed: dict[str, list[Step]]
) -> list[dict[str, Any]]:
    found = []
    for place in ranked.ranking:
        first = reviewed.get(place.bid, [])
        steps = (*first, *judged[place.bid].steps, *ranked.steps[place.bid])
        found.append({"bid": place.bid, "steps": [step.plain() for step in steps]})
    return found
