"""What the screens are fed with: registered contacts, upload addresses and bonds of a lot's bids.

Only what the platform itself recorded, and only after the opening. An indicator is one row here,
so that a further screen plugs in without touching the service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.screens.computers import Upload, upload_signs
from evaluation.screens.finding import Finding
from evaluation.screens.people import Firm, Payment, Person, bond_signs, people_signs
from tender.accounts.models import Organisation
from tender.core.i18n import N_
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.models import Bond, Lot


@dataclass(frozen=True)
class Feed:
    """The bids of one lot with what is known of their bidders; ids of organisations throughout."""

    lot_id: str
    bids: tuple[OpenedBid, ...]
    organisations: tuple[Organisation, ...]
    bonds: tuple[Bond, ...]


@dataclass(frozen=True)
class Indicator:
    """One screen of the platform's: code for the progress list, name, and the pure function."""

    code: str
    name: str
    run: Callable[[Feed], Sequence[Finding]]


def feed_of(session: Session, lot: Lot) -> Feed:
    """The feed of one opened lot."""
    bids = tuple(judged_bids(session, lot.id))
    identities = [bid.organisation_id for bid in bids]
    organisations = select(Organisation).where(Organisation.id.in_(identities))
    bonds = select(Bond).where(
        Bond.tender_id == lot.tender_id, Bond.organisation_id.in_(identities)
    )
    return Feed(
        lot_id=lot.id,
        bids=bids,
        organisations=tuple(session.scalars(organisations.order_by(Organisation.id))),
        bonds=tuple(session.scalars(bonds.order_by(Bond.id))),
    )


def people(feed: Feed) -> Sequence[Finding]:
    """P2 and P3: agents, contacts, telephones, mailboxes and heads as registered."""
    return people_signs(_firms(feed))


def computers(feed: Feed) -> Sequence[Finding]:
    """H5: the same upload address or subnet within an hour."""
    return upload_signs(
        [
            Upload(bid.organisation_id, bid.address, bid.submitted_at, record=bid.bid_id)
            for bid in feed.bids
            if bid.address
        ]
    )


def bonds(feed: Feed) -> Sequence[Finding]:
    """D1: bid bonds from one account, or paid by another bidder."""
    payments = [
        Payment(bond.organisation_id, bond.payer_account, bond.payer, record=bond.id)
        for bond in feed.bonds
    ]
    return bond_signs(payments, _firms(feed))


INDICATORS: tuple[Indicator, ...] = (
    Indicator("P2", N_("Same agent, contact, telephone or mailbox"), people),
    Indicator("H5", N_("Same upload address"), computers),
    Indicator("D1", N_("Bid bonds from the same account"), bonds),
)


def _firms(feed: Feed) -> list[Firm]:
    return [
        Firm(
            bidder=each.id,
            name=each.name,
            number=each.code or "",
            head=Person(each.legal_head, record=each.id) if each.legal_head else None,
            agents=_agents(each),
            record=each.id,
        )
        for each in feed.organisations
    ]


def _agents(each: Organisation) -> tuple[Person, ...]:
    phone, mailbox = each.phone or "", each.email or ""
    names = dict.fromkeys(name for name in (each.agent, each.contact) if name)
    return tuple(
        Person(name, phone=phone, mailbox=mailbox, record=each.id) for name in names or {"": None}
    )
