"""N5, what the winner's contract hands on to the lot's losers (向落选人分包、供货、借用人员).

The rows are those that staff recorded with the contract (evaluation/award/ties.py). What the
winner's bid named beforehand and the documents allow is left out, and so are firms that state to
have bid together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from evaluation.award.ties import TIE_NAMES, ties_of
from evaluation.findings.inputs.exhibits import Exhibit, Seen, compared
from evaluation.findings.inputs.statements import statements_of
from evaluation.models import Award, ContractTie
from evaluation.panel.partners import bidder_named, consortium_pairs
from evaluation.screens.finding import Finding
from evaluation.screens.people import Tie, tie_signs
from keys.bid_statement import Partner
from tender.core.i18n import N_
from tender.core.presenting import second, yuan
from tender.core.settings import Settings
from tender.opening.results import judged_bids
from tender.procedure.models import Lot


@dataclass(frozen=True)
class TieFeed:
    """The winner of a lot, its losers by id with their names, and who works on its contract."""

    winner: str
    names: dict[str, str]
    ties: Sequence[tuple[str, ContractTie]]  # the loser, and the row that names it
    pairs: frozenset[frozenset[str]]


def ties_fed(session: Session, settings: Settings, lot: Lot) -> TieFeed | None:
    """The feed of a lot; None before its contract names anybody."""
    rows = ties_of(session, lot.id)
    if not rows:
        return None
    award, bids = session.get_one(Award, lot.id), judged_bids(session, lot.id)
    losers = [bid for bid in bids if bid.organisation_id != award.organisation_id]
    ties = []
    for row in rows:
        found = bidder_named(Partner(row.name, row.code), losers)
        if found is not None:
            ties.append((found.organisation_id, row))
    names = {bid.organisation_id: bid.name for bid in bids}
    pairs = consortium_pairs(bids, statements_of(settings, bids))
    return TieFeed(award.organisation_id, names, ties, pairs)


def handed_on(feed: TieFeed | None) -> list[Seen]:
    """N5: subcontracts, supplies and seconded staff that go to a loser of the lot."""
    if feed is None:
        return []
    rows = {
        loser: row
        for loser, row in feed.ties
        if not row.declared and frozenset({feed.winner, loser}) not in feed.pairs
    }
    losers = [bidder for bidder in feed.names if bidder != feed.winner]
    ties = [Tie(feed.winner, loser, record=row.id) for loser, row in rows.items()]
    counts = {"pairs": len(feed.pairs)}
    return [
        Seen(finding, (_exhibit(feed, finding),), counts=counts)
        for finding in tie_signs(losers, ties)
    ]


def _exhibit(feed: TieFeed, finding: Finding) -> Exhibit:
    """Every row that names the loser, on its side."""
    winner, loser = finding.bidders
    rows = [compared(N_("Bidder's name"), (feed.names[winner], feed.names[loser]))]
    for named, row in feed.ties:
        if named == loser:
            amount = f"¥{yuan(row.amount_fen)}" if row.amount_fen is not None else ""
            told = " · ".join(filter(None, (row.name, row.work, amount, second(row.recorded_at))))
            rows.append(compared(TIE_NAMES[row.kind], ("", told)))
    return Exhibit(
        N_("Winner, and what of its contract the loser does"), finding.bidders, tuple(rows)
    )
