"""The paper path: a custodian's key typed in at the opening, and who may read opened files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from keys import encoding, statements
from keys.errors import KeysError
from keys.records import CustodianKey, OpeningRecord
from keys.x25519 import public_of
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, forbidden, invalid
from tender.core.i18n import N_
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.ledger.models import LedgerCheckpoint
from tender.ledger.signing import signing_key
from tender.opening.models import Opening, OpeningStatus, ReleaseRow, VerdictRow
from tender.opening.releases import opening_of
from tender.procedure.custody.custodians import custodian_of
from tender.procedure.custody.opening_records import record_of
from tender.procedure.models import Tender

READERS = (Role.COUNTY_CLERK, Role.TOWNSHIP_AGENT, Role.SUPERVISOR, Role.AUDITOR)


def release_from_paper(
    session: Session,
    actor: Actor,
    settings: Settings,
    opening_id: str,
    typed: str,
    *,
    now: datetime,
) -> ReleaseRow:
    """Take a one-time private key that a custodian brought on paper (43 letters or its QR).

    The key proves itself; the platform signs for the time (docs/ledger.md, Releases from paper).
    Raises DomainError `paper.key` if it is no key of this opening.
    """
    opening = opening_of(session, opening_id)
    require(actor, Permission.OPENING_RECORD, on=session.get_one(Tender, opening.tender_id))
    if opening.status is OpeningStatus.TOO_FEW:
        raise conflict(
            "release.too_few", N_("Too few bids came in: nothing is opened. Keep the key.")
        )
    private = "".join(typed.split())
    named = _custodian_key(record_of(session, opening_id), private)
    known = select(ReleaseRow).where(
        ReleaseRow.opening_id == opening_id, ReleaseRow.key_id == named.key_id
    )
    row = session.scalar(known)
    if row is not None:
        return row
    checkpoint = _checkpoint_after(session, opening)
    statement = {
        "v": "release/v1",
        "opening": opening_id,
        "key_id": named.key_id,
        "private_key": private,
        "released_at": encoding.timestamp(now),
        "checkpoint": _brief(checkpoint),
    }
    row = ReleaseRow(
        opening_id=opening_id,
        key_id=named.key_id,
        custodian_id=custodian_of(session, named.identity).id,
        statement=statements.sign_ed25519(statement, signing_key(settings)),
        received_at=now,
    )
    session.add(row)
    ledger.append(
        session,
        "paper_key.typed",
        subject=opening.tender_id,
        actor=actor.person_id,
        now=now,
        fields={"key_id": named.key_id},
    )
    return row


def _brief(checkpoint: LedgerCheckpoint) -> str:
    from base64 import b64encode

    return f"{checkpoint.size} {b64encode(checkpoint.root).decode()}"


def require_reader(session: Session, actor: Actor, verdict: VerdictRow) -> None:
    """Only staff in scope, supervisors, and the tender's seated experts read opened files."""
    opening = session.get_one(Opening, verdict.opening_id)
    tender = session.get_one(Tender, opening.tender_id)
    if actor.role in READERS:
        require(actor, Permission.BID_READ_OPENED, on=tender)
        return
    raise forbidden("bid.files_closed", N_("Files of bids are read on the panel's own page."))


def _custodian_key(record: OpeningRecord, private: str) -> CustodianKey:
    try:
        public = encoding.b64u(public_of(encoding.unb64u(private, 32)))
        return next(each for each in record.custodians if each.key == public)
    except (KeysError, StopIteration):
        raise invalid(
            "paper.key",
            N_("This is no key of this opening. Compare it letter by letter with the paper."),
            {"key": N_("43 letters, digits, hyphens and underscores.")},
        ) from None


def _checkpoint_after(session: Session, opening: Opening) -> LedgerCheckpoint:
    checkpoint = session.scalars(
        select(LedgerCheckpoint)
        .where(LedgerCheckpoint.size > opening.closed_seq)
        .order_by(LedgerCheckpoint.size)
        .limit(1)
    ).first()
    if checkpoint is None:
        raise conflict("paper.early", N_("The closing is not in a checkpoint yet. Wait a second."))
    return checkpoint
