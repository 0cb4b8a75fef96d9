"""What is open against a tender, and who may object to it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.objections.models import Complaint, ComplaintStatus, Objection, ObjectionStatus
from tender.publication.models import Notice, NoticeKind


def open_objections(session: Session, tender_id: str) -> list[Objection]:
    """Objections that wait for their answer, oldest first."""
    query = select(Objection).where(
        Objection.tender_id == tender_id, Objection.status == ObjectionStatus.FILED
    )
    return list(session.scalars(query.order_by(Objection.filed_at)))


def pausing(session: Session, tender_id: str) -> bool:
    """Whether an objection or a suspending complaint still holds the tender up."""
    if any(each.pauses for each in open_objections(session, tender_id)):
        return True
    query = select(Complaint.id).where(
        Complaint.tender_id == tender_id,
        Complaint.status == ComplaintStatus.FILED,
        Complaint.suspended_at.is_not(None),
    )
    return session.scalar(query) is not None


def published_bidders(session: Session, tender_id: str) -> frozenset[str]:
    """The party ids that stand in the published opening record.

    This room stands beside the bids and cannot read them; who bid is public from the opening on,
    and before that nobody may know.
    """
    query = select(Notice.release).where(
        Notice.tender_id == tender_id, Notice.kind == NoticeKind.OPENING
    )
    return frozenset(
        tenderer["id"]
        for release in session.scalars(query)
        for bid in release.get("bids", {}).get("details", [])
        for tenderer in bid["tenderers"]
    )
