"""Running the screens after the opening: results arrive one by one and are put before people.

The outbox handler may run twice: the progress list says which indicator of which lot is done, and
each one's findings and progress are one transaction.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.feeds import INDICATORS, Indicator, feed_of
from evaluation.models import FindingDecision, FindingRow, ScreenRun, ScreenStatus
from evaluation.screens.finding import Finding
from evaluation.states import SCREEN
from tender.accounts.directory import people_with
from tender.core import messages
from tender.core.actor import Role
from tender.core.i18n import N_
from tender.core.platform import Platform
from tender.core.states import advance
from tender.procedure.facts import lots_of
from tender.procedure.models import Lot, LotStatus, Tender

RUN = "screens.run"


def run_screens(platform: Platform, payload: dict[str, Any]) -> None:
    """Outbox handler `screens.run`: every indicator over every opened lot, one after another."""
    run_id = payload["run"]
    with platform.database.write() as session:
        run = session.get_one(ScreenRun, run_id)
        if run.status is ScreenStatus.DONE:
            return
        advance(run, ScreenStatus.RUNNING, SCREEN)
        tender_id = run.tender_id
    with platform.database.read() as session:
        lots = [lot for lot in lots_of(session, tender_id) if lot.status is not LotStatus.CANCELLED]
    for lot in lots:
        for indicator in INDICATORS:
            _run_one(platform, run_id, lot, indicator)
    with platform.database.write() as session:
        run = session.get_one(ScreenRun, run_id)
        advance(run, ScreenStatus.DONE, SCREEN)
        run.finished_at = platform.clock.now()
        _tell(session, session.get_one(Tender, tender_id), platform)


def run_of(session: Session, tender_id: str) -> ScreenRun | None:
    """The newest screening of a tender."""
    query = select(ScreenRun).where(ScreenRun.tender_id == tender_id)
    return session.scalars(query.order_by(ScreenRun.started_at.desc()).limit(1)).first()


def _run_one(platform: Platform, run_id: str, lot: Lot, indicator: Indicator) -> None:
    with platform.database.read() as session:
        if _is_done(session.get_one(ScreenRun, run_id), lot, indicator):
            return
        found = list(indicator.run(feed_of(session, lot)))
    with platform.database.write() as session:
        run = session.get_one(ScreenRun, run_id)
        if _is_done(run, lot, indicator):
            return
        tender = session.get_one(Tender, run.tender_id)
        now = platform.clock.now()
        for finding in found:
            session.add(_row(tender, lot, finding, platform))
        done = {"lot": lot.id, "code": indicator.code, "found": len(found), "at": now.isoformat()}
        run.progress = [*run.progress, done]


def _is_done(run: ScreenRun, lot: Lot, indicator: Indicator) -> bool:
    return any(each["lot"] == lot.id and each["code"] == indicator.code for each in run.progress)


def _row(tender: Tender, lot: Lot, finding: Finding, platform: Platform) -> FindingRow:
    return FindingRow(
        tender_id=tender.id,
        lot_id=lot.id,
        scope=tender.scope,
        code=finding.code,
        strength=finding.strength.value,
        bidders=list(finding.bidders),
        content=finding.to_json(),
        found_at=platform.clock.now(),
        decision=FindingDecision.OPEN,
        explanations={},
    )


def _tell(session: Session, tender: Tender, platform: Platform) -> None:
    found = session.scalar(select(FindingRow.id).where(FindingRow.tender_id == tender.id).limit(1))
    if found is None:
        return
    now, link = platform.clock.now(), f"/findings/{tender.id}"
    for person in people_with(session, Role.SUPERVISOR, tender.scope):
        messages.tell(
            session, person.id, N_("Look at the signs of collusion in %(tender)s."), now=now,
            link=link, subject=tender.id, tender=tender.number,
        )  # fmt: skip
