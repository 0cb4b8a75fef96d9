"""What an indicator found, put beside what is there (线索归并): new, found again, no longer found.

Screens are done again when their limits had stopped them, or when what everybody may share has
changed. Nothing comes twice then and nothing is lost: a sign is known by its lot, its kind and its
bidders. What people have decided keeps its evidence, its decision and its history; only a stronger
sign than they decided about is put before them anew. What is no longer found is said to be so and
stays.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.inputs.exhibits import Seen
from evaluation.models import FindingDecision, FindingRow
from tender.procedure.models import Lot, Tender


def keep_found(
    session: Session,
    tender: Tender,
    lot: Lot,
    source: str,
    found: Sequence[Seen],
    *,
    now: datetime,
    whole: bool = True,
) -> int:
    """Keep what an indicator found in a lot; gives the number of new findings.

    `whole` is False where the indicator did not finish: what it has not found may still be there.
    """
    query = select(FindingRow).where(
        FindingRow.tender_id == tender.id, FindingRow.lot_id == lot.id, FindingRow.source == source
    )
    left = list(session.scalars(query.order_by(FindingRow.found_at, FindingRow.id)))
    known = _matched(left, found)
    for place, seen in enumerate(found):
        row = known.get(place)
        if row is None:
            session.add(_new_row(tender, lot, source, seen, now))
            continue
        row.gone_at = None
        if row.decision is FindingDecision.OPEN:
            row.content, row.strength = seen.to_json(), seen.finding.strength.value
    for row in left if whole else ():
        row.gone_at = row.gone_at or now
    session.flush()
    return len(found) - len(known)


def _matched(left: list[FindingRow], found: Sequence[Seen]) -> dict[int, FindingRow]:
    """Take from `left` the rows that were found again, by their place in `found`."""
    known: dict[int, FindingRow] = {}
    for fits in (_equal, _alike, _no_stronger):
        for place, seen in enumerate(found):
            row = next((each for each in left if fits(each, seen)), None)
            if place not in known and row is not None:
                known[place] = row
                left.remove(row)
    return known


def _same(row: FindingRow, seen: Seen) -> bool:
    return row.code == seen.finding.code and set(row.bidders) == set(seen.finding.bidders)


def _equal(row: FindingRow, seen: Seen) -> bool:
    return _same(row, seen) and _plain(row.content) == _plain(seen.to_json())


def _alike(row: FindingRow, seen: Seen) -> bool:
    return _same(row, seen) and row.strength == seen.finding.strength.value


def _no_stronger(row: FindingRow, seen: Seen) -> bool:
    """Strengths are letters, A the strongest."""
    open_still = row.decision is FindingDecision.OPEN
    return _same(row, seen) and (open_still or row.strength <= seen.finding.strength.value)


def _plain(content: object) -> str:
    return json.dumps(content, sort_keys=True)


def _new_row(tender: Tender, lot: Lot, source: str, seen: Seen, now: datetime) -> FindingRow:
    """A finding as it is kept, waiting for people."""
    finding = seen.finding
    return FindingRow(
        tender_id=tender.id, lot_id=lot.id, scope=tender.scope, source=source, code=finding.code,
        strength=finding.strength.value, bidders=list(finding.bidders), content=seen.to_json(),
        found_at=now, decision=FindingDecision.OPEN, explanations={},
    )  # fmt: skip
