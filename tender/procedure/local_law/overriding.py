"""The administrator's acts on the law's table: override a row, set it aside, revoke that.

An act is never edited: it is followed by another one. It binds tenders published after it and on or
after its day; those already published keep the law they were published under.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.accounts.models import Person
from tender.accounts.permissions import Permission, require
from tender.core.actor import Actor
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.ledger import service as ledger
from tender.procedure.law.law import law
from tender.procedure.law.quantities import Value
from tender.procedure.law.rules import Override, Rule
from tender.procedure.local_law.binding import as_override
from tender.procedure.local_law.models import LawOverride
from tender.procedure.local_law.permitting import check_aside, check_stricter, read_number
from tender.procedure.timeline.calendar import day_of

LEAST_REASON = 4


@dataclass(frozen=True)
class Change:
    """What an administrator wants of a row; `number` is empty when the row is set aside."""

    rule_id: str
    set_aside: bool
    number: str
    unit: str
    effective_from: date | None
    reason: str


@dataclass(frozen=True)
class ShownOverride:
    """An override with its row and the names of those who acted."""

    row: LawOverride
    rule: Rule | None
    override: Override
    made_by: str
    revoked_by: str


def rule_by_id(rule_id: str) -> Rule:
    """A row of the table; DomainError `rule.unknown`."""
    found = next((rule for rule in law().rules if rule.id == rule_id), None)
    if found is None:
        raise not_found("rule.unknown", N_("The table of the law has no such row."))
    return found


def override_rule(session: Session, actor: Actor, change: Change, *, now: datetime) -> LawOverride:
    """Give a row a value of the county's own, or set it aside, from a day on.

    Raises DomainError `override.laxer`, `override.binds`, `override.date`, `override.reason`.
    """
    require(actor, Permission.LAW_OVERRIDE)
    rule = rule_by_id(change.rule_id)
    value = _checked_value(rule, change)
    if change.effective_from is None or change.effective_from < day_of(now):
        raise invalid(
            "override.date", N_("It takes effect today at the earliest; nothing is changed back."),
            {"effective_from": N_("Today or a later day.")},
        )  # fmt: skip
    if len(change.reason.strip()) < LEAST_REASON:
        raise invalid(
            "override.reason", N_("Give the reason; it is shown beside each date that moves."),
            {"reason": N_("Required.")},
        )  # fmt: skip
    if _standing(session, rule.id) is not None:
        raise conflict(
            "override.standing",
            N_("This row is overridden already. Revoke that first, then enter the new one."),
        )
    return _store(session, actor, rule, value, change, now)


def _checked_value(rule: Rule, change: Change) -> Value | None:
    if change.set_aside:
        check_aside(rule)
        return None
    value = read_number(rule, change.number, change.unit)
    check_stricter(rule, value)
    return value


def _store(
    session: Session,
    actor: Actor,
    rule: Rule,
    value: Value | None,
    change: Change,
    now: datetime,
) -> LawOverride:
    effective = change.effective_from or day_of(now)
    fields = {
        "rule": rule.id,
        "value": None if value is None else str(value),
        "before": None if rule.value is None else str(rule.value),
        "effective": effective.isoformat(),
        "reason": change.reason.strip(),
    }
    entry = ledger.append(
        session, "law.overridden", subject="law", actor=actor.person_id, now=now, fields=fields
    )
    row = LawOverride(
        rule_id=rule.id, value=fields["value"], set_aside=value is None,
        reason=change.reason.strip(), effective_from=effective, made_by=actor.person_id,
        made_at=now, ledger_seq=entry.seq,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def revoke_override(
    session: Session, actor: Actor, override_id: str, reason: str, *, now: datetime
) -> LawOverride:
    """Let the law's own value count again, for tenders published from now on."""
    require(actor, Permission.LAW_OVERRIDE)
    row = session.get(LawOverride, override_id)
    if row is None:
        raise not_found("override.unknown", N_("There is no such override."))
    if row.revoked_at is not None:
        raise conflict("override.revoked", N_("This override is revoked already."))
    if len(reason.strip()) < LEAST_REASON:
        raise invalid(
            "override.revoke_reason", N_("Give the reason."), {"revoke_reason": N_("Required.")}
        )
    row.revoked_at, row.revoked_by, row.revoke_reason = now, actor.person_id, reason.strip()
    ledger.append(
        session, "law.override_revoked", subject="law", actor=actor.person_id, now=now,
        fields={"rule": row.rule_id, "act": row.ledger_seq, "reason": reason.strip()},
    )  # fmt: skip
    return row


def _standing(session: Session, rule_id: str) -> LawOverride | None:
    query = select(LawOverride).where(
        LawOverride.rule_id == rule_id, LawOverride.revoked_at.is_(None)
    )
    return session.scalar(query)


def history(session: Session, rule_id: str | None = None) -> list[ShownOverride]:
    """Every override, or those of one row, the newest first."""
    query = select(LawOverride).order_by(LawOverride.ledger_seq.desc())
    if rule_id is not None:
        query = query.where(LawOverride.rule_id == rule_id)
    rules = {rule.id: rule for rule in law().rules}
    return [
        ShownOverride(
            row=row,
            rule=rules.get(row.rule_id),
            override=as_override(row),
            made_by=_name(session, row.made_by),
            revoked_by=_name(session, row.revoked_by),
        )
        for row in session.scalars(query)
    ]


def _name(session: Session, person_id: str | None) -> str:
    person = session.get(Person, person_id) if person_id else None
    return person.name if person else ""
