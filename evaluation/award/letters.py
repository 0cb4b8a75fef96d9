"""The award letter (中标通知书) to each winner, and each loser's letter with its own score."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from evaluation.award.notice import winner_name
from evaluation.dates import article_of, dates_of
from evaluation.models import Award, Evaluation
from evaluation.panel.review import rejections_of
from evaluation.result.papers import basis_text, rejected_bid, scored_criteria
from keys.encoding import timestamp
from tender.accounts.directory import members_of
from tender.accounts.models import Organisation
from tender.core import messages
from tender.core.actor import Role
from tender.core.clock import legal_day
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.facts import lots_of
from tender.procedure.models import Lot, Tender
from tender.procedure.notices import paper_lot, parties
from tender.procedure.pricing import PriceBasis
from tender.procedure.timeline.milestones import MilestoneCode
from tender.procedure.timeline.timeline import INSTANT
from tender.publication.papers import parts
from tender.publication.papers.documents import (
    TITLES,
    AwardLetter,
    DocumentKind,
    UnsuccessfulLetter,
)
from tender.publication.service import PublicFacts, issue_document

Results = dict[str, Evaluation]


def send_letters(
    session: Session,
    settings: Settings,
    tender: Tender,
    awards: Sequence[Award],
    results: Results,
    facts: PublicFacts,
    now: datetime,
) -> None:
    """Order every letter and tell every bidder; the caller speaks Chinese, as the papers do."""
    won = {award.lot_id: award for award in awards}
    for organisation_id in dict.fromkeys(award.organisation_id for award in awards):
        own = [award for award in awards if award.organisation_id == organisation_id]
        _award_letter(session, settings, tender, own, facts, now)
    for lot in lots_of(session, tender.id):
        for bid in judged_bids(session, lot.id):
            award = won.get(lot.id)
            if award is None or award.bid_id != bid.bid_id:
                _loser_letter(
                    session, settings, tender, lot, bid, award, results.get(lot.id), facts, now
                )


def _award_letter(
    session: Session,
    settings: Settings,
    tender: Tender,
    own: Sequence[Award],
    facts: PublicFacts,
    now: datetime,
) -> None:
    winner = session.get_one(Organisation, own[0].organisation_id)
    with speaking("zh"):
        name = winner_name(session, own[0])
    due = dates_of(tender, now=now).get(MilestoneCode.CONTRACT)
    lots = tuple(_awarded(session.get_one(Lot, award.lot_id), award, tender) for award in own)

    def paper(head: parts.Head) -> AwardLetter:
        return AwardLetter(
            head=head,
            direction=tender.direction.value.lower(),
            winner=name,
            lots=lots,
            sign_by=legal_day(due.latest - INSTANT) if due and due.latest else "",
            tenderer=parties(tender)[0],
            article=article_of(due),
        )

    kind = DocumentKind.AWARD_LETTER
    document = issue_document(
        session, settings, facts, kind=kind.value, title=f"{tender.title}{gettext(TITLES[kind])}",
        paper=paper, now=now, public=False, recipient_id=winner.id,
    )  # fmt: skip
    for award in own:
        award.letter_id = document.id
    _tell(
        session, winner.id, tender, N_("You have won %(tender)s. The award letter is ready."), now,
        due.latest if due else None,
    )  # fmt: skip


def _awarded(lot: Lot, award: Award, tender: Tender) -> parts.AwardedLot:
    shown = paper_lot(lot, tender)
    whole = PriceBasis(lot.price_basis) is PriceBasis.TOTAL and lot.quantity == lot.term == 1
    return parts.AwardedLot(
        number=lot.number,
        name=lot.name,
        price_fen=award.price_fen,
        total_fen=award.total_fen,
        basis=basis_text(lot),
        quantity="" if whole else shown.quantity,
        term="" if whole else shown.term,
    )


def _loser_letter(
    session: Session,
    settings: Settings,
    tender: Tender,
    lot: Lot,
    bid: OpenedBid,
    award: Award | None,
    result: Evaluation | None,
    facts: PublicFacts,
    now: datetime,
) -> None:
    own = _own_row(bid, result)
    rejection = rejections_of(session, tender.id).get(bid.bid_id)
    rejected = "" if own else rejected_bid(tender, bid, rejection).reason
    challenge = dates_of(tender, now=now).get(MilestoneCode.CHALLENGE_END)
    scored = bool(scored_criteria(session, tender))
    body: dict[str, Any] = {
        "direction": tender.direction.value.lower(),
        "bidder": bid.name,
        "lot": f"{lot.number}. {lot.name}",
        "winner": winner_name(session, award) if award else "",
        "winner_total_fen": award.total_fen if award else None,
        "own_price_fen": bid.price_fen,
        "own_total": own["total"] if own and scored else "",
        "own_rank": own["rank"] if own else None,
        "rejected": rejected,
        "object_until": timestamp(challenge.at) if challenge else "",
        "contacts": parties(tender),
        "article": article_of(challenge),
    }
    kind = DocumentKind.UNSUCCESSFUL_LETTER
    issue_document(
        session, settings, facts, kind=kind.value, title=f"{tender.title}{gettext(TITLES[kind])}",
        paper=lambda head: UnsuccessfulLetter(head=head, **body), now=now, public=False,
        recipient_id=bid.organisation_id,
    )  # fmt: skip
    _tell(
        session, bid.organisation_id, tender,
        N_("The result of %(tender)s is published; your letter is ready."), now, None,
    )  # fmt: skip


def _own_row(bid: OpenedBid, result: Evaluation | None) -> dict[str, Any] | None:
    rows = result.ranking if result else []
    return next((row for row in rows if row["bid"] == bid.bid_id), None)


def _tell(
    session: Session,
    organisation_id: str,
    tender: Tender,
    text: str,
    now: datetime,
    due_at: datetime | None,
) -> None:
    for person in members_of(session, organisation_id, Role.BIDDER):
        messages.tell(
            session, person.id, text, now=now, link=f"/results/{tender.id}", subject=tender.id,
            due_at=due_at, email=person.email, tender=tender.number,
        )  # fmt: skip
