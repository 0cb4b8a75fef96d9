"""Results in the forms that documents, pages and releases want them; Chinese on paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from evaluation.models import Evaluation, Rejection
from evaluation.panel.review import ground_text, reason_text, rejections_of
from evaluation.scoring.criteria import criteria_of, exact
from evaluation.scoring.sheet import ScaleKind
from evaluation.scoring.steps import step_text
from keys.encoding import timestamp
from tender.core import presenting
from tender.core.i18n import N_, gettext, speaking
from tender.opening.record import VERDICTS
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.facts import lots_of, pricing_of
from tender.procedure.models import Criterion, Lot, Tender
from tender.publication.ocds import value
from tender.publication.papers import parts

TOO_FEW = N_("Too few bids came in; nothing was opened.")


def basis_text(lot: Lot) -> str:
    """What one price of a lot means, in the present language."""
    return pricing_of(lot).wording().text()


def scored_criteria(session: Session, tender: Tender) -> list[Criterion]:
    """The criteria that give points, in the order of the documents."""
    rows = criteria_of(session, tender.id)
    return [row for row in rows if row.kind != ScaleKind.REVIEW.value]


def ranked_name(row: Mapping[str, Any]) -> str:
    """The bidder of a row of the ranking; a joint bid (联合体) is told with all its members."""
    if not row.get("members"):
        return str(row["name"])
    joint = N_("%(bidder)s (joint bid with %(members)s)")
    return gettext(joint, bidder=row["name"], members="、".join(row["members"]))


def ranked_bids(
    session: Session, tender: Tender, evaluation: Evaluation, *, steps: bool = False
) -> tuple[parts.ScoredBid, ...]:
    """A lot's ranking as documents print it; totals only where something is scored."""
    codes = [row.code for row in scored_criteria(session, tender)]
    shown = {row["bid"]: row["steps"] for row in evaluation.steps} if steps else {}
    return tuple(
        parts.ScoredBid(
            bidder=ranked_name(row),
            rank=row["rank"],
            price_fen=row["price_fen"],
            total=row["total"] if codes else "",
            scores=tuple(row["scores"].get(code, "—") for code in codes),
            steps=tuple(step_text(step) for step in shown.get(row["bid"], [])),
        )
        for row in evaluation.ranking
    )


def criterion_lines(session: Session, tender: Tender) -> tuple[parts.CriterionLine, ...]:
    """The scored criteria with their points."""
    return tuple(
        parts.CriterionLine(name=row.name, weight=f"{exact(row.maximum):f}", detail=row.guidance)
        for row in scored_criteria(session, tender)
    )


def rejected_bids(
    session: Session, tender: Tender, lot: Lot, evaluation: Evaluation | None
) -> tuple[parts.RejectedBid, ...]:
    """Every bid of a lot that was not ranked, with the reason."""
    ranked = {row["bid"] for row in evaluation.ranking} if evaluation else set()
    rejections = rejections_of(session, tender.id)
    return tuple(
        rejected_bid(tender, bid, rejections.get(bid.bid_id))
        for bid in judged_bids(session, lot.id)
        if bid.bid_id not in ranked and (bid.bid_id in rejections or not bid.opened)
    )


def rejected_bid(tender: Tender, bid: OpenedBid, row: Rejection | None) -> parts.RejectedBid:
    """One bid that was not ranked: its rejection, or what the opening found."""
    if row is None:
        return parts.RejectedBid(bidder=bid.name, reason=gettext(VERDICTS[bid.verdict]))
    ground = ground_text(tender, row)
    reason = f"{gettext(ground.text)}{reason_text(row)}"
    return parts.RejectedBid(bidder=bid.name, reason=reason, article=ground.article)


def failed_text(evaluation: Evaluation | None) -> str:
    """Why a lot has no winner; empty if it has one."""
    return TOO_FEW if evaluation is None else (evaluation.failed_reason or "")


def result_block(
    session: Session, tender: Tender, lot: Lot, evaluation: Evaluation | None, most: int
) -> parts.Block:
    """A lot's first candidates and its rejections as a block of the page, in Chinese."""
    with speaking("zh"):
        rows = [_row(row, tender, lot) for row in (evaluation.ranking if evaluation else [])[:most]]
        for bid in rejected_bids(session, tender, lot, evaluation):
            rows.append((bid.bidder, f"{gettext(N_('Rejected'))}：{bid.reason} {bid.article}"))
        failed = failed_text(evaluation)
        return parts.Block(
            heading=f"{lot.number}. {lot.name}",
            paragraphs=(gettext(failed),) if failed else (),
            rows=tuple(rows),
        )


def ocds_bids(session: Session, tender: Tender) -> dict[str, Any]:
    """The OCDS bids section after the evaluation: valid or disqualified."""
    rejections = rejections_of(session, tender.id)
    details = []
    for lot in lots_of(session, tender.id):
        for bid in judged_bids(session, lot.id):
            valid = bid.opened and bid.bid_id not in rejections
            row: dict[str, Any] = {
                "id": bid.bid_id,
                "date": timestamp(bid.submitted_at),
                "status": "valid" if valid else "disqualified",
                "tenderers": [{"id": bid.party_id, "name": bid.name}],
                "relatedLots": [lot.number],
            }
            if bid.price_fen is not None:
                row["value"] = value(pricing_of(lot).total(bid.price_fen))
            details.append(row)
    return {"details": details}


def ocds_parties(session: Session, tender: Tender, winners: set[str]) -> list[dict[str, Any]]:
    """Every tenderer as an OCDS party; winners are suppliers too."""
    found: dict[str, dict[str, Any]] = {}
    for lot in lots_of(session, tender.id):
        for bid in judged_bids(session, lot.id):
            roles = ["tenderer", "supplier"] if bid.party_id in winners else ["tenderer"]
            found[bid.party_id] = {"id": bid.party_id, "name": bid.name, "roles": roles}
    return list(found.values())


def _row(row: dict[str, Any], tender: Tender, lot: Lot) -> tuple[str, str]:
    text = f"{presenting.yuan(row['price_fen'])} 元（{basis_text(lot)}）"
    if any(row["scores"]):
        text += f"，{gettext(N_('total score'))} {row['total']}"
    return f"{row['rank']}. {ranked_name(row)}", text
