"""The contract (合同): recorded per awarded lot, made public, filed (TBL 46, GPR 50).

Who else works on it is recorded with it or later; a further subcontractor is a notice of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.award.award import awards_of
from evaluation.award.notice import winner_name
from evaluation.award.ties import GivenTie, add_ties, contracted_lot, public_ties
from evaluation.dates import reschedule
from evaluation.models import Award, Contract, ContractTie
from keys.encoding import timestamp
from tender.accounts.models import Organisation
from tender.accounts.permissions import Permission, require
from tender.core import messages, presenting
from tender.core.actor import Actor
from tender.core.clock import legal_day
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_, gettext, speaking
from tender.core.settings import Settings
from tender.core.states import advance
from tender.ledger import service as ledger
from tender.objections.standing import pausing
from tender.procedure.facts import public_facts, tender_by_id
from tender.procedure.models import Lot, Tender, TenderStatus
from tender.procedure.notices import plain_notice
from tender.procedure.states import TENDER
from tender.publication.models import NoticeKind
from tender.publication.ocds import value
from tender.publication.papers.parts import Block
from tender.publication.service import publish
from tender.supervision.milestones import meet


@dataclass(frozen=True)
class Signed:
    """A contract as signed outside: day, amount over the term in fen, scan if there is one.

    `ties` are the firms that are known to work on it.
    """

    signed_on: datetime
    amount_fen: int
    file_id: str | None = None
    ties: tuple[GivenTie, ...] = ()


def record_contract(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    lot_id: str,
    signed: Signed,
    *,
    now: datetime,
) -> Contract:
    """Record the contract of a lot; once every awarded lot has one, the tender is contracted.

    The amount is the award's: a contract may not depart from the bid in substance (TBL 46).
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.CONTRACT_RECORD, on=tender)
    awards = awards_of(session, tender.id)
    award = awards.get(lot_id)
    if award is None or tender.status is not TenderStatus.AWARDED:
        raise conflict("contract.no_award", N_("A contract follows the award of its lot."))
    if pausing(session, tender.id):
        raise conflict(
            "contract.paused", N_("A challenge or complaint is open; the contract waits.")
        )
    if session.get(Contract, lot_id) is not None:
        raise conflict("contract.recorded", N_("The contract of this lot is recorded already."))
    _check(signed, award, now)
    contract = Contract(
        lot_id=lot_id, signed_on=signed.signed_on, amount_fen=signed.amount_fen,
        file_id=signed.file_id, recorded_at=now, recorded_by=actor.person_id,
    )  # fmt: skip
    session.add(contract)
    session.flush()
    lot = session.get_one(Lot, lot_id)
    ledger.append(
        session, "contract.recorded", subject=tender.id, actor=actor.person_id, now=now,
        fields={
            "tender": tender.number, "lot": lot.number, "amount_fen": signed.amount_fen,
            "signed_on": legal_day(signed.signed_on),
        },
    )  # fmt: skip
    add_ties(session, actor, settings, tender, lot, signed.ties, now=now)
    if set(contracts_of(session, tender.id)) >= set(awards):
        advance(tender, TenderStatus.CONTRACTED, TENDER)
        for code in ("contract", "contract_public", "contract_filed"):
            meet(session, tender.id, code, now=now)
        messages.settle(session, tender.id, now=now)
    reschedule(session, tender, now=now)
    _publish(session, actor, settings, tender, lot, award, signed, now)
    return contract


def record_tie(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    lot_id: str,
    given: GivenTie,
    *,
    now: datetime,
) -> ContractTie:
    """Record a firm that works on a running contract; a subcontractor is made public at once."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.CONTRACT_RECORD, on=tender)
    found = contracted_lot(session, lot_id)
    if found is None or found[1].tender_id != tender.id:
        raise conflict("tie.no_contract", N_("Record the contract of this lot first."))
    lot, award = found
    row = add_ties(session, actor, settings, tender, lot, [given], now=now)[0]
    if public_ties([row]):
        with speaking("zh"):
            title = gettext(N_("%(title)s: subcontractor"), title=tender.title)
            rows = (
                (gettext(N_("Winner")), winner_name(session, award)),
                (gettext(N_("Subcontractors")), public_ties([row])[0]),
            )
        block = Block(heading=f"{lot.number}. {lot.name}", rows=rows)
        content = plain_notice(tender, NoticeKind.CONTRACT, title, [block], tag="contractUpdate")
        facts = public_facts(session, tender, now=now)
        publish(session, settings, facts, content, actor_id=actor.person_id, now=now)
    return row


def contracts_of(session: Session, tender_id: str) -> dict[str, Contract]:
    """A tender's contracts by lot id."""
    query = select(Contract).join(Award, Award.lot_id == Contract.lot_id)
    rows = session.scalars(query.where(Award.tender_id == tender_id))
    return {row.lot_id: row for row in rows}


def _check(signed: Signed, award: Award, now: datetime) -> None:
    problems = {}
    if signed.amount_fen != award.total_fen:
        problems["amount"] = N_("The contract's amount is the award's total over the term.")
    if not award.awarded_at.date() <= signed.signed_on.date() <= now.date():
        problems["signed_on"] = N_("A contract is signed after the award and not in the future.")
    if problems:
        raise invalid("contract.form", N_("Please correct what is marked below."), problems)


def _publish(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender: Tender,
    lot: Lot,
    award: Award,
    signed: Signed,
    now: datetime,
) -> None:
    supplier = session.get_one(Organisation, award.organisation_id)
    with speaking("zh"):
        title = gettext(N_("%(title)s: contract"), title=tender.title)
        rows = (
            (gettext(N_("Winner")), winner_name(session, award)),
            (gettext(N_("Contract amount")), f"{presenting.yuan(signed.amount_fen)} 元"),
            (gettext(N_("Signed on")), legal_day(signed.signed_on)),
            *((gettext(N_("Subcontractors")), text) for text in public_ties(signed.ties)),
        )
    section = {
        "id": f"{tender.number}-contract-{lot.number}",
        "awardID": f"{tender.number}-award-{lot.number}",
        "status": "active",
        "dateSigned": timestamp(signed.signed_on),
        "value": value(signed.amount_fen),
    }
    content = plain_notice(
        tender, NoticeKind.CONTRACT, title,
        [Block(heading=f"{lot.number}. {lot.name}", rows=rows)], tag="contract",
        sections={
            "tender": {"status": "complete"},
            "contracts": [section],
            "parties": [
                {"id": supplier.party_id, "name": supplier.name, "roles": ["supplier"]}
            ],
        },
    )  # fmt: skip
    facts = public_facts(session, tender, now=now)
    publish(session, settings, facts, content, actor_id=actor.person_id, now=now)
