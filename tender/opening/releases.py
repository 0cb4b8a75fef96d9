"""Releases of one-time keys by the custodians, by their agents or typed in from paper."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import records
from keys.errors import KeysError
from keys.records import OpeningRecord, Release
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.opening.models import Opening, OpeningStatus, ReleaseRow
from tender.procedure.custody.custodians import custodian_of
from tender.procedure.custody.opening_records import record_of


def take_release(session: Session, statement: dict[str, Any], *, now: datetime) -> ReleaseRow:
    """Keep a custodian's signed release for a closed opening; asking again changes nothing.

    A release before the closing is refused and not kept: a private key must not lie here early.
    """
    try:
        release = Release.from_object(statement)
        opening = session.get(Opening, release.opening)
        if opening is None:
            raise conflict("release.early", N_("This opening is not closed yet. Keep the key."))
        if opening.status is OpeningStatus.TOO_FEW:
            raise conflict(
                "release.too_few", N_("Too few bids came in: nothing is opened. Keep the key.")
            )
        named = records.check_release(record_of(session, release.opening), release)
    except KeysError as error:
        raise invalid(
            "release.invalid", N_("The release does not hold: %(why)s"), why=str(error)
        ) from error
    custodian = custodian_of(session, named.identity)
    query = select(ReleaseRow).where(
        ReleaseRow.opening_id == release.opening, ReleaseRow.key_id == release.key_id
    )
    known = session.scalar(query)
    if known is not None:
        return known
    row = ReleaseRow(
        opening_id=release.opening,
        key_id=release.key_id,
        custodian_id=custodian.id,
        statement=release.to_object(),
        received_at=now,
    )
    session.add(row)
    return row


def releases_of(session: Session, record: OpeningRecord) -> list[Release]:
    """The releases of an opening so far, in the record's order of custodians."""
    rows = session.scalars(select(ReleaseRow).where(ReleaseRow.opening_id == record.opening_id))
    found = {row.key_id: Release.from_object(row.statement) for row in rows}
    return [found[key.key_id] for key in record.custodians if key.key_id in found]


def missing(session: Session, record: OpeningRecord) -> list[str]:
    """Names of custodians whose release has not come: for the hall, which names who is late."""
    given = {release.key_id for release in releases_of(session, record)}
    return [key.name for key in record.custodians if key.key_id not in given]


def opening_of(session: Session, opening_id: str) -> Opening:
    """An opening that has been closed; DomainError `opening.unknown` otherwise."""
    opening = session.get(Opening, opening_id)
    if opening is None:
        raise not_found("opening.unknown", N_("There is no such opening, or it is not closed yet."))
    return opening
