"""People and money (人员、控制关系、保证金): P1, P2, P3, D1 and N5.

These come nearest to the letter of REG 34 and REG 40, and to accusing the wrong person: a name is
not a person, a guarantee company pays for hundreds of bidders, a branch is its parent. So a number
that proves identity makes an A, two weaker marks together a B, a bare name a C.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from evaluation.screens import innocent
from evaluation.screens.finding import Evidence, Finding, Strength, ordered


@dataclass(frozen=True)
class Person:
    """Somebody named in a bid or a register; empty where unknown. `record` says where."""

    name: str
    id_number: str = ""
    certificate: str = ""
    phone: str = ""
    mailbox: str = ""
    record: str | None = None
    file: str | None = None


@dataclass(frozen=True)
class Holder:
    """A shareholder in a register extract: number (credit code or identity) and share in 0..1."""

    number: str
    share: float


@dataclass(frozen=True)
class Firm:
    """What a lot's bid and its uploaded register extract (工商登记) say of one bidder.

    `bidder` is the bidder's id, `number` its credit code. `branch_of` is the parent's number of a
    branch (分公司), `managed_by` the numbers of units that manage it. `accounts` are its own bank
    accounts.
    """

    bidder: str
    name: str = ""
    number: str = ""
    head: Person | None = None
    team: tuple[Person, ...] = ()
    agents: tuple[Person, ...] = ()
    holders: tuple[Holder, ...] = ()
    managed_by: tuple[str, ...] = ()
    branch_of: str = ""
    accounts: tuple[str, ...] = ()
    record: str | None = None


@dataclass(frozen=True)
class Payment:
    """A bid bond (投标保证金) as the bank reports it."""

    bidder: str
    account: str
    payer: str = ""
    record: str | None = None


@dataclass(frozen=True)
class Shared:
    """What many may share: guarantors' accounts, listed telephones and mailboxes, consortia.

    `pairs` holds bidders of one consortium, which do not compete with each other in the lot.
    """

    accounts: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    pairs: frozenset[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class Tie:
    """A relation of the winner after the award: a subcontract, a supply, seconded staff.

    `declared` is True where the bid named it beforehand and the documents allow it.
    """

    winner: str
    other: str
    declared: bool = False
    record: str | None = None


def _plain(text: str) -> str:
    """Return a name, number or mailbox in one spelling."""
    return re.sub(r"[\s\-()（）+·.,]", "", unicodedata.normalize("NFKC", text)).lower()


def _phone(text: str) -> str:
    """Return a telephone number without the country's prefix; empty if too short to tell."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    digits = digits.removeprefix("0086") if len(digits) > 12 else digits
    digits = digits.removeprefix("86") if len(digits) == 13 else digits
    return digits if len(digits) >= 7 and len(set(digits)) > 1 else ""


