"""Bid bonds (投标保证金) as finance records them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.ledger.models import DataKind
from tender.procedure.duties import BOND_DUTIES
from tender.procedure.facts import tender_by_id
from tender.procedure.models import Bond, Tender
from tender.supervision.milestones import meet

BOND_FORMS: dict[str, str] = {
    "transfer": N_("Bank transfer"),
    "guarantee": N_("Bank guarantee"),
    "insurance": N_("Insurance"),
}


def record_bond(
    session: Session,
    actor: Actor,
    tender_id: str,
    *,
    code: str,
    form: str,
    amount_fen: int,
    payer: str,
    payer_account: str,
    now: datetime,
) -> Bond:
    """Record a bid bond that came in; nobody but finance sees it before the opening."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.BOND_RECORD, on=tender)
    organisation = session.scalar(select(Organisation).where(Organisation.code == code.strip()))
    if organisation is None:
        raise invalid(
            "bond.bidder",
            N_("No bidder is registered under this number. Compare it with the transfer."),
            {"code": N_("Not registered.")},
        )
    if form not in BOND_FORMS or amount_fen <= 0 or not payer.strip():
        raise invalid("bond.form", N_("Amount, form and payer are required."))
    known = select(Bond).where(Bond.tender_id == tender.id, Bond.organisation_id == organisation.id)
    if session.scalar(known) is not None:
        raise conflict("bond.recorded", N_("This bidder's bond is recorded already."))
    bond = Bond(
        tender_id=tender.id, organisation_id=organisation.id, form=form, amount_fen=amount_fen,
        payer=payer.strip(), payer_account=payer_account.strip(), received_at=now,
        recorded_by=actor.person_id,
    )  # fmt: skip
    session.add(bond)
    session.flush()
    return bond


def return_bond(
    session: Session, actor: Actor, bond_id: str, reason: str, *, now: datetime
) -> Bond:
    """Record that a bond went back (REG art. 57)."""
    bond = session.get(Bond, bond_id)
    if bond is None:
        raise not_found("bond.unknown", N_("There is no such bond."))
    require(actor, Permission.BOND_RECORD, on=tender_by_id(session, bond.tender_id))
    if bond.returned_at is not None:
        raise conflict("bond.returned", N_("This bond went back already."))
    bond.returned_at = now
    bond.return_reason = reason.strip() or None
    ledger.append(
        session, "bond.returned", subject=bond.tender_id, actor=actor.person_id, now=now,
        private={"organisation": bond.organisation_id, "amount_fen": bond.amount_fen},
        kind=DataKind.PERSON,
    )  # fmt: skip
    session.flush()
    kept = select(Bond.id).where(Bond.tender_id == bond.tender_id, Bond.returned_at.is_(None))
    if session.scalar(kept.limit(1)) is None:
        for code in BOND_DUTIES:
            meet(session, bond.tender_id, code.value, now=now)
    return bond


def bonds_of(session: Session, actor: Actor, tender_id: str) -> list[tuple[Bond, Organisation]]:
    """Bonds of a tender, for finance of its own county or township: they tell who bids (TBL 22)."""
    require(actor, Permission.BOND_READ, on=tender_by_id(session, tender_id))
    query = (
        select(Bond, Organisation)
        .join(Organisation, Organisation.id == Bond.organisation_id)
        .where(Bond.tender_id == tender_id)
        .order_by(Bond.received_at)
    )
    return [(bond, organisation) for bond, organisation in session.execute(query)]


def tenders_with_bonds(session: Session, actor: Actor) -> list[Tender]:
    """Tenders that ask for a bond, newest first."""
    require(actor, Permission.BOND_READ)
    query = select(Tender).where(
        Tender.bond_fen > 0,
        Tender.published_at.is_not(None),
        Tender.scope.startswith(actor.scope, autoescape=True),
    )
    return list(session.scalars(query.order_by(Tender.published_at.desc()).limit(200)))
