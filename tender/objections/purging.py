"""When a tender has ended for good, and blanking what objections stated once its time is over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tender.core.retention import Purge, in_pieces
from tender.objections.models import Complaint, ComplaintStatus, Objection, ObjectionStatus
from tender.objections.terms import last_complaint
from tender.procedure.models import Lot, OpeningRecordRow, Tender, TenderStatus
from tender.publication.models import Notice

ENDED = frozenset(
    {
        TenderStatus.AWARDED,
        TenderStatus.CONTRACTED,
        TenderStatus.FAILED,
        TenderStatus.CANCELLED,
    }
)


def find_ended(purge: Purge) -> None:
    """Tell the run which tenders nobody can object to or complain of any more.

    A tender that runs, is paused, has an open objection or complaint, or is under a legal hold has
    not ended; neither has an awarded one while its contract may still be signed in time.
    """
    session = purge.session
    open_cases = _open_cases(session)
    notices = dict(
        session.execute(
            select(Notice.tender_id, func.max(Notice.published_at)).group_by(Notice.tender_id)
        ).all()
    )
    answers = _answers(session)
    open_ids: list[str] = []
    for tender in session.scalars(select(Tender)).all():
        last = max(filter(None, (notices.get(tender.id), answers.get(tender.id))), default=None)
        stopped = tender.id in open_cases or tender.id in purge.held
        end = None if stopped else end_of(tender, last)
        if end is not None and end <= purge.now:
            purge.ended[tender.id] = end
        else:
            open_ids.append(tender.id)
    _protect(purge, open_ids)
    for model in (Objection, Complaint):
        rows = select(model.tender_id, model.organisation_id, model.filed_by)
        for tender_id, organisation_id, person_id in session.execute(rows):
            purge.takes_part(organisation_id, tender_id)
            purge.takes_part(person_id, tender_id)


def end_of(tender: Tender, last: datetime | None) -> datetime | None:
    """The end of the time for complaints; `last` is the newest notice or answer. None while open.

    Counted from the last thing that happened, as if an objection to it were made and answered on
    the last day, so that it is never too early.
    """
    if tender.status not in ENDED or tender.paused_at is not None:
        return None
    moments = (
        tender.closed_at, tender.opened_at, tender.evaluated_at, tender.standstill_until,
        tender.awarded_at, tender.changed_at, last,
    )  # fmt: skip
    end = last_complaint(tender, max(each for each in moments if each is not None))
    if tender.status is TenderStatus.AWARDED and tender.contract_due is not None:
        return max(end, tender.contract_due)
    return end


def _open_cases(session: Session) -> set[str]:
    objections = select(Objection.tender_id).where(Objection.status == ObjectionStatus.FILED)
    complaints = select(Complaint.tender_id).where(Complaint.status == ComplaintStatus.FILED)
    return set(session.scalars(objections)) | set(session.scalars(complaints))


def _answers(session: Session) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for query in (
        select(Objection.tender_id, Objection.answered_at),
        select(Complaint.tender_id, Complaint.decided_at),
    ):
        for tender_id, moment in session.execute(query):
            if moment is not None:
                found[tender_id] = max(moment, found.get(tender_id, moment))
    return found


def _protect(purge: Purge, open_ids: list[str]) -> None:
    purge.protected.update(open_ids)
    for piece in in_pieces(open_ids):
        lots = select(Lot.id).where(Lot.tender_id.in_(piece))
        purge.protected.update(purge.session.scalars(lots))
        openings = (
            select(OpeningRecordRow.opening_id)
            .join(Lot, Lot.id == OpeningRecordRow.lot_id)
            .where(Lot.tender_id.in_(piece))
        )
        purge.protected.update(purge.session.scalars(openings))


def purge_papers(purge: Purge) -> None:
    """Blank what objections and complaints stated; the published answers stay."""
    for piece in in_pieces(purge.tenders("objection_papers")):
        objections = select(Objection).where(Objection.tender_id.in_(piece), Objection.facts != "")
        for objection in purge.session.scalars(objections).all():
            if objection.organisation_id in purge.held:
                continue
            objection.facts = objection.request = ""
            purge.drop_id(objection.evidence_id)
            purge.note("objection_papers")
        complaints = select(Complaint).where(Complaint.tender_id.in_(piece), Complaint.facts != "")
        for complaint in purge.session.scalars(complaints).all():
            if complaint.organisation_id in purge.held:
                continue
            complaint.facts = complaint.request = ""
            purge.note("objection_papers")