def _mailbox(text: str) -> str:
    """Return a mailbox in one spelling, empty if it is none."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    return plain if "@" in plain else ""


def _one_person(one: Person, other: Person) -> Strength | None:
    """Say how surely two entries are one person: numbers that differ say that they are two."""
    ids = _plain(one.id_number), _plain(other.id_number)
    if ids[0] and ids[1]:
        return Strength.A if ids[0] == ids[1] else None
    if not one.name or _plain(one.name) != _plain(other.name):
        return None
    papers = _plain(one.certificate), _plain(other.certificate)
    if papers[0] and papers[1]:
        return Strength.B if papers[0] == papers[1] else None
    return Strength.C


def people_signs(firms: Sequence[Firm], shared: Shared = Shared()) -> list[Finding]:
    """P1, P2 and P3 over the bidders of one lot."""
    found: list[Finding] = []
    for one, other in combinations(sorted(firms, key=lambda firm: firm.bidder), 2):
        if frozenset({one.bidder, other.bidder}) in shared.pairs or one.bidder == other.bidder:
            continue
        found += _team(one, other)
        found += _contacts(one, other, shared)
        found += _control(one, other)
    return ordered(found)


def _sign(
    code: str, strength: Strength, one: Firm, other: Firm, legal: str, why: tuple[str, ...],
    here: Person | None = None, there: Person | None = None,
) -> Finding:  # fmt: skip
    """Make a finding of a pair with the records of both sides."""
    sides = ((one, here), (other, there))
    return Finding(
        code=code,
        strength=strength,
        bidders=(one.bidder, other.bidder),
        value=1.0,
        threshold=1.0,
        legal=legal,
        innocent=why,
        evidence=tuple(
            Evidence(
                firm.bidder,
                file=person.file if person else None,
                record=person.record if person else firm.record,
            )
            for firm, person in sides
        ),
    )


def _team(one: Firm, other: Firm) -> list[Finding]:
    """P1: the same project-team member; each person counts once, by the surest match."""
    found = []
    why = (innocent.PERSON_MOVED, innocent.CONSORTIUM_OUT)
    for here in one.team:
        matches = [(level, there) for there in other.team if (level := _one_person(here, there))]
        if not matches:
            continue
        level, there = min(matches, key=lambda match: match[0].value)
        reasons = why if level is Strength.A else (innocent.NAMESAKE, *why)
        found.append(_sign("P1", level, one, other, "REG 40(3)", reasons, here, there))
    return found


def _contacts(one: Firm, other: Firm, shared: Shared) -> list[Finding]:
    """P2: the same agent or contact is A, the same telephone or mailbox alone B; one sign a pair.

    A firm's agent and contact are often entered with one telephone, which is one mark and not four.
    """
    found = []
    why = (innocent.LISTED_CONTACT_OUT, innocent.AGENT_SERVICE, innocent.CONSORTIUM_OUT)
    listed = {_phone(text) for text in shared.contacts} | {
        _mailbox(text) for text in shared.contacts
    }
    for here in one.agents:
        for there in other.agents:
            marks = {_phone(here.phone), _mailbox(here.mailbox)}
            marks &= {_phone(there.phone), _mailbox(there.mailbox)}
            marks -= {""} | listed
            person = _one_person(here, there)
            if person is Strength.A or (marks and person is not None):
                level = Strength.A
            elif marks:
                level = Strength.B
            else:
                continue
            legal = "REG 40(2); O87 37" if level is Strength.A else "REG 40(2)"
            found.append(_sign("P2", level, one, other, legal, why, here, there))
    return _strongest(found)


def _control(one: Firm, other: Firm) -> list[Finding]:
    """P3: same head, control or management by the register extracts.

    A branch and its parent are one bidder: two bids of it are asked about (B), not deemed.
    """
    numbers = {_plain(one.number): one, _plain(other.number): other}
    for firm, parent in ((one, other), (other, one)):
        if firm.branch_of and _plain(firm.branch_of) == _plain(parent.number):
            why = (innocent.BRANCH_CHECKED,)
            return [_sign("P3", Strength.B, one, other, "REG 34", why)]
    if one.head and other.head:
        level = _one_person(one.head, other.head)
        if level is not None:
            why = (innocent.PERSON_MOVED,) if level is Strength.A else (innocent.NAMESAKE,)
            return [_sign("P3", level, one, other, "REG 34", why, one.head, other.head)]
    masters = [
        {_plain(holder.number) for holder in firm.holders if holder.share > 0.5}
        | {_plain(number) for number in firm.managed_by}
        for firm in (one, other)
    ]
    owners = (masters[0] & masters[1]) - {""}
    each_other = {_plain(other.number)} & masters[0] | {_plain(one.number)} & masters[1]
    if owners or (each_other - {""} and len(numbers) == 2):
        return [_sign("P3", Strength.A, one, other, "REG 34", (innocent.CONSORTIUM_OUT,))]
    return []


def bond_signs(
    payments: Sequence[Payment], firms: Sequence[Firm], shared: Shared = Shared()
) -> list[Finding]:
    """D1: bonds from one account, or paid by another bidder (A) or by its person (B, a name).

    Banks, insurers and guarantee companies that pay for many, and the centre's own accounts, stand
    in `shared.accounts`.
    """
    common = {_plain(account) for account in shared.accounts}
    usable = [payment for payment in payments if _plain(payment.account) not in common]
    found: list[Finding] = []
    why = (innocent.GUARANTOR_OUT, innocent.CONSORTIUM_OUT)
    for one, other in combinations(sorted(usable, key=lambda payment: payment.bidder), 2):
        same = _plain(one.account) and _plain(one.account) == _plain(other.account)
        if same and one.bidder != other.bidder:
            found.append(_bond(Strength.A, one, other.bidder, other.record, why))
    for payment in usable:
        for firm in firms:
            level = _paid_by(payment, firm)
            if level is not None:
                reasons = why if level is Strength.A else (innocent.NAMESAKE, *why)
                found.append(_bond(level, payment, firm.bidder, firm.record, reasons))
    kept = [sign for sign in found if frozenset(sign.bidders) not in shared.pairs]
    return ordered(_strongest(kept))


def _paid_by(payment: Payment, firm: Firm) -> Strength | None:
    """Say whether another bidder, or by its name one of its people, paid this bond."""
    if firm.bidder == payment.bidder:
        return None
    accounts = {_plain(account) for account in firm.accounts} - {""}
    payer = _plain(payment.payer)
    if _plain(payment.account) in accounts or (payer and payer == _plain(firm.name)):
        return Strength.A
    people = [*firm.team, *firm.agents, *([firm.head] if firm.head else [])]
    return Strength.B if payer and payer in {_plain(person.name) for person in people} else None


def _bond(
    level: Strength, payment: Payment, other: str, record: str | None, why: tuple[str, ...]
) -> Finding:
    """Make a D1 finding that points at the payment and at the other side's record."""
    sides = sorted([(payment.bidder, payment.record), (other, record)], key=lambda side: side[0])
    return Finding(
        code="D1",
        strength=level,
        bidders=tuple(bidder for bidder, _ in sides),
        value=1.0,
        threshold=1.0,
        legal="REG 40(6)",
        innocent=why,
        evidence=tuple(Evidence(bidder, record=place) for bidder, place in sides),
    )


def _strongest(found: Iterable[Finding]) -> list[Finding]:
    """Keep one finding a pair: the strongest."""
    best: dict[tuple[str, ...], Finding] = {}
    for sign in ordered(found):
        best.setdefault(sign.bidders, sign)
    return list(best.values())


def tie_signs(losers: Sequence[str], ties: Sequence[Tie]) -> list[Finding]:
    """N5: the winner's subcontractor, supplier or seconded staff comes from a loser of the lot, B.

    A share of the contract is the classic reward for a cover bid. What the bid declared beforehand
    and the documents allow is left out.
    """
    lost = set(losers)
    return ordered(
        Finding(
            code="N5",
            strength=Strength.B,
            bidders=(tie.winner, tie.other),
            value=1.0,
            threshold=1.0,
            innocent=(innocent.DECLARED_SUBCONTRACT, innocent.CONSORTIUM_OUT),
            evidence=(
                Evidence(tie.winner, record=tie.record),
                Evidence(tie.other, record=tie.record),
            ),
        )
        for tie in ties
        if tie.other in lost and tie.other != tie.winner and not tie.declared
    )
