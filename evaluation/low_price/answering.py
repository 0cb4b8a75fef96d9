"""The bidder's side of a low price review: its own question, its answer and papers, nothing else's.

Whoever is not asked is told the same as for a review that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from evaluation.low_price.models import LowPriceReview, ReviewStatus
from evaluation.low_price.reviewing import reviewing_member
from evaluation.low_price.states import REVIEW
from evaluation.panel.notes import note
from evaluation.panel.panel import members_of
from evaluation.panel.sheets import locked
from tender.accounts.permissions import Permission, allowed, require
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, invalid, late, not_found
from tender.core.files import keep_upload
from tender.core.i18n import N_
from tender.core.shanghai import SHANGHAI
from tender.core.states import advance
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.facts import tender_by_id
from tender.procedure.models import Lot, Tender, TenderStatus

MOST_FILES = 10
PUBLIC = (
    TenderStatus.CANDIDATES, TenderStatus.AWARDED, TenderStatus.CONTRACTED, TenderStatus.FAILED,
)  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """A paper that comes with an answer."""

    name: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Asked:
    """What the asked bidder sees: its bid, the question, its answer; in the end the decision."""

    review: LowPriceReview
    tender: Tender
    lot: Lot
    bid: OpenedBid
    open: bool
    public: bool


def asked(session: Session, actor: Actor, review_id: str, *, now: datetime) -> Asked:
    """The acting bidder's own review; DomainError `review.unknown` for everybody else."""
    review = _own(session, actor, review_id)
    tender = tender_by_id(session, review.tender_id)
    bid = next(each for each in judged_bids(session, review.lot_id) if each.bid_id == review.bid_id)
    return Asked(
        review=review,
        tender=tender,
        lot=session.get_one(Lot, review.lot_id),
        bid=bid,
        open=review.status is ReviewStatus.ASKED and now < review.due_at,
        public=tender.status in PUBLIC,
    )


def answer(
    session: Session,
    actor: Actor,
    store: Path,
    review_id: str,
    text: str,
    files: Sequence[Upload],
    *,
    now: datetime,
) -> LowPriceReview:
    """Explain one's price, once, within the time that the panel gave."""
    review = _own(session, actor, review_id)
    tender = tender_by_id(session, review.tender_id)
    if review.status is not ReviewStatus.ASKED:
        raise conflict("low_price.answered", N_("Your explanation has been handed in."))
    if now >= review.due_at:
        due = review.due_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        raise late("low_price.late", N_("The time to explain ended at %(due)s."), due=due)
    problems = {}
    if not 2 <= len(text.strip()) <= 8000:
        problems["text"] = N_("2 to 8,000 characters.")
    if len(files) > MOST_FILES:
        problems["files"] = N_("At most ten files.")
    if problems:
        raise invalid("low_price.answer", N_("Please correct what is marked below."), problems)
    review.files = [_keep(session, actor, store, each, now) for each in files]
    review.answer, review.answered_at = text.strip(), now
    advance(review, ReviewStatus.ANSWERED, REVIEW)
    session.flush()
    seq = note(
        session, tender, "low_price.answered", now, bid=review.bid_id, by=actor.person_id,
        answer=review.answer, files=[each["sha256"] for each in review.files],
    )  # fmt: skip
    review.ledger = [*review.ledger, seq]
    messages.settle(session, review.id, now=now)
    _tell_panel(session, tender, review, now)
    return review


def file_for(session: Session, actor: Actor, review_id: str, place: int) -> dict[str, Any]:
    """A paper of an answer: for its bidder, the panel, and staff once the sheets are open."""
    review = session.get(LowPriceReview, review_id)
    if review is None or not _readable(session, actor, review):
        raise not_found("review.unknown", N_("There is no such review."))
    if not 0 < place <= len(review.files):
        raise not_found("bid.file_unknown", N_("There is no such file."))
    found: dict[str, Any] = review.files[place - 1]
    return found


def _readable(session: Session, actor: Actor, review: LowPriceReview) -> bool:
    if actor.role is Role.BIDDER:
        return allowed(actor, Permission.OBJECTION_FILE, on=review)
    if actor.role is Role.EXPERT:
        reviewing_member(session, actor, review.tender_id)
        return True
    tender = tender_by_id(session, review.tender_id)
    return allowed(actor, Permission.EVALUATION_READ, on=tender) and locked(session, tender.id)


def _own(session: Session, actor: Actor, review_id: str) -> LowPriceReview:
    require(actor, Permission.OBJECTION_FILE)
    review = session.get(LowPriceReview, review_id)
    if review is None or not allowed(actor, Permission.OBJECTION_FILE, on=review):
        raise not_found("review.unknown", N_("There is no such review."))
    return review


def _keep(
    session: Session, actor: Actor, store: Path, file: Upload, now: datetime
) -> dict[str, Any]:
    kept = keep_upload(
        session, store, name=file.name, chunks=file.chunks, actor_id=actor.person_id, now=now
    )
    return {"name": kept.name, "sha256": kept.sha256, "size": kept.size, "file": kept.id}


def _tell_panel(session: Session, tender: Tender, review: LowPriceReview, now: datetime) -> None:
    for member in members_of(session, tender.id):
        messages.tell(
            session, member.person_id,
            N_("A bidder of %(tender)s has explained its price. Read it and vote."), now=now,
            link=f"/panel/{tender.id}/low-price", subject=review.id, tender=tender.number,
        )  # fmt: skip
