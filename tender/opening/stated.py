"""What an opened bid states beside its price (投标声明): read from the stored file, never trusted.

The statement names people by their identity numbers and may name a computer, so of all readers of
opened files only supervision and the auditor get the file itself; everybody else gets what a page
takes out of it. See docs/bid-statement.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keys.bid_statement import MAX_SIZE, NAME, BidStatement
from keys.errors import Malformed
from tender.core.actor import Actor, Role
from tender.core.errors import forbidden
from tender.core.files import blob_path
from tender.core.i18n import N_
from tender.opening.results import OpenedBid

UNREAD = N_("the bid statement does not follow its format and was not read")
TWICE = N_("the bid has more than one bid statement; none was read")
SUPERVISING = (Role.SUPERVISOR, Role.AUDITOR)


@dataclass(frozen=True)
class Stated:
    """A bid's statement, or `problem`, a msgid, if it has one that cannot be read."""

    statement: BidStatement | None = None
    problem: str = ""


def stated_in(store: Path, bid: OpenedBid) -> Stated:
    """The statement of an opened bid; an empty answer if it has none."""
    files = [each for each in bid.stored if is_statement(each)]
    if not files:
        return Stated()
    if len(files) > 1:
        return Stated(problem=TWICE)
    try:
        with blob_path(store, files[0]["sha256"]).open("rb") as file:
            return Stated(BidStatement.from_bytes(file.read(MAX_SIZE + 1)))
    except (Malformed, OSError):
        return Stated(problem=UNREAD)


def is_statement(stored: dict[str, Any]) -> bool:
    """Whether a stored file of a bid is its statement."""
    return bool(stored["name"] == NAME)


def require_statement_reader(actor: Actor, stored: dict[str, Any]) -> None:
    """Refuse everybody but supervision the file that holds identity numbers; others may pass."""
    if is_statement(stored) and actor.role not in SUPERVISING:
        raise forbidden(
            "bid.statement_closed",
            N_(
                "Only supervision reads this file, because it holds identity numbers. The page "
                "shows the rest of it."
            ),
        )
