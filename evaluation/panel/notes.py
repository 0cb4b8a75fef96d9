"""What a panel does in secret, in the ledger: entries that say nothing but that a panel acted.

The digest is salted, so a digest cannot be guessed from the few things that could be meant. A
submitted sheet adds some entries without meaning, as fillers do before the deadline: neither their
being there nor their number tells whether a price is reviewed.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from tender.ledger import service as ledger
from tender.procedure.models import Tender

ACTOR = "panel"
COVER = 4  # a submitted sheet adds fewer than this many entries that mean nothing


def note(session: Session, tender: Tender, event: str, now: datetime, **private: Any) -> int:
    """Enter an act of the panel; gives the entry's number."""
    entry = ledger.append(
        session, "panel.acted", subject=tender.id, actor=ACTOR, now=now,
        fields={"tender": tender.number}, private={"event": event, **private},
    )  # fmt: skip
    return entry.seq


def cover(session: Session, tender: Tender, now: datetime) -> None:
    """Enter a random number of acts that mean nothing."""
    for _ in range(secrets.randbelow(COVER)):
        note(session, tender, "nothing", now)
