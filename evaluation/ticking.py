"""What the clock brings about in the evaluation: opened tenders are screened, once each."""

from __future__ import annotations

from sqlalchemy import select

from evaluation.findings.screening import RUN
from evaluation.models import ScreenRun, ScreenStatus
from tender.core import jobs, outbox
from tender.core.ids import new_id
from tender.core.platform import Platform
from tender.procedure.models import Tender, TenderStatus

OPEN = (TenderStatus.OPENED, TenderStatus.EVALUATED, TenderStatus.CANDIDATES)


def screen_opened(platform: Platform) -> int:
    """Order the screening of every opened tender that has none; gives how many.

    The opening cannot order it itself: it stands below this room and does not know it.
    """
    screened = select(ScreenRun.tender_id)
    query = select(Tender.id).where(Tender.status.in_(OPEN), Tender.id.not_in(screened))
    with platform.database.read() as session:
        if session.scalars(query.limit(1)).first() is None:
            return 0
    with platform.database.write() as session:
        now = platform.clock.now()
        waiting, ordered = list(session.scalars(query.limit(50))), []
        for tender_id in waiting:
            run = ScreenRun(
                id=new_id(), tender_id=tender_id, status=ScreenStatus.WAITING, progress=[],
                started_at=now,
            )  # fmt: skip
            session.add(run)
            ordered.append(outbox.enqueue(session, RUN, {"run": run.id}, now=now).id)
    jobs.hurry(platform.settings, ordered)
    return len(waiting)
