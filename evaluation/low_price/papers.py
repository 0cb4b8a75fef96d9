"""A low price review in the result: steps, report, notice, and its entries told in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from evaluation.low_price.due import reviews_of
from evaluation.low_price.models import LowPriceReview, ReviewStatus
from evaluation.low_price.reviewing import DECIDE, seats, votes_of
from evaluation.panel.panel import members_of
from evaluation.scoring.steps import Step, read_step
from keys.encoding import timestamp
from tender.core.actor import Actor
from tender.core.i18n import N_, gettext
from tender.core.wording import say
from tender.ledger import service as ledger
from tender.opening.results import judged_bids
from tender.procedure.models import Lot, Tender
from tender.publication.papers import parts

STATUS_NAMES: dict[ReviewStatus, str] = {
    ReviewStatus.ASKED: N_("waits for the bidder's explanation"),
    ReviewStatus.ANSWERED: N_("explained, the panel votes"),
    ReviewStatus.ACCEPTED: N_("explained; the price stands"),
    ReviewStatus.REFUSED: N_("not explained; the bid is invalid"),
}
HEADING = N_("Review of abnormally low prices")
NO_ANSWER = N_("No explanation was given in time.")


def decision_step(session: Session, tender: Tender, review: LowPriceReview) -> Step:
    """The decision as the last step of its sum: members for the price, of all."""
    given = votes_of(session, tender, review.bid_id, DECIDE)
    needed = seats(session, tender)
    satisfied = sum(each.yes for each in given)
    return Step(
        label=say(HEADING),
        formula=say(N_("members who find the price explained; at least half of all")),
        worked=" + ".join(str(int(each.yes)) for each in given) or "0",
        values={"members": Decimal(needed)},
        result=Decimal(satisfied),
    )


def review_steps(session: Session, tender: Tender) -> dict[str, list[Step]]:
    """By bid: what triggered the review, and the decision; put before the bid's other steps."""
    return {
        bid: [
            *(read_step(each) for each in review.triggers),
            decision_step(session, tender, review),
        ]
        for bid, review in reviews_of(session, tender.id).items()
        if review.decided
    }


def report_parts(session: Session, tender: Tender) -> tuple[parts.SpotObjection, ...]:
    """The reviews as the evaluation report prints them: who, why, the answer, the votes."""
    names = _names(session, tender)
    return tuple(
        parts.SpotObjection(
            by=names.get(bid, bid),
            at=timestamp(review.answered_at or review.due_at),
            text=_asked_text(review),
            answer=_answer_text(session, tender, review),
        )
        for bid, review in reviews_of(session, tender.id).items()
    )


def _asked_text(review: LowPriceReview) -> str:
    reasons = [_line(read_step(each)) for each in review.triggers]
    reasons += [review.question] if review.question else []
    return f"{gettext(HEADING)}：{'；'.join(reasons)}"


def _line(step: Step) -> str:
    return f"{step.label.text()}：{step.worked}（{step.result:f}%）"


def _answer_text(session: Session, tender: Tender, review: LowPriceReview) -> str:
    said = [review.answer or gettext(NO_ANSWER)]
    if review.files:
        listed = "、".join(f"{each['name']}（SHA-256 {each['sha256']}）" for each in review.files)
        said.append(gettext(N_("Papers: %(files)s"), files=listed))
    positions = {member.id: member.position for member in members_of(session, tender.id)}
    for each in votes_of(session, tender, review.bid_id, DECIDE):
        word = N_("Seat %(seat)s finds the price explained: %(reason)s")
        if not each.yes:
            word = N_("Seat %(seat)s finds the price not explained: %(reason)s")
        said.append(gettext(word, seat=positions[each.member_id], reason=each.reason))
    said.append(gettext(STATUS_NAMES[review.status]))
    return "\n".join(said)


def result_blocks(session: Session, tender: Tender, lots: Sequence[Lot]) -> list[parts.Block]:
    """The reviews for the result notice, in the present language; none, no block."""
    names = _names(session, tender)
    rows = tuple(
        (names.get(bid, bid), _result_text(session, tender, review))
        for bid, review in reviews_of(session, tender.id).items()
        if review.decided and any(lot.id == review.lot_id for lot in lots)
    )
    return [parts.Block(heading=gettext(HEADING), rows=rows)] if rows else []


def _result_text(session: Session, tender: Tender, review: LowPriceReview) -> str:
    step = decision_step(session, tender, review)
    reasons = "；".join(_line(read_step(each)) for each in review.triggers)
    words = gettext(STATUS_NAMES[review.status])
    votes = f"{step.result} / {step.values['members']}"
    return f"{reasons}{'；' if reasons else ''}{words}（{votes}）"


def reveal_reviews(session: Session, tender: Tender, actor: Actor, *, now: datetime) -> None:
    """With the result: which entries of the ledger were of which review, and how it ended."""
    found = reviews_of(session, tender.id)
    if not found:
        return
    rows: list[dict[str, Any]] = [
        {"bid": bid, "decision": review.status.value, "entries": review.ledger}
        for bid, review in found.items()
    ]
    ledger.append(
        session, "low_price.revealed", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number, "reviews": rows},
    )  # fmt: skip


def _names(session: Session, tender: Tender) -> dict[str, str]:
    lots = {review.lot_id for review in reviews_of(session, tender.id).values()}
    return {bid.bid_id: bid.name for lot in lots for bid in judged_bids(session, lot)}
