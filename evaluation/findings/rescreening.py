"""Screening again (重新筛查): what was not finished, or everything once the lists have changed.

Supervision orders it, the ledger keeps the order under the screening's random id, and the worker
does it like the first time. While a screening runs nobody can order another one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.feeds import INDICATORS
from evaluation.findings.inputs.known import known_digest
from evaluation.findings.screening import RUN, run_of, screened_lots
from evaluation.models import ScreenRun, ScreenStatus
from evaluation.states import SCREEN
from tender.accounts.permissions import Permission, require
from tender.core import outbox
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.core.outbox import OutboxRow
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.procedure.facts import tender_by_id

ALL, UNFINISHED = "all", "unfinished"


def screen_again(
    session: Session, actor: Actor, tender_id: str, what: str, *, now: datetime
) -> ScreenRun:
    """Order all screens again, those that were not finished, or one of these by its code.

    Findings that people have decided keep decision and history (`keeping.keep_found`). Refused
    with `screens.running` while the screening runs.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.FINDING_DECIDE, on=tender)
    run = run_of(session, tender.id)
    if run is None:
        raise not_found("finding.none_yet", N_("This tender has not been screened yet."))
    if at_work(session, run):
        raise conflict(
            "screens.running",
            N_("The screening is still running. Wait until it is done, then start it again."),
        )
    run.progress = _kept(session, run, what)
    run.round += 1
    run.started_at, run.finished_at = now, None
    advance(run, ScreenStatus.WAITING, SCREEN)
    ledger.append(
        session, "screens.ordered", subject=run.id, actor=actor.person_id, now=now,
        private={"tender": tender.id, "screens": what, "round": run.round},
    )  # fmt: skip
    outbox.enqueue(session, RUN, {"run": run.id}, now=now)
    return run


def _kept(session: Session, run: ScreenRun, what: str) -> list[dict[str, Any]]:
    """The steps that need not be done again."""
    if what == ALL:
        return []
    failed = [step for step in run.progress if step.get("failed")]
    if what == UNFINISHED:
        steps = len(INDICATORS) * len(screened_lots(session, run.tender_id))
        if not failed and len(run.progress) >= steps:
            raise conflict("screens.whole", N_("No screen is unfinished."))
        return [step for step in run.progress if not step.get("failed")]
    again = {id(step) for step in failed if step["code"] == what}
    if not again:
        raise invalid("screens.unknown", N_("This screen is not unfinished. Reload the page."))
    return [step for step in run.progress if id(step) not in again]


def at_work(session: Session, run: ScreenRun) -> bool:
    """Whether the screening waits for a worker or has one; False too if all workers gave it up."""
    if run.status is ScreenStatus.DONE:
        return False
    orders = select(OutboxRow.payload).where(
        OutboxRow.kind == RUN, OutboxRow.done_at.is_(None), OutboxRow.failed_at.is_(None)
    )
    return any(payload["run"] == run.id for payload in session.scalars(orders))


def known_changed(settings: Settings, run: ScreenRun | None) -> bool:
    """Whether known.toml is another one than this screening was done with."""
    return run is not None and run.known_sha256 not in (None, known_digest(settings))
