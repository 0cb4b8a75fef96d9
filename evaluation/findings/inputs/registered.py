"""What the platform recorded of a lot's bidders (登记与递交记录): P1 to P3, H1, H5 and D1.

Light screens on a few rows, run in the job itself: registered people and contacts, register
extracts, upload addresses, bid bonds, and team, computer and consortium of the bids' statements.
What everybody may share is taken out first, and so are bidders of one consortium.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.inputs.exhibits import Exhibit, Seen, compared
from evaluation.findings.inputs.known import KnownShared, known_shared
from evaluation.findings.inputs.machines import machine_exhibit
from evaluation.findings.inputs.statements import statements_of
from evaluation.models import RegisterExtract
from evaluation.panel.partners import consortium_pairs
from evaluation.screens.computers import Known, Machine, Upload, upload_signs
from evaluation.screens.finding import Finding
from evaluation.screens.people import (
    Firm,
    Holder,
    Payment,
    Person,
    Shared,
    bond_signs,
    people_signs,
)
from keys.bid_statement import BidStatement
from tender.accounts.models import Organisation
from tender.core.i18n import N_
from tender.core.presenting import second, yuan
from tender.core.settings import Settings
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.models import Bond, Lot


@dataclass(frozen=True)
class Feed:
    """The bids of one lot with what is known of their bidders; ids of organisations throughout.

    `statements` are by bid id. `pairs` are bidders that state to bid together.
    """

    bids: tuple[OpenedBid, ...]
    organisations: Mapping[str, Organisation]
    extracts: Mapping[str, RegisterExtract]
    bonds: tuple[Bond, ...]
    shared: KnownShared
    statements: Mapping[str, BidStatement]
    pairs: frozenset[frozenset[str]]


def feed_of(session: Session, settings: Settings, lot: Lot) -> Feed:
    """The feed of one opened lot."""
    bids = tuple(judged_bids(session, lot.id))
    names = [bid.organisation_id for bid in bids]
    bonds = select(Bond).where(Bond.tender_id == lot.tender_id, Bond.organisation_id.in_(names))
    extracts = select(RegisterExtract).where(RegisterExtract.organisation_id.in_(names))
    newest = {
        row.organisation_id: row
        for row in session.scalars(extracts.order_by(RegisterExtract.recorded_at))
    }
    statements = statements_of(settings, bids)
    return Feed(
        bids,
        bidders_of(session, bids),
        newest,
        tuple(session.scalars(bonds.order_by(Bond.id))),
        known_shared(settings),
        statements,
        consortium_pairs(bids, statements),
    )


def bidders_of(session: Session, bids: Sequence[OpenedBid]) -> dict[str, Organisation]:
    """The organisations behind bids, by id."""
    names = [bid.organisation_id for bid in bids]
    query = select(Organisation).where(Organisation.id.in_(names)).order_by(Organisation.id)
    return {each.id: each for each in session.scalars(query)}


def team(feed: Feed) -> list[Seen]:
    """P1: members of the project team whom two bids name."""
    return _people(feed, {"P1"}, _team_exhibit)


def contacts(feed: Feed) -> list[Seen]:
    """P2 and P3: agents, contacts, telephones, mailboxes, heads and control."""
    return _people(feed, {"P2", "P3"}, _contact_exhibit)


def computers(feed: Feed) -> list[Seen]:
    """H1: the same computer at the sealing, where the offline kit recorded it."""
    return _uploads(feed, "H1", _machine_exhibit)


def addresses(feed: Feed) -> list[Seen]:
    """H5: the same upload address or subnet within an hour."""
    return _uploads(feed, "H5", _upload_exhibit)


def bonds(feed: Feed) -> list[Seen]:
    """D1: bid bonds from one account, or paid by another bidder.

    A guarantee or an insurance is paid by an institution that stands for many bidders.
    """
    payments = [
        Payment(bond.organisation_id, bond.payer_account, bond.payer, record=bond.id)
        for bond in feed.bonds
        if bond.form == "transfer"
    ]
    counts = {"accounts": len(feed.shared.accounts), "pairs": len(feed.pairs)}
    shared = Shared(accounts=feed.shared.accounts, pairs=feed.pairs)
    return [
        Seen(finding, (_bond_exhibit(feed, finding),), counts=counts)
        for finding in bond_signs(payments, firms_of(feed), shared)
    ]


Show = Callable[[Feed, Finding], Exhibit]


def _people(feed: Feed, codes: set[str], show: Show) -> list[Seen]:
    shared = Shared(contacts=feed.shared.contacts, pairs=feed.pairs)
    counts = {
        "contacts": len(feed.shared.contacts), "extracts": len(feed.extracts),
        "pairs": len(feed.pairs),
    }  # fmt: skip
    return [
        Seen(finding, (show(feed, finding),), counts=counts)
        for finding in people_signs(firms_of(feed), shared)
        if finding.code in codes
    ]


def _uploads(feed: Feed, code: str, show: Show) -> list[Seen]:
    uploads = [
        Upload(
            bid.organisation_id, bid.address, bid.submitted_at, machine_of(feed, bid), bid.bid_id
        )
        for bid in feed.bids
        if bid.address
    ]
    known = Known(venue=feed.shared.machines(), networks=feed.shared.networks)
    counts = {"venue": len(known.venue), "networks": len(known.networks)}
    return [
        Seen(finding, (show(feed, finding),), counts=counts)
        for finding in upload_signs(uploads, known)
        if finding.code == code
    ]


def machine_of(feed: Feed, bid: OpenedBid) -> Machine:
    """What the offline kit stated of the computer, empty without it."""
    statement = feed.statements.get(bid.bid_id)
    held = statement.computer if statement else None
    return Machine(held.mac, held.cpu, held.disk) if held else Machine()


def firms_of(feed: Feed) -> list[Firm]:
    """The bidders as registered, with their newest register extract and their bid's team."""
    bids = {bid.organisation_id: bid for bid in feed.bids}
    return [
        _firm(each, feed.extracts.get(each.id), _team_of(feed, bids[each.id]))
        for each in feed.organisations.values()
    ]


