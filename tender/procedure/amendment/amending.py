"""Amending a published tender (更正招标文件): drafted, reviewed by another person, published.

An amendment is an act of its own and edits no earlier one: old texts stand in the earlier
notices, old files stay downloadable and are marked. It changes nothing that bids are sealed to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.files import keep_upload
from tender.core.i18n import N_
from tender.core.states import advance
from tender.procedure.amendment.amendable import blocks, read_changes
from tender.procedure.drafting.attaching import DOCUMENT_KINDS
from tender.procedure.facts import tender_by_id
from tender.procedure.models import (
    Amendment,
    AmendmentFile,
    AmendmentStatus,
    Criterion,
    Tender,
    TenderDocument,
)
from tender.procedure.publishing.postponing import require_running
from tender.procedure.states import AMENDMENT

OPEN = (AmendmentStatus.DRAFT, AmendmentStatus.IN_REVIEW)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What an author wants to amend: texts by block, the reason, a later deadline or None."""

    reason: str
    texts: Mapping[str, str] = field(default_factory=dict)
    deadline: datetime | None = None


def open_amendment(session: Session, tender_id: str) -> Amendment | None:
    """The amendment that is being prepared, if there is one."""
    query = select(Amendment).where(Amendment.tender_id == tender_id, Amendment.status.in_(OPEN))
    return session.scalars(query).first()


def amendments_of(
    session: Session, tender_id: str, since: datetime | None = None
) -> list[Amendment]:
    """A tender's published amendments in order; with `since`, those published after it."""
    query = select(Amendment).where(
        Amendment.tender_id == tender_id, Amendment.status == AmendmentStatus.PUBLISHED
    )
    if since is not None:
        query = query.where(Amendment.published_at > since)
    return list(session.scalars(query.order_by(Amendment.number)))


def files_of(session: Session, amendment: Amendment) -> list[AmendmentFile]:
    """The files of an amendment in the order in which they were added."""
    query = select(AmendmentFile).where(AmendmentFile.amendment_id == amendment.id)
    return list(session.scalars(query.order_by(AmendmentFile.added_at, AmendmentFile.id)))


def criteria_for(session: Session, tender: Tender) -> list[Criterion]:
    """The criteria in the order of the documents."""
    query = select(Criterion).where(Criterion.tender_id == tender.id)
    return list(session.scalars(query.order_by(Criterion.position)))


def save_amendment(
    session: Session, actor: Actor, tender_id: str, proposal: Proposal, *, now: datetime
) -> Amendment:
    """Start an amendment, or save the one that is being drafted anew."""
    tender = _amendable(session, actor, tender_id, now)
    found = open_amendment(session, tender.id)
    if found is not None and found.status is not AmendmentStatus.DRAFT:
        raise conflict(
            "amendment.in_review", N_("This amendment is in review. Have it sent back first.")
        )
    changes = read_changes(proposal.texts, blocks(tender, criteria_for(session, tender)))
    if not 2 <= len(proposal.reason.strip()) <= 2000:
        raise invalid(
            "amendment.reason", N_("Say in 2 to 2,000 characters why the documents change."),
            {"reason": N_("2 to 2,000 characters.")},
        )  # fmt: skip
    if proposal.deadline is not None and (
        tender.deadline is None or proposal.deadline <= tender.deadline
    ):
        raise invalid(
            "amendment.earlier",
            N_("A deadline can only be moved to a later time."),
            {"deadline": N_("Choose a time after the present deadline.")},
        )
    if found is None:
        found = Amendment(
            tender_id=tender.id, status=AmendmentStatus.DRAFT, before={},
            created_by=actor.person_id, created_at=now,
        )  # fmt: skip
        session.add(found)
    found.reason, found.changes, found.deadline = (
        proposal.reason.strip(), changes, proposal.deadline,
    )  # fmt: skip
    found.changed_by, found.changed_at = actor.person_id, now
    session.flush()
    return found


