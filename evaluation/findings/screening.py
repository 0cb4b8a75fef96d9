"""Running the screens after the opening: results arrive one by one and are put before people.

The outbox handler may run twice, be killed, or be overtaken by another worker: the progress list
says which indicator of which lot is done, and each one's findings and progress are one
transaction, judged again under the write lock. Gathering, reading and comparing happen outside of
it. A slice ends before the lease does and orders the next one, so that no job outlives its lease.
"""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.feeds import INDICATORS, Indicator, Work
from evaluation.findings.inputs.exhibits import Seen
from evaluation.findings.inputs.known import known_digest
from evaluation.findings.inputs.limited import Child, Unfinished
from evaluation.findings.inputs.reading import Later
from evaluation.findings.keeping import keep_found
from evaluation.models import FindingRow, ScreenRun, ScreenStatus
from evaluation.states import SCREEN
from tender.accounts.directory import people_with
from tender.core import jobs, messages, outbox
from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.core.i18n import N_
from tender.core.platform import Platform
from tender.core.states import advance
from tender.procedure.facts import lots_of
from tender.procedure.models import Lot, LotStatus, Tender

RUN = "screens.run"
# Seconds of one slice; with the longest single screen it stays below the lease of an outbox row.
SLICE = 60.0
Round = tuple[str, int]  # the screening's id, and which time it is done
log = structlog.get_logger(__name__)


def run_screens(platform: Platform, payload: dict[str, Any]) -> None:
    """Outbox handler `screens.run`: every indicator over every opened lot, one after another."""
    run_id, until = payload["run"], time.monotonic() + SLICE
    with platform.database.write() as session:
        run = session.get_one(ScreenRun, run_id)
        if run.status is ScreenStatus.DONE:
            return
        if run.status is ScreenStatus.WAITING:
            run.known_sha256 = known_digest(platform.settings)
        advance(run, ScreenStatus.RUNNING, SCREEN)
        tender_id, number = run.tender_id, run.round
    with platform.database.read() as session:
        lots = screened_lots(session, tender_id)
    try:
        with Child() as child:
            work = Work(platform.settings, child, until, f"{run_id} {number}")
            for lot in lots:
                for indicator in INDICATORS:
                    if time.monotonic() > until:
                        raise Later
                    _run_one(platform, (run_id, number), lot, indicator, work)
    except Later:
        _order_next(platform, run_id)
        return
    _finish(platform, (run_id, number), tender_id)


def screened_lots(session: Session, tender_id: str) -> list[Lot]:
    """The lots of a tender whose bids are screened."""
    return [lot for lot in lots_of(session, tender_id) if lot.status is not LotStatus.CANCELLED]


def run_of(session: Session, tender_id: str) -> ScreenRun | None:
    """The newest screening of a tender."""
    query = select(ScreenRun).where(ScreenRun.tender_id == tender_id)
    return session.scalars(query.order_by(ScreenRun.started_at.desc()).limit(1)).first()


def _order_next(platform: Platform, run_id: str) -> None:
    with platform.database.write() as session:
        row = outbox.enqueue(session, RUN, {"run": run_id}, now=platform.clock.now())
    jobs.hurry(platform.settings, [row.id])


def _finish(platform: Platform, doing: Round, tender_id: str) -> None:
    with platform.database.write() as session:
        run = session.get_one(ScreenRun, doing[0])
        if run.status is ScreenStatus.DONE or run.round != doing[1]:
            return
        advance(run, ScreenStatus.DONE, SCREEN)
        run.finished_at = platform.clock.now()
        tell_supervision(session, session.get_one(Tender, tender_id), platform.clock.now())


def _run_one(platform: Platform, doing: Round, lot: Lot, indicator: Indicator, work: Work) -> None:
    with platform.database.read() as session:
        if _is_done(session.get_one(ScreenRun, doing[0]), doing, lot, indicator):
            return
    found, failed = _found(platform, lot, indicator, work)
    with platform.database.write() as session:
        run = session.get_one(ScreenRun, doing[0])
        if _is_done(run, doing, lot, indicator):
            return
        tender = session.get_one(Tender, run.tender_id)
        now, code = platform.clock.now(), indicator.code
        keep_found(session, tender, lot, code, found, now=now, whole=not failed)
        done = {"lot": lot.id, "code": code, "found": len(found), "at": now.isoformat()}
        run.progress = [*run.progress, done | ({"failed": failed} if failed else {})]


def _found(
    platform: Platform, lot: Lot, indicator: Indicator, work: Work
) -> tuple[list[Seen], str]:
    """What an indicator finds, or why it did not finish; its limits end it, not the others."""
    try:
        with platform.database.read() as session:
            gathered = indicator.gather(session, platform.settings, lot)
        return indicator.run(gathered, work), ""
    except Unfinished as why:
        log.warning("screens.unfinished", lot=lot.id, code=indicator.code, why=str(why))
        return list(why.found), str(why)
    except DomainError as error:
        return [], error.text()


def _is_done(run: ScreenRun, doing: Round, lot: Lot, indicator: Indicator) -> bool:
    """Whether a step is through; a worker that was overtaken by a later round does none of it."""
    through = any(each["lot"] == lot.id and each["code"] == indicator.code for each in run.progress)
    return through or run.round != doing[1]


def tell_supervision(session: Session, tender: Tender, now: datetime) -> None:
    """Tell the tender's supervisors that there are signs to look at, if there are."""
    found = session.scalar(select(FindingRow.id).where(FindingRow.tender_id == tender.id).limit(1))
    if found is None:
        return
    link = f"/findings/{tender.id}"
    for person in people_with(session, Role.SUPERVISOR, tender.scope):
        messages.tell(
            session, person.id, N_("Look at the signs of collusion in %(tender)s."), now=now,
            link=link, subject=tender.id, tender=tender.number,
        )  # fmt: skip
