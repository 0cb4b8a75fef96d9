"""Signs in the totals of one tender (报价总额线索): S and B4 as findings, strength C.

Both are for supervision only and never a ground to reject: honest tenders show each of them, about
two in a hundred S and one in two hundred B4.
"""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.screens import innocent
from evaluation.screens.anomaly import Screened, screened
from evaluation.screens.finding import Evidence, Finding, Strength
from evaluation.screens.steps import find_steps
from evaluation.screens.table import BidTable, Direction

# The two screens that speak alone: spread, and the winner's distance from the losers. The others
# repeat these two or need labels; all are shown beside the finding.
SPEAKING = ("cv", "rd")
_END = 0.99
_LEAST_PAST = 30
_STEPS = 0.005


def total_signs(
    table: BidTable,
    past: Sequence[BidTable] = (),
    direction: Direction = Direction.PURCHASE,
) -> list[Finding]:
    """Return S and B4 for one tender, seen against the county's own past tenders.

    `past` should be of the same market; under 30 tenders of it S stays silent.
    """
    return [*_price_signs(table, past, direction), *_step_signs(table, direction)]


def raised(entry: Screened, others: int, chance: float | None) -> list[str]:
    """Return the codes that a screened tender raises beside `others` more tenders.

    `chance` is that of its most regular ladder of totals (`steps_p`).
    """
    codes = [f"S-{name.upper()}" for name in SPEAKING if _stands_out(entry, name, others)]
    laddered = chance is not None and chance <= _STEPS and len(entry.table.prices) > 3
    return [*codes, "B4"] if laddered else codes


def _stands_out(entry: Screened, name: str, others: int) -> bool:
    """Return whether a screen lies in the last hundredth of enough similar tenders."""
    percentile = entry.percentiles[name]
    enough = len(entry.table.prices) >= 3 and others >= _LEAST_PAST
    return enough and percentile is not None and percentile >= _END


def _evidence(table: BidTable, places: Sequence[int]) -> tuple[Evidence, ...]:
    """Point at the bids at these places of the table."""
    return tuple(Evidence(_bidder(table, place), record=table.tender) for place in places)


def _bidder(table: BidTable, place: int) -> str:
    """Name the bidder at a place, by its number from 1 where the table names none."""
    name = table.bidders[place] if place < len(table.bidders) else ""
    return name or f"#{place + 1}"


def _price_signs(table: BidTable, past: Sequence[BidTable], direction: Direction) -> list[Finding]:
    """Return S for each speaking screen in the last hundredth of similar past tenders."""
    entry = screened([table], past, direction)[0]
    everyone = range(len(table.prices))
    found = []
    for name in SPEAKING:
        if not _stands_out(entry, name, len(past)):
            continue
        found.append(
            Finding(
                code=f"S-{name.upper()}",
                strength=Strength.C,
                bidders=tuple(_bidder(table, place) for place in everyone),
                value=getattr(entry.screens, name),
                percentile=entry.percentiles[name],
                threshold=_END,
                legal="REG 40(4)",
                innocent=(innocent.FEW_SIMILAR, innocent.TIGHT_MARKET),
                evidence=_evidence(table, everyone),
            )
        )
    return found


def _step_signs(table: BidTable, direction: Direction) -> list[Finding]:
    """Return B4 where totals climb a ladder; with three bids alone it is never raised."""
    ladder = find_steps(table.prices, direction)
    if ladder is None or len(table.prices) <= 3 or ladder.p > _STEPS:
        return []
    return [
        Finding(
            code="B4",
            strength=Strength.C,
            bidders=tuple(_bidder(table, place) for place in ladder.rungs),
            value=ladder.step,
            p=ladder.p,
            threshold=_STEPS,
            legal="REG 40(4)",
            innocent=(innocent.CHANCE_STEPS, innocent.CONTROL_ANCHOR),
            evidence=_evidence(table, ladder.rungs),
        )
    ]
