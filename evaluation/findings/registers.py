"""Register extracts (工商登记信息): recorded by supervision, and what they show at once.

Control and management (REG 34) stand in the business register, not in the bid. Supervision writes
down what the public register says, with its source; the people of that tender are then screened
again, and what was not found before is put before people like every other sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.access import UNKNOWN
from evaluation.findings.inputs import registered
from evaluation.findings.keeping import keep_found
from evaluation.findings.screening import screened_lots
from evaluation.models import RegisterExtract
from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, require
from tender.bids.models import SealedBid
from tender.core.actor import Actor
from tender.core.errors import invalid, not_found
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.opening.models import VerdictRow
from tender.procedure.facts import tender_by_id

_NUMBER = re.compile(r"[0-9A-Za-z]{6,40}")


@dataclass(frozen=True)
class Extract:
    """What a register says; `holders` are lines "number percent", `managed_by` numbers by line."""

    head: str
    head_number: str
    holders: str
    managed_by: str
    branch_of: str
    source: str


def bidder_of(session: Session, actor: Actor, tender_id: str, bidder_id: str) -> Organisation:
    """A bidder whose bid in this tender was opened, for supervision."""
    require(actor, Permission.FINDING_DECIDE, on=tender_by_id(session, tender_id))
    query = (
        select(Organisation)
        .join(SealedBid, SealedBid.organisation_id == Organisation.id)
        .join(VerdictRow, VerdictRow.bid_id == SealedBid.id)
        .where(SealedBid.tender_id == tender_id, Organisation.id == bidder_id)
    )
    found = session.scalars(query.limit(1)).first()
    if found is None:
        raise not_found("finding.unknown", UNKNOWN)
    return found


def newest_extract(session: Session, bidder_id: str) -> RegisterExtract | None:
    """What was recorded last of a bidder."""
    query = select(RegisterExtract).where(RegisterExtract.organisation_id == bidder_id)
    return session.scalars(query.order_by(RegisterExtract.recorded_at.desc()).limit(1)).first()


def record_extract(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    bidder_id: str,
    given: Extract,
    *,
    now: datetime,
) -> int:
    """Keep an extract and screen the tender's people again; gives the number of new findings."""
    bidder = bidder_of(session, actor, tender_id, bidder_id)
    problems: dict[str, str] = {}
    holders = _holders(given.holders, problems)
    managed = given.managed_by.split()
    if any(not _NUMBER.fullmatch(number) for number in managed):
        problems["managed_by"] = N_("One number a line.")
    if not 2 <= len(given.source.strip()) <= 200:
        problems["source"] = N_(
            "Say where and on which day this was taken, in 2 to 200 characters."
        )
    if problems:
        raise invalid("register.form", N_("Please correct what is marked below."), problems)
    session.add(
        RegisterExtract(
            organisation_id=bidder.id, head=given.head.strip()[:80],
            head_number=given.head_number.strip()[:40], holders=holders, managed_by=managed,
            branch_of=given.branch_of.strip()[:40], source=given.source.strip(),
            recorded_at=now, recorded_by=actor.person_id,
        )
    )  # fmt: skip
    session.flush()
    return _screen_again(session, settings, tender_id, now)


def _holders(text: str, problems: dict[str, str]) -> list[dict[str, Any]]:
    rows = []
    for line in filter(None, (each.strip() for each in text.splitlines())):
        number, _, share = line.partition(" ")
        try:
            percent = float(share.strip().rstrip("%％").strip())
        except ValueError:
            percent = -1.0
        if not _NUMBER.fullmatch(number) or not 0 < percent <= 100:
            problems["holders"] = N_("One shareholder a line: number, a space, percent.")
            return []
        rows.append({"number": number, "percent": percent})
    return rows


def _screen_again(session: Session, settings: Settings, tender_id: str, now: datetime) -> int:
    """Screen people and payers anew, whom an extract speaks of; gives the number of new signs."""
    tender, added = tender_by_id(session, tender_id), 0
    for lot in screened_lots(session, tender_id):
        feed = registered.feed_of(session, settings, lot)
        for source, screen in (("P2", registered.contacts), ("D1", registered.bonds)):
            added += keep_found(session, tender, lot, source, screen(feed), now=now)
    return added
