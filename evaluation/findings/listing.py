"""A tender's findings narrowed down (线索筛选), and the way from one that waits to the next.

Two hundred findings are gone through one by one, each with its reason: there is no act on many at
once. What is left is counted, and the filter goes along from page to page in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from evaluation.findings.access import Findings, Shown
from evaluation.models import FindingDecision
from tender.core.i18n import N_

STATES = {
    "open": N_("to decide"),
    "confirmed": N_("confirmed"),
    "rejected": N_("explained away"),
    "referred": N_("referred"),
    "gone": N_("no longer found"),
}
STRENGTHS = ("A", "B", "C")


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; empty is everything."""

    strength: str = ""
    code: str = ""
    bidder: str = ""
    state: str = ""

    def arguments(self) -> dict[str, Any]:
        """The narrowing as it stands in an address."""
        return {name: value for name, value in asdict(self).items() if value}

    def fits(self, shown: Shown) -> bool:
        """Whether a finding is wanted."""
        row = shown.row
        state = {row.decision.value} - ({"open"} if row.gone_at else set())
        state |= {"gone"} if row.gone_at else set()
        return (
            self.strength in ("", row.strength)
            and self.code in ("", row.code)
            and (not self.bidder or self.bidder in row.bidders)
            and (not self.state or self.state in state)
        )


def wanted_of(given: Mapping[str, str]) -> Wanted:
    """The narrowing that an address asks for; what is none of the choices is left out."""
    return Wanted(
        strength=given.get("strength", "") if given.get("strength") in STRENGTHS else "",
        code=given.get("code", "")[:10],
        bidder=given.get("bidder", "")[:32],
        state=given.get("state", "") if given.get("state") in STATES else "",
    )


@dataclass(frozen=True)
class Listing:
    """Findings as far as they are wanted, with what they can be narrowed to."""

    wanted: Wanted
    listed: list[Shown]
    codes: list[str]
    bidders: dict[str, str]
    left: int


def listing_of(found: Findings, wanted: Wanted) -> Listing:
    """Narrow a tender's findings down; `left` counts all of them that wait for a decision."""
    bidders = {key: name for each in found.listed for key, name in each.names.items()}
    return Listing(
        wanted,
        [each for each in found.listed if wanted.fits(each)],
        sorted({each.row.code for each in found.listed}),
        dict(sorted(bidders.items(), key=lambda pair: pair[1])),
        sum(waits(each) for each in found.listed),
    )


def waits(shown: Shown) -> bool:
    """Whether a finding waits for people: undecided, and not one that is no longer found."""
    return shown.row.decision is FindingDecision.OPEN and shown.row.gone_at is None


@dataclass(frozen=True)
class Beside:
    """The findings that wait before and after one, in the list's order; `left` are all of them."""

    earlier: str | None
    later: str | None
    left: int


def beside(found: Findings, wanted: Wanted, finding_id: str) -> Beside:
    """The neighbours that wait; behind the last one comes the first that was left out."""
    ids = [each.row.id for each in found.listed if wanted.fits(each) or each.row.id == finding_id]
    waiting = {each.row.id for each in found.listed if waits(each) and wanted.fits(each)}
    here = ids.index(finding_id) if finding_id in ids else 0
    after = [each for each in (*ids[here + 1 :], *ids[:here]) if each in waiting]
    return Beside(
        after[-1] if after else None, after[0] if after else None, len(waiting - {finding_id})
    )
