"""The tender notice, and the end of a tender before its award (终止).

A published act is never edited; each change is a new act with a notice of its own.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.procedure.custody import opening_records
from tender.procedure.drafting.lawfulness import problems_of
from tender.procedure.duties import set_duties
from tender.procedure.facts import lots_of, public_facts, tender_by_id
from tender.procedure.models import LotStatus, TenderStatus
from tender.procedure.notices import plain_notice, tender_notice
from tender.procedure.publishing.retendering import announce
from tender.procedure.states import LOT, TENDER
from tender.publication.models import Notice, NoticeKind
from tender.publication.papers.parts import Block
from tender.publication.service import publish
from tender.supervision.milestones import end


def publish_tender(
    session: Session, actor: Actor, settings: Settings, tender_id: str, *, now: datetime
) -> Notice:
    """Publish the tender notice: from now on bids are taken.

    Every opening record must be accepted by every custodian, and every date must still be lawful
    today. Notice, release, ledger entry and the PDF's order are one transaction.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_PUBLISH, on=tender)
    lots = lots_of(session, tender.id)
    if tender.status is TenderStatus.APPROVED and not opening_records.accepted(session, lots):
        raise conflict(
            "tender.not_accepted",
            N_("Not every key custodian has accepted yet. Wait a moment, or call those named."),
        )
    problems = problems_of(session, tender, now=now)
    if problems:
        raise invalid("tender.unlawful", "%(problem)s", problem=problems[0].text())
    advance(tender, TenderStatus.PUBLISHED, TENDER)
    tender.published_at = now
    tender.documents_from = now
    tender.changed_at = now
    for lot in lots:
        advance(lot, LotStatus.OPEN, LOT)
    session.flush()
    url = f"{settings.public_url}/tenders/{tender.number}"
    content = tender_notice(session, tender, now=now, url=url)
    notice = publish(
        session, settings, public_facts(session, tender, now=now), content,
        actor_id=actor.person_id, now=now,
    )  # fmt: skip
    set_duties(session, tender, now=now)
    announce(session, actor, settings, tender, now=now)
    return notice


def cancel(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    reason: str,
    *,
    now: datetime,
) -> Notice | None:
    """Terminate a tender (终止): its bids stay sealed for ever."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_CANCEL, on=tender)
    if not reason.strip():
        raise invalid("cancel.reason", N_("Say why."), {"reason": N_("Required.")})
    public = tender.published_at is not None
    advance(tender, TenderStatus.CANCELLED, TENDER)
    tender.changed_at = now
    end(session, tender.id, now=now)
    for lot in lots_of(session, tender.id):
        if lot.status in (LotStatus.PREPARED, LotStatus.OPEN):
            opening_records.void_record(session, lot, now=now)
        if lot.status not in (LotStatus.AWARDED, LotStatus.FAILED):
            advance(lot, LotStatus.CANCELLED, LOT)
    ledger.append(
        session, "tender.cancelled", subject=tender.id, actor=actor.person_id, now=now,
        fields={"tender": tender.number},
    )  # fmt: skip
    if not public:
        return None
    with speaking("zh"):
        title = gettext(N_("%(title)s: the tender is terminated"), title=tender.title)
    block = Block(heading=title, rows=((N_("Reason"), reason.strip()),))
    content = plain_notice(
        tender, NoticeKind.CANCELLATION, title, [block], tag="tenderCancellation",
        sections={"tender": {"status": "cancelled"}},
    )  # fmt: skip
    facts = public_facts(session, tender, now=now)
    return publish(session, settings, facts, content, actor_id=actor.person_id, now=now)
