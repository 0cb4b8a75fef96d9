"""Screening a contract's firms at once (合同分包即时筛查), as soon as staff recorded one of them.

The award, and with it the contract, lies below the findings, so the view that records a firm asks
for this; the screening after the opening has the same indicator, for when it is done again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from evaluation.findings.inputs.contract_ties import handed_on, ties_fed
from evaluation.findings.keeping import keep_found
from evaluation.findings.screening import screened_lots, tell_supervision
from tender.core.settings import Settings
from tender.procedure.facts import tender_by_id


def screen_ties(session: Session, settings: Settings, tender_id: str, *, now: datetime) -> int:
    """Put new signs of N5 before supervision; gives their number."""
    tender, added = tender_by_id(session, tender_id), 0
    for lot in screened_lots(session, tender_id):
        found = handed_on(ties_fed(session, settings, lot))
        added += keep_found(session, tender, lot, "N5", found, now=now)
    if added:
        tell_supervision(session, tender, now)
    return added