def _firm(each: Organisation, extract: RegisterExtract | None, members: tuple[Person, ...]) -> Firm:
    head = Person(each.legal_head, record=each.id) if each.legal_head else None
    if extract is not None and extract.head:
        head = Person(extract.head, id_number=extract.head_number or "", record=extract.id)
    phone, mailbox = each.phone or "", each.email or ""
    names = dict.fromkeys(name for name in (each.agent, each.contact) if name)
    return Firm(
        bidder=each.id,
        name=each.name,
        number=each.code or "",
        head=head,
        team=members,
        agents=tuple(
            Person(name, phone=phone, mailbox=mailbox, record=each.id)
            for name in names or {"": None}
        ),
        holders=tuple(
            Holder(str(row["number"]), row["percent"] / 100)
            for row in (extract.holders if extract else ())
        ),
        managed_by=tuple(extract.managed_by) if extract else (),
        branch_of=(extract.branch_of or "") if extract else "",
        record=each.id,
    )


def _team_of(feed: Feed, bid: OpenedBid) -> tuple[Person, ...]:
    """The project team that the bid's statement names, if it names one."""
    statement = feed.statements.get(bid.bid_id)
    return tuple(
        Person(row.name, row.id_number, row.certificate, record=bid.bid_id)
        for row in (statement.team if statement else ())
    )


def _columns(
    feed: Feed, finding: Finding, title: str, rows: Sequence[tuple[str, Mapping[str, str]]]
) -> Exhibit:
    """Rows of (label, value by bidder), those without any value left out."""
    shown = [
        compared(label, tuple(values.get(bidder, "") for bidder in finding.bidders))
        for label, values in rows
        if any(values.get(bidder) for bidder in finding.bidders)
    ]
    return Exhibit(title, finding.bidders, tuple(shown))


