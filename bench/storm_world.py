"""A small county on a data directory of its own, with bidders whose login sessions run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from keys.records import OpeningRecord
from tender.accounts.models import Person
from tender.accounts.sessions import start_session
from tender.core.migrating import migrate
from tender.core.platform import connect
from tender.core.settings import load
from tender.procedure.custody.opening_records import record_of
from tender.procedure.models import Lot
from tests.tender import factories as make

World = make.World
KEYS = 64  # one-time keys of a custodian: one for each tender that a bench opens
THRESHOLD = 3
PRICE_FEN = 100_001


@dataclass(frozen=True)
class Bidder:
    """A registered company with its signing key, and the token of its login session."""

    company: make.Bidder
    token: str


def build(data: Path) -> World:
    """A migrated demo installation under `data` with custodians whose keys are deposited."""
    platform = connect(load({"TENDER_DATA": str(data), "TENDER_MODE": "demo"}))
    migrate(platform.database)
    return make.settle(platform, KEYS)


def releases(world: World, record: OpeningRecord) -> list[dict[str, Any]]:
    """As many releases as the record's threshold."""
    now = world.platform.clock.now()
    return [each.release(record, now, "bench") for each in world.keepers[:THRESHOLD]]


def open_tender(world: World, span: timedelta) -> OpeningRecord:
    """A village lease of one lot that takes bids for so long; gives its opening record."""
    tender = make.open_tender(world, days=span / timedelta(days=1))
    with world.platform.database.read() as session:
        opening = session.scalars(select(Lot.opening_id).where(Lot.tender_id == tender.id)).one()
        return record_of(session, opening or "")


def bidders(world: World, count: int) -> list[Bidder]:
    """Approved companies with a key on file and a running login session."""
    made, now = [], world.platform.clock.now()
    with world.platform.database.write() as session:
        for number in range(count):
            company = make.bidder(session, f"投标人{number}")
            person = session.get_one(Person, company.actor.person_id)
            token = start_session(
                session, person, second_factor=False, address=None, agent="bench", now=now
            )
            made.append(Bidder(company, token))
    return made


def seal_body(who: Bidder, record: OpeningRecord, terms: dict[str, Any]) -> bytes:
    """The body of a SEAL request for a first bid without files."""
    return json.dumps(make.seal_body(who.company, record, PRICE_FEN, terms=terms)).encode()


def lot_of(world: World, record: OpeningRecord) -> tuple[str, datetime]:
    """The lot's id and its tender's deadline."""
    with world.platform.database.read() as session:
        lot = session.scalars(select(Lot).where(Lot.opening_id == record.opening_id)).one()
        if lot.tender.deadline is None:
            raise LookupError(record.opening_id)
        return lot.id, lot.tender.deadline
