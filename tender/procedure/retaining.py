"""The administrator's page of retention: the table, the runs, and what is held from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from tender.accounts import holds
from tender.accounts.models import LegalHold, Organisation, Person
from tender.accounts.permissions import Permission, allowed, require
from tender.core.actor import Actor
from tender.core.errors import invalid
from tender.core.i18n import N_
from tender.core.retention import DataKeeping, Period, table
from tender.core.shanghai import SHANGHAI
from tender.ledger.models import LedgerEntry
from tender.ledger.service import entry_of
from tender.procedure.models import Tender

RUNS = 20


@dataclass(frozen=True)
class Shown:
    """What the page shows. A run is (time, {kind: count})."""

    rows: list[tuple[DataKeeping, Period]]
    runs: list[tuple[datetime, dict[str, Any]]]
    holds: list[LegalHold]
    may_purge: bool
    may_hold: bool


def retention_page(session: Session, actor: Actor, *, now: datetime) -> Shown:
    """The periods in force, the newest runs and the holds."""
    require(actor, Permission.RETENTION_READ)
    day = now.astimezone(SHANGHAI).date()
    newest = select(LedgerEntry.seq).where(LedgerEntry.event == "data.purged")
    found = [
        entry_of(session, seq)
        for seq in session.scalars(newest.order_by(LedgerEntry.seq.desc()).limit(RUNS))
    ]
    return Shown(
        rows=[(row, row.period(day)) for row in table().values()],
        runs=[(entry.time, dict(entry.fields["counts"])) for entry in found],
        holds=holds.holds(session, actor),
        may_purge=allowed(actor, Permission.PURGE),
        may_hold=allowed(actor, Permission.HOLD_PLACE),
    )


def hold(session: Session, actor: Actor, named: str, reason: str, *, now: datetime) -> LegalHold:
    """Hold what a number names: a tender's number, a bidder's number, or somebody's login name."""
    require(actor, Permission.HOLD_PLACE)
    subject, name = _subject(session, actor, named.strip())
    return holds.place_hold(session, actor, subject, name, reason, now=now)


def _subject(session: Session, actor: Actor, named: str) -> tuple[str, str]:
    inside = Tender.scope.startswith(actor.scope, autoescape=True)
    tender = session.scalar(select(Tender).where(Tender.number == named, inside))
    if tender is not None:
        return tender.id, f"{tender.number} {tender.title}"
    same = or_(Organisation.code == named, Organisation.name == named)
    found = session.scalars(select(Organisation).where(same).limit(2)).all()
    if named and len(found) == 1:
        return found[0].id, found[0].name
    person = session.scalar(select(Person).where(Person.login == named.lower()))
    if person is not None:
        return person.id, person.login
    raise invalid(
        "hold.unknown_subject",
        N_("Nothing is found. Give a tender's number, a bidder's number or name, or a login name."),
        {"subject": N_("Not found.")},
    )
