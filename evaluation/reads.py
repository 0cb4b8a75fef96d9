"""Who read whose personal data: the list for auditors and administrators.

It stands in the top room because it must know what is still secret: that an expert reads bids would
tell who sits on a panel before the result (TBL art. 37), that finance reads a bond would tell who
bids before the opening (TBL art. 22). Such reads are listed nameless, or from the opening on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from evaluation.models import PanelMember
from tender.accounts.models import Organisation, Person
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.reads import AccessRecord
from tender.procedure.models import Tender, TenderStatus
from tender.procedure.timeline.calendar import begins

MOST = 300
NAMED = (TenderStatus.AWARDED, TenderStatus.CONTRACTED)

SEALED = (TenderStatus.PUBLISHED, TenderStatus.CLOSED)


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; empty text and None are everything."""

    person: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class ShownRead:
    """One read with its names; `who` is empty while a panel's members are secret."""

    record: AccessRecord
    who: str
    whose: str


def reads(session: Session, actor: Actor, wanted: Wanted) -> list[ShownRead]:
    """The newest reads that fit; a person is found as reader and as the one who was read."""
    require(actor, Permission.READS_READ)
    rows = session.scalars(_query(session, wanted)).all()
    people = _names(session, {row.person_id for row in rows} | {row.subject for row in rows})
    secret = _secret_people(session)
    return [
        ShownRead(
            record=row,
            who="" if row.person_id in secret else people.get(row.person_id, row.person_id),
            whose=people.get(row.subject, row.subject),
        )
        for row in rows
    ]


def _query(session: Session, wanted: Wanted) -> Select[AccessRecord]:
    sealed = select(Tender.id).where(Tender.status.in_(SEALED))
    open_now = or_(AccessRecord.about.is_(None), AccessRecord.about.not_in(sealed))
    query = select(AccessRecord).where(open_now)
    if wanted.since is not None:
        query = query.where(AccessRecord.time >= begins(wanted.since))
    if wanted.until is not None:
        query = query.where(AccessRecord.time < begins(wanted.until + timedelta(days=1)))
    if wanted.person:
        ids = _found(session, wanted.person) - _secret_people(session)
        both = or_(AccessRecord.person_id.in_(ids), AccessRecord.subject.in_(ids))
        query = query.where(both)
    return query.order_by(AccessRecord.time.desc(), AccessRecord.id).limit(MOST)


def _found(session: Session, text: str) -> set[str]:
    """People by name or login and organisations by name or number."""
    people = select(Person.id).where(or_(Person.name == text, Person.login == text.lower()))
    places = select(Organisation.id).where(
        or_(Organisation.name == text, Organisation.code == text)
    )
    return set(session.scalars(people)) | set(session.scalars(places))


def _names(session: Session, ids: Iterable[str]) -> dict[str, str]:
    wanted = list(ids)
    people = select(Person.id, Person.name).where(Person.id.in_(wanted))
    places = select(Organisation.id, Organisation.name).where(Organisation.id.in_(wanted))
    return {key: name for query in (people, places) for key, name in session.execute(query)}


def _secret_people(session: Session) -> set[str]:
    """Members of panels whose result is not out."""
    query = (
        select(PanelMember.person_id)
        .join(Tender, Tender.id == PanelMember.tender_id)
        .where(Tender.status.not_in((*NAMED, TenderStatus.FAILED, TenderStatus.CANCELLED)))
    )
    return set(session.scalars(query))
