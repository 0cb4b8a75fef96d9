"""Tendering again (重新招标): a new draft from a failed or terminated tender, linked both ways.

A re-tender is a new epoch with opening records of its own: envelopes of the old one stay sealed
for ever, and nobody who bid there has bid here (TBL art. 28, REG art. 44, O87 art. 43).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.procedure.drafting.drafting import create_draft
from tender.procedure.drafting.drafts import TenderDraft, read_draft
from tender.procedure.facts import lots_of, public_facts, tender_by_id
from tender.procedure.law.law import law
from tender.procedure.law.rules import Rule
from tender.procedure.lineage import previous_of, related_process
from tender.procedure.local_law.binding import overrides_of
from tender.procedure.models import (
    Custodian,
    Lot,
    LotStatus,
    Retendered,
    Tender,
    TenderDocument,
    TenderStatus,
)
from tender.procedure.notices import plain_notice
from tender.procedure.timeline.calendar import day_of
from tender.publication.models import Notice, NoticeKind
from tender.publication.papers.parts import Block
from tender.publication.service import publish

ENDED = (LotStatus.FAILED, LotStatus.CANCELLED)


@dataclass(frozen=True)
class Offer:
    """What can be tendered again of a tender, what is already, and the law's alternatives."""

    lots: list[Lot]
    begun: list[Tender]
    alternatives: tuple[Rule, ...]

    @property
    def shown(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.lots or self.begun)


def offer(session: Session, tender: Tender, *, now: datetime) -> Offer:
    """What the page of an ended tender offers; empty for one that is still going on."""
    if tender.published_at is None:
        return Offer([], [], ())
    taken = _taken(session, tender)
    ended = [lot for lot in lots_of(session, tender.id) if lot.status in ENDED]
    return Offer(
        lots=[lot for lot in ended if lot.id not in taken],
        begun=sorted(set(taken.values()), key=lambda each: each.number),
        alternatives=alternatives(tender, now=now) if ended else (),
    )


def alternatives(tender: Tender, *, now: datetime) -> tuple[Rule, ...]:
    """What the law allows besides tendering once more when a tender fails again, in words."""
    return law().find(
        tender.kind.value, code="failed_again", on=day_of(now), direction=tender.direction,
        method=tender.method.value, overrides=overrides_of(tender, now=now),
    )  # fmt: skip


def retender(
    session: Session, actor: Actor, tender_id: str, lots: Collection[str] = (), *, now: datetime
) -> Tender:
    """Make a new draft of failed or terminated lots (their numbers; all of them if none is named).

    Facts, criteria, custodians and documents in force come with it; the dates are set anew.
    """
    old = tender_by_id(session, tender_id)
    require(actor, Permission.TENDER_EDIT, on=old)
    free = offer(session, old, now=now).lots
    chosen = [lot for lot in free if not lots or lot.number in lots]
    if not chosen or len(chosen) < len(set(lots)):
        raise conflict(
            "retender.none",
            N_(
                "Only lots that have failed or were terminated can be tendered again, once each. "
                "If a draft for them exists, go on with it."
            ),
        )
    tender = create_draft(session, actor, _draft(session, old, chosen), now=now)
    tender.epoch, tender.previous_id = old.epoch + 1, old.id
    for lot in chosen:
        session.add(Retendered(tender_id=tender.id, lot_id=lot.id))
    _copy_documents(session, old, tender, now)
    session.flush()
    return tender


def announce(
    session: Session, actor: Actor, settings: Settings, tender: Tender, *, now: datetime
) -> Notice | None:
    """Tell on the old tender's page that its lots are tendered again, once the new is public."""
    old = previous_of(session, tender)
    if old is None:
        return None
    numbers = [lot.number for lot in _lots_taken(session, tender)]
    ledger.append(
        session, "tender.retendered", subject=old.id, actor=actor.person_id, now=now,
        fields={"tender": old.number, "next": tender.number, "lots": numbers},
    )  # fmt: skip
    base = f"{settings.public_url}/tenders"
    process = related_process(session, tender, "replacementProcess", base)
    with speaking("zh"):
        title = gettext(N_("%(title)s: tendered again"), title=old.title)
    rows = (
        (N_("Tendered again as"), f"{tender.number} {tender.title}"),
        (N_("Lots"), "、".join(numbers)),
        (N_("Page of the new tender"), f"{base}/{tender.number}"),
    )
    content = plain_notice(
        old, NoticeKind.RETENDER, title, [Block(heading=title, rows=rows)],
        sections={"relatedProcesses": [process]} if process else {},
    )  # fmt: skip
    facts = public_facts(session, old, now=now)
    return publish(
        session, settings, facts, replace(content, paper=None), actor_id=actor.person_id, now=now
    )


def _draft(session: Session, old: Tender, chosen: Sequence[Lot]) -> TenderDraft:
    draft = read_draft(session, old)
    numbers = {lot.number for lot in chosen}
    kept = zip(lots_of(session, old.id), draft.lots, strict=True)
    keepers = [session.get_one(Custodian, each) for each in old.custodian_ids]
    serving = all(keeper.retired_at is None for keeper in keepers)
    return replace(
        draft,
        title=_title(session, old),
        deadline=None,
        questions_until=None,
        lots=tuple(lot for row, lot in kept if row.number in numbers),
        custodian_ids=draft.custodian_ids if serving else (),
    )


def _title(session: Session, old: Tender) -> str:
    """The first tender's title with the number of this attempt."""
    first = old
    while first.previous_id is not None:
        first = tender_by_id(session, first.previous_id)
    with speaking("zh"):
        return gettext(
            N_("%(title)s (tender no. %(epoch)s)"), title=first.title[:280], epoch=old.epoch + 1
        )


def _lots_taken(session: Session, tender: Tender) -> list[Lot]:
    query = select(Lot).join(Retendered, Retendered.lot_id == Lot.id)
    found = session.scalars(query.where(Retendered.tender_id == tender.id))
    return sorted(found, key=lambda lot: (len(lot.number), lot.number))


def _taken(session: Session, tender: Tender) -> dict[str, Tender]:
    """Lots that another tender has taken up, unless that one was given up before its notice."""
    query = (
        select(Retendered.lot_id, Tender)
        .join(Tender, Tender.id == Retendered.tender_id)
        .join(Lot, Lot.id == Retendered.lot_id)
        .where(Lot.tender_id == tender.id)
    )
    return {
        lot_id: new
        for lot_id, new in session.execute(query)
        if new.status is not TenderStatus.CANCELLED or new.published_at is not None
    }


def _copy_documents(session: Session, old: Tender, new: Tender, now: datetime) -> None:
    query = select(TenderDocument).where(
        TenderDocument.tender_id == old.id, TenderDocument.superseded_at.is_(None)
    )
    for each in session.scalars(query.order_by(TenderDocument.added_at, TenderDocument.id)):
        session.add(
            TenderDocument(
                tender_id=new.id, file_id=each.file_id, title=each.title, kind=each.kind,
                public=each.public, added_at=now,
            )
        )  # fmt: skip