def _contact_exhibit(feed: Feed, finding: Finding) -> Exhibit:
    fields = (
        (N_("Authorised agent"), "agent"), (N_("Contact person"), "contact"),
        (N_("Telephone"), "phone"), (N_("Mailbox"), "email"), (N_("Legal head"), "legal_head"),
        (N_("Credit code or identity number"), "code"),
    )  # fmt: skip
    rows = [
        (label, {key: getattr(each, name) or "" for key, each in feed.organisations.items()})
        for label, name in fields
    ]
    extracts = feed.extracts.items()
    rows += [
        (N_("Head by the register"), {key: each.head or "" for key, each in extracts}),
        (N_("Branch of"), {key: each.branch_of or "" for key, each in extracts}),
        (N_("Managed by"), {key: ", ".join(each.managed_by) for key, each in extracts}),
        (N_("Shareholders"), {key: _holders(each) for key, each in extracts}),
    ]
    return _columns(feed, finding, N_("What is registered of both"), rows)


def _holders(extract: RegisterExtract) -> str:
    return ", ".join(f"{row['number']} {row['percent']} %" for row in extract.holders)


def _team_exhibit(feed: Feed, finding: Finding) -> Exhibit:
    teams = {firm.bidder: firm.team for firm in firms_of(feed)}
    mine, theirs = (teams[bidder] for bidder in finding.bidders)
    names = {person.name for person in mine} & {person.name for person in theirs}
    numbers = {p.id_number for p in mine} & {p.id_number for p in theirs} - {""}
    rows = []
    for name in sorted(names | {p.name for p in mine if p.id_number in numbers}):
        sides = tuple(
            next((_member(p) for p in side if p.name == name or p.id_number in numbers), "")
            for side in (mine, theirs)
        )
        rows.append(compared(N_("Member of the project team"), sides))
    return Exhibit(N_("People whom both bids name"), finding.bidders, tuple(rows))


def _member(person: Person) -> str:
    """Name and certificate; of an identity number only the end, which is enough to compare."""
    number = person.id_number[-4:].rjust(len(person.id_number), "*")
    return " ".join(part for part in (person.name, person.certificate, number) if part)


def _machine_exhibit(feed: Feed, finding: Finding) -> Exhibit:
    machines = {bid.organisation_id: machine_of(feed, bid) for bid in feed.bids}
    return machine_exhibit(finding.bidders, [machines[bidder] for bidder in finding.bidders])


def _upload_exhibit(feed: Feed, finding: Finding) -> Exhibit:
    bids = {bid.organisation_id: bid for bid in feed.bids}
    rows = [
        (N_("Uploaded from"), {key: bid.address or "" for key, bid in bids.items()}),
        (N_("Uploaded"), {key: second(bid.submitted_at) for key, bid in bids.items()}),
        (N_("Browser"), {key: bid.agent or "" for key, bid in bids.items()}),
    ]
    return _columns(feed, finding, N_("How both bids were handed in"), rows)


def _bond_exhibit(feed: Feed, finding: Finding) -> Exhibit:
    bonds = {bond.organisation_id: bond for bond in feed.bonds}
    names = {key: each.name for key, each in feed.organisations.items()}
    rows = [
        (N_("Payer"), {key: bond.payer for key, bond in bonds.items()}),
        (N_("Payer's account"), {key: bond.payer_account for key, bond in bonds.items()}),
        (N_("Amount"), {key: yuan(bond.amount_fen) for key, bond in bonds.items()}),
        (N_("Received"), {key: second(bond.received_at) for key, bond in bonds.items()}),
        (N_("Bidder's name"), names),
    ]
    return _columns(feed, finding, N_("Who paid the bid bonds"), rows)
