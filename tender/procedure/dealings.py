"""What a tender gives or buys (处置方式、采购类别): the one fact that some rules of law ask for.

A lease lasts at most 20 years (Civil Code 705), a land contract or a sale may last longer; the
price weighs more in goods than in services (O87 55). The author says which, the notice prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tender.core.i18n import N_
from tender.procedure.law.kinds import Direction, Kind
from tender.procedure.models import Tender

FACT = "dealing"


class Dealing(StrEnum):
    """What is given or bought; each value is the fact that rules name with `only` in law.toml."""

    LEASE = "lease"
    CONTRACT = "four_wastes"  # What is contracted out by tender falls under LCL 48.
    TRANSFER = "transfer"
    GOODS = "goods"
    SERVICES = "services"


DEALINGS: Mapping[tuple[Kind, Direction], tuple[Dealing, ...]] = {
    (Kind.VILLAGE, Direction.DISPOSAL): (Dealing.LEASE, Dealing.CONTRACT, Dealing.TRANSFER),
    (Kind.PROPERTY, Direction.DISPOSAL): (Dealing.LEASE, Dealing.TRANSFER),
    (Kind.PROCUREMENT, Direction.PURCHASE): (Dealing.GOODS, Dealing.SERVICES),
}
"""What may be chosen, the usual one first; a kind that is not here has no such choice."""

DEALING_NAMES: Mapping[Dealing, str] = {
    Dealing.LEASE: N_("Lease"),
    Dealing.CONTRACT: N_("Contracting out (land, barren land)"),
    Dealing.TRANSFER: N_("Transfer or sale"),
    Dealing.GOODS: N_("Goods"),
    Dealing.SERVICES: N_("Services"),
}


def dealing_of(tender: Tender) -> Dealing | None:
    """What this tender gives or buys; the usual one if its author never said, None if no choice."""
    offered = DEALINGS.get((tender.kind, tender.direction), ())
    if not offered:
        return None
    said = tender.facts.get(FACT)
    return next((each for each in offered if each == said), offered[0])


def dealing_row(tender: Tender) -> tuple[tuple[str, str], ...]:
    """The row of a notice that says it, as two msgids; empty where there is no choice."""
    dealing = dealing_of(tender)
    if dealing is None:
        return ()
    disposal = tender.direction is Direction.DISPOSAL
    label = N_("How it is given") if disposal else N_("What is bought")
    return ((label, DEALING_NAMES[dealing]),)
