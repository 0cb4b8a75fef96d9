"""Who else works on a contract (分包、供货、借用人员): recorded with it and while it runs.

TBL 48 and GPL 48 let a winner hand parts on as its bid or the tenderer's consent says. A share of
the contract is also the classic reward for a cover bid, so every row is put before the screens
(N5). Names of subcontractors are public with the contract; suppliers, firms that lend staff and
amounts are not. No row names a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import Award, Contract, ContractTie, TieKind
from evaluation.panel.partners import same_firm
from keys.bid_statement import Partner
from tender.core.actor import Actor
from tender.core.errors import invalid
from tender.core.i18n import N_
from tender.core.money import parse_yuan
from tender.core.settings import Settings
from tender.ledger import service as ledger
from tender.opening.results import judged_bids
from tender.opening.stated import stated_in
from tender.procedure.models import Lot, Tender

TIE_NAMES: dict[TieKind, str] = {
    TieKind.SUBCONTRACT: N_("Subcontract"),
    TieKind.SUPPLY: N_("Supply"),
    TieKind.SECONDED: N_("Seconded staff"),
}
_FIELDS = ("kind", "name", "code", "work", "amount")


@dataclass(frozen=True)
class GivenTie:
    """A row as staff wrote it; the amount in fen, None if it is not known."""

    kind: TieKind
    name: str
    code: str
    work: str
    amount_fen: int | None


def read_ties(form: Mapping[str, str], prefixes: Iterable[str]) -> list[GivenTie]:
    """The rows of a form, `<prefix>name` and so on; rows without a word are left out.

    Raises DomainError `tie.form` with all faulty fields.
    """
    wrong: dict[str, str] = {}
    rows = []
    for prefix in prefixes:
        given = {name: form.get(f"{prefix}{name}", "").strip() for name in _FIELDS}
        if any(given[name] for name in _FIELDS[1:]):
            rows.append(_read(given, prefix, wrong))
    if wrong:
        raise invalid("tie.form", N_("Please correct what is marked below."), wrong)
    return rows


def _read(given: Mapping[str, str], prefix: str, wrong: dict[str, str]) -> GivenTie:
    amount = None
    if given["kind"] not in set(TieKind):
        wrong[f"{prefix}kind"] = N_("Choose one of the list.")
    if not 2 <= len(given["name"]) <= 200:
        wrong[f"{prefix}name"] = N_("The firm's name, in 2 to 200 characters.")
    if len(given["code"]) > 40:
        wrong[f"{prefix}code"] = N_("This text is too long.")
    if not 2 <= len(given["work"]) <= 500:
        wrong[f"{prefix}work"] = N_("What it takes over, in 2 to 500 characters.")
    try:
        amount = parse_yuan(given["amount"]) if given["amount"] else None
    except ValueError:
        amount = 0
    if amount == 0:
        wrong[f"{prefix}amount"] = N_("Write the amount in yuan, with at most two decimals.")
    kind = TieKind.SUBCONTRACT if f"{prefix}kind" in wrong else TieKind(given["kind"])
    return GivenTie(kind, given["name"], given["code"], given["work"], amount)


def add_ties(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender: Tender,
    lot: Lot,
    given: Sequence[GivenTie],
    *,
    now: datetime,
) -> list[ContractTie]:
    """Keep rows of a lot's contract, each with its ledger entry; names are private data of it."""
    named = _named_by_winner(session, settings, tender, lot) if given else ()
    rows = []
    for each in given:
        firm = Partner(each.name, each.code)
        declared = each.kind is TieKind.SUBCONTRACT and any(same_firm(firm, one) for one in named)
        entry = ledger.append(
            session, "contract.tie_recorded", subject=tender.id, actor=actor.person_id, now=now,
            fields={"tender": tender.number, "lot": lot.number, "kind": each.kind.value},
            private={
                "name": each.name, "code": each.code, "work": each.work,
                "amount_fen": each.amount_fen, "declared": declared,
            },
        )  # fmt: skip
        rows.append(
            ContractTie(
                lot_id=lot.id, kind=each.kind, name=each.name, code=each.code, work=each.work,
                amount_fen=each.amount_fen, declared=declared, recorded_at=now,
                recorded_by=actor.person_id, ledger_seq=entry.seq,
            )
        )  # fmt: skip
    session.add_all(rows)
    session.flush()
    return rows


def ties_of(session: Session, lot_id: str) -> list[ContractTie]:
    """Who works on a lot's contract, in the order of recording."""
    query = select(ContractTie).where(ContractTie.lot_id == lot_id)
    return list(session.scalars(query.order_by(ContractTie.ledger_seq)))


def contracted_lot(session: Session, lot_id: str) -> tuple[Lot, Award] | None:
    """A lot with its award, if its contract is recorded."""
    if session.get(Contract, lot_id) is None:
        return None
    return session.get_one(Lot, lot_id), session.get_one(Award, lot_id)


def public_ties(rows: Iterable[ContractTie | GivenTie]) -> list[str]:
    """What the public reads: subcontractors with their work."""
    return [f"{row.name}：{row.work}" for row in rows if row.kind is TieKind.SUBCONTRACT]


def _named_by_winner(
    session: Session, settings: Settings, tender: Tender, lot: Lot
) -> tuple[Partner, ...]:
    """The subcontractors that the winner's bid named, where the documents allow subcontracting."""
    award = session.get_one(Award, lot.id)
    won = next((b for b in judged_bids(session, lot.id) if b.bid_id == award.bid_id), None)
    statement = stated_in(settings.store, won).statement if won else None
    return statement.subcontracts if statement and tender.subcontracting else ()
