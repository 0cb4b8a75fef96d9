"""What the rooms above learn of an opening: the opened bids with prices and files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Organisation
from tender.bids.models import SealedBid
from tender.opening.models import VerdictRow


@dataclass(frozen=True)
class OpenedBid:
    """A bid that counted, after the opening.

    `price_fen` and `manifest` are None unless the verdict is `opened`; `stored` lists the opened
    files as {name, sha256, size}.
    """

    bid_id: str
    organisation_id: str
    party_id: str
    name: str
    submitted_at: datetime
    verdict: str
    reason: str | None
    price_fen: int | None
    manifest: dict[str, Any] | None
    files: str
    stored: list[dict[str, Any]]
    envelope_sha256: str
    address: str | None
    agent: str | None
    code: str | None = None  # the bidder's credit code

    @property
    def opened(self) -> bool:
        """Whether it can be evaluated: price known and, where files were listed, files whole."""
        return self.verdict == "opened" and self.files != "bidder_fault"


def judged_bids(session: Session, lot_id: str) -> list[OpenedBid]:
    """Every bid of a lot that counted, with its verdict, in the order of submission."""
    query = (
        select(SealedBid, VerdictRow, Organisation)
        .join(VerdictRow, VerdictRow.bid_id == SealedBid.id)
        .join(Organisation, Organisation.id == SealedBid.organisation_id)
        .where(SealedBid.lot_id == lot_id)
        .order_by(SealedBid.ledger_seq)
    )
    return [
        OpenedBid(
            bid_id=bid.id,
            organisation_id=organisation.id,
            party_id=bid.party_id,
            name=organisation.name,
            submitted_at=bid.submitted_at,
            verdict=verdict.verdict,
            reason=verdict.reason,
            price_fen=verdict.price_fen,
            manifest=verdict.manifest,
            files=verdict.files,
            stored=verdict.stored,
            envelope_sha256=bid.envelope_sha256,
            address=bid.address,
            agent=bid.agent,
            code=organisation.code,
        )
        for bid, verdict, organisation in session.execute(query)
    ]


def opened_bids(session: Session, lot_id: str) -> list[OpenedBid]:
    """The bids of a lot that can be evaluated."""
    return [bid for bid in judged_bids(session, lot_id) if bid.opened]
