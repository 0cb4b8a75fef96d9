"""Moving the deadline, and with it the opening, to a later time while bids are taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from keys import encoding
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.procedure.duties import set_duties
from tender.procedure.facts import lots_of, public_facts, tender_by_id
from tender.procedure.models import LotStatus, Tender, TenderStatus
from tender.procedure.notices import paper_steps, plain_notice
from tender.publication.models import Notice, NoticeKind
from tender.publication.papers.parts import Block
from tender.publication.service import publish


def move_deadline(
    session: Session, actor: Actor, tender: Tender, deadline: datetime, *, now: datetime
) -> None:
    """Write a later deadline, and tell the custodians' agents through the ledger.

    The caller has checked that bids are taken and that the moment is later, and publishes it.
    """
    if tender.bond_until == tender.deadline:
        tender.bond_until = deadline.replace(microsecond=0)
    tender.deadline = deadline.replace(microsecond=0)
    tender.changed_at = now
    set_duties(session, tender, now=now)
    for lot in lots_of(session, tender.id):
        if lot.status is LotStatus.OPEN:
            ledger.append(
                session, "opening.postponed", subject=tender.id, actor=actor.person_id, now=now,
                fields={"opening": lot.opening_id, "deadline": encoding.timestamp(tender.deadline)},
            )  # fmt: skip


def postpone(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    deadline: datetime,
    reason: str,
    *,
    now: datetime,
) -> Notice:
    """Move the deadline, and with it the opening, to a later time.

    Nothing is postponed once the deadline has passed, and nothing is ever brought forward.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_AMEND, on=tender)
    require_running(tender, now)
    if tender.deadline is None or deadline <= tender.deadline:
        raise invalid(
            "postpone.earlier",
            N_("A deadline can only be moved to a later time."),
            {"deadline": N_("Choose a time after the present deadline.")},
        )
    if not reason.strip():
        raise invalid("postpone.reason", N_("Say why."), {"reason": N_("Required.")})
    before = tender.deadline
    move_deadline(session, actor, tender, deadline, now=now)
    rows = (
        (N_("Deadline until now"), encoding.timestamp(before)),
        (N_("New deadline and opening"), encoding.timestamp(deadline.replace(microsecond=0))),
        (N_("Reason"), reason.strip()),
    )
    with speaking("zh"):
        title = gettext(N_("%(title)s: the deadline is postponed"), title=tender.title)
        content = plain_notice(
            tender, NoticeKind.POSTPONEMENT, title, [Block(heading=title, rows=rows)],
            steps=paper_steps(tender, now),
        )  # fmt: skip
    facts = public_facts(session, tender, now=now)
    return publish(session, settings, facts, content, actor_id=actor.person_id, now=now)


def require_running(tender: Tender, now: datetime) -> None:
    """Refuse what is possible only while bids are taken."""
    if tender.status is not TenderStatus.PUBLISHED or (tender.deadline and now >= tender.deadline):
        raise conflict("tender.not_running", N_("The deadline has passed or bids are not taken."))