def add_file(
    session: Session,
    actor: Actor,
    store: Path,
    tender_id: str,
    *,
    replaces: str,
    title: str,
    kind: str,
    name: str,
    chunks: Iterable[bytes],
    now: datetime,
) -> AmendmentFile:
    """Add a file, or put it in the place of the document `replaces` (id, or empty)."""
    tender = _amendable(session, actor, tender_id, now)
    found = _draft(session, tender)
    old = _replaced(session, tender, found, replaces)
    if old is None and kind not in DOCUMENT_KINDS:
        raise invalid("document.kind", N_("Choose what kind of document this is."))
    file = keep_upload(session, store, name=name, chunks=chunks, actor_id=actor.person_id, now=now)
    known = select(TenderDocument).where(TenderDocument.tender_id == tender.id)
    hashes = {each.file.sha256 for each in session.scalars(known)}
    hashes |= {each.file.sha256 for each in files_of(session, found)}
    if file.sha256 in hashes:
        raise invalid(
            "document.same",
            N_("This very file already belongs to the tender documents. Choose the changed one."),
            {"file": N_("The same file.")},
        )
    row = AmendmentFile(
        amendment_id=found.id, file_id=file.id, kind=old.kind if old else kind, added_at=now,
        title=(title.strip() or (old.title if old else file.name))[:200],
        replaces_id=old.id if old else None,
    )  # fmt: skip
    row.file = file
    session.add(row)
    found.changed_by, found.changed_at = actor.person_id, now
    session.flush()
    return row


def remove_file(
    session: Session, actor: Actor, tender_id: str, file_id: str, *, now: datetime
) -> None:
    """Take a file off an amendment that is being drafted."""
    tender = _amendable(session, actor, tender_id, now)
    found = _draft(session, tender)
    row = session.get(AmendmentFile, file_id)
    if row is None or row.amendment_id != found.id:
        raise not_found("document.unknown", N_("There is no such attachment."))
    session.delete(row)
    found.changed_by, found.changed_at = actor.person_id, now


def submit_amendment(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> Amendment:
    """Send an amendment that changes something to another person for review."""
    tender = _amendable(session, actor, tender_id, now)
    found = _draft(session, tender)
    if not found.changes and not files_of(session, found):
        raise invalid(
            "amendment.empty",
            N_("This amendment changes nothing yet. Change a text, or add or replace a file."),
        )
    advance(found, AmendmentStatus.IN_REVIEW, AMENDMENT)
    found.remark = None
    return found


def return_amendment(
    session: Session, actor: Actor, tender_id: str, remark: str, *, now: datetime
) -> Amendment:
    """Send an amendment back to its author with a remark."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.PROJECT_REVIEW, on=tender)
    found = _open(session, tender)
    if not remark.strip():
        raise invalid("review.remark", N_("Say what must be changed."), {"remark": N_("Required.")})
    advance(found, AmendmentStatus.DRAFT, AMENDMENT)
    found.remark, found.changed_at = remark.strip(), now
    return found


def withdraw_amendment(
    session: Session, actor: Actor, tender_id: str, *, now: datetime
) -> Amendment:
    """Give an amendment up before it was published; nothing of it becomes public."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_AMEND, on=tender)
    found = _open(session, tender)
    advance(found, AmendmentStatus.WITHDRAWN, AMENDMENT)
    found.changed_by, found.changed_at = actor.person_id, now
    return found


def _amendable(session: Session, actor: Actor, tender_id: str, now: datetime) -> Tender:
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_AMEND, on=tender)
    require_running(tender, now)
    return tender


def _open(session: Session, tender: Tender) -> Amendment:
    found = open_amendment(session, tender.id)
    if found is None:
        raise conflict("amendment.none", N_("No amendment of this tender is being prepared."))
    return found


def _draft(session: Session, tender: Tender) -> Amendment:
    found = _open(session, tender)
    if found.status is not AmendmentStatus.DRAFT:
        raise conflict(
            "amendment.in_review", N_("This amendment is in review. Have it sent back first.")
        )
    return found


def _replaced(
    session: Session, tender: Tender, amendment: Amendment, document_id: str
) -> TenderDocument | None:
    if not document_id:
        return None
    old = session.get(TenderDocument, document_id)
    if old is None or old.tender_id != tender.id or not old.public or old.superseded_at is not None:
        raise not_found("document.unknown", N_("There is no such attachment."))
    if any(each.replaces_id == old.id for each in files_of(session, amendment)):
        raise conflict("document.replaced", N_("This amendment replaces that document already."))
    return old
