"""The county's own values of the law: what is permitted, whom it binds, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from tender.accounts.models import Organisation
from tender.core.actor import Actor, Role
from tender.core.errors import DomainError
from tender.core.i18n import speaking
from tender.ledger import service as ledger
from tender.ledger.models import LedgerEntry
from tender.procedure.drafting.lawfulness import problems_of
from tender.procedure.facts import timeline_of
from tender.procedure.law.law import law
from tender.procedure.law.rules import Rule
from tender.procedure.local_law import holidays, overriding
from tender.procedure.local_law.binding import calendar_at, overrides_at
from tender.procedure.local_law.models import LawOverride
from tender.procedure.local_law.permitting import (
    check_aside,
    check_stricter,
    may_set_aside,
    read_number,
)
from tender.procedure.models import Tender, TenderStatus
from tender.procedure.timeline.calendar import day_of
from tender.procedure.timeline.milestones import MilestoneCode
from tender.procedure.timeline.timeline import milestones_by_code
from tests.tender import factories as make

NOTICE = "village_notice"  # at least 7 days, to check: a county may choose
BINDING = "issue_to_deadline_works"  # at least 20 days, TBL art. 24
REASON = "清源县公共资源交易管理办法第12条"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[make.World]:
    made = make.world(tmp_path)
    yield made
    made.platform.database.close()


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[make.World, Actor]]:
    """A county and its administrator for acts that are refused and leave no trace."""
    made = make.world(tmp_path_factory.mktemp("untouched"))
    yield made, _administrator(made)
    made.platform.database.close()


def _administrator(world: make.World) -> Actor:
    with world.platform.database.write() as session:
        county = session.get_one(Organisation, world.village.path.split("/")[1])
        return make.member(session, Role.ADMINISTRATOR, county)


@pytest.fixture
def administrator(world: make.World) -> Actor:
    return _administrator(world)


def _rule(rule_id: str) -> Rule:
    return next(rule for rule in law().rules if rule.id == rule_id)


def _change(world: make.World, rule_id: str = NOTICE, **changes: object) -> overriding.Change:
    fields: dict[str, object] = {
        "rule_id": rule_id, "set_aside": False, "number": "15", "unit": "days",
        "effective_from": day_of(world.clock.now()), "reason": REASON, **changes,
    }  # fmt: skip
    return overriding.Change(**fields)  # type: ignore[arg-type]  # built from a plain mapping


def _enter(world: make.World, who: Actor, change: overriding.Change) -> LawOverride:
    with world.platform.database.write() as session:
        return overriding.override_rule(session, who, change, now=world.clock.now())


def _deadline(world: make.World, tender: Tender) -> tuple[date | None, list[str]]:
    """The earliest lawful day of the deadline, and the sentences that explain it."""
    with world.platform.database.read() as session, speaking("en"):
        kept = session.get_one(Tender, tender.id)
        steps = milestones_by_code(timeline_of(kept, now=world.clock.now()))
        step = steps[MilestoneCode.DEADLINE]
        texts = [each.text() for each in step.explanations]
        return (day_of(step.earliest) if step.earliest else None), texts


def test_an_override_binds_tenders_published_after_it_and_its_reason_stands_beside_the_date(
    world: make.World, administrator: Actor
) -> None:
    before = make.open_tender(world, days=30)
    world.clock.advance(hours=1)
    row = _enter(world, administrator, _change(world))
    world.clock.advance(hours=1)
    after = make.open_tender(world, days=30)
    assert _deadline(world, before)[0] == date(2026, 12, 8)
    assert not any(REASON in text for text in _deadline(world, before)[1])
    day, texts = _deadline(world, after)
    assert day == date(2026, 12, 16)
    assert any("changed by the administrator" in text and REASON in text for text in texts)
    with world.platform.database.read() as session:
        entry = ledger.entry_of(session, row.ledger_seq)
    assert entry.event == "law.overridden"
    assert entry.fields == {
        "rule": NOTICE, "value": ">= 15 days", "before": ">= 7 days", "effective": "2026-12-01",
        "reason": REASON,
    }  # fmt: skip


def test_a_draft_is_checked_by_what_would_bind_it_today(
    world: make.World, administrator: Actor
) -> None:
    tender = make.open_tender(world, days=10)
    with world.platform.database.write() as session:
        kept = session.get_one(Tender, tender.id)
        kept.status, kept.published_at = TenderStatus.DRAFT, None
        assert problems_of(session, kept, now=world.clock.now()) == []
    _enter(world, administrator, _change(world))
    with world.platform.database.read() as session:
        kept = session.get_one(Tender, tender.id)
        problems = problems_of(session, kept, now=world.clock.now())
    assert [problem.code for problem in problems] == ["timeline.too_early"]


def test_an_override_waits_for_its_day(world: make.World, administrator: Actor) -> None:
    today = day_of(world.clock.now())
    _enter(world, administrator, _change(world, effective_from=today + timedelta(days=2)))
    with world.platform.database.read() as session:
        moment = world.clock.now()
        assert overrides_at(session, moment + timedelta(days=1)) == {}
        assert set(overrides_at(session, moment + timedelta(days=2))) == {NOTICE}


def test_a_revocation_is_a_new_act_and_changes_nothing_that_was_published_between(
    world: make.World, administrator: Actor
) -> None:
    row = _enter(world, administrator, _change(world))
    world.clock.advance(hours=1)
    between = make.open_tender(world, days=30)
    world.clock.advance(hours=1)
    with world.platform.database.write() as session:
        overriding.revoke_override(
            session, administrator, row.id, "试行期满", now=world.clock.now()
        )
    world.clock.advance(hours=1)
    after = make.open_tender(world, days=30)
    assert _deadline(world, between)[0] == date(2026, 12, 16)
    assert _deadline(world, after)[0] == date(2026, 12, 8)
    with world.platform.database.write() as session:
        with pytest.raises(DomainError, match="revoked"):
            overriding.revoke_override(
                session, administrator, row.id, "再次撤销", now=world.clock.now()
            )
        shown = overriding.history(session, NOTICE)
        assert [each.row.revoke_reason for each in shown] == ["试行期满"]
        events = session.scalars(
            select(LedgerEntry.event).where(LedgerEntry.subject == "law").order_by(LedgerEntry.seq)
        ).all()
    assert events == ["law.overridden", "law.override_revoked"]


@pytest.mark.parametrize(
    ("rule_id", "changes", "code"),
    [
        (BINDING, {"number": "19"}, "override.laxer"),
        (BINDING, {"number": "20"}, "override.same"),
        (BINDING, {"set_aside": True}, "override.binds"),
        ("provision_procurement", {"number": "5", "unit": "days"}, "override.laxer"),
        ("bond_max_works", {"number": "30", "unit": "permille"}, "override.laxer"),
        ("bond_max_works", {"number": "15", "unit": "days"}, "override.unit"),
        (NOTICE, {"number": "ten"}, "override.number"),
        (NOTICE, {"number": "-3"}, "override.number"),
        (NOTICE, {"number": "7.5"}, "override.number"),
        (NOTICE, {"number": "1/0"}, "override.number"),
        (NOTICE, {"number": "9" * 40}, "override.number"),
        (NOTICE, {"unit": "centuries"}, "override.number"),
        (NOTICE, {"reason": "  "}, "override.reason"),
        (NOTICE, {"effective_from": None}, "override.date"),
        (NOTICE, {"effective_from": date(2026, 11, 30)}, "override.date"),
        ("free_access", {"number": "3"}, "override.words"),
        ("no_such_row", {}, "rule.unknown"),
    ],
)
def test_what_is_not_permitted_is_refused_and_leaves_no_trace(
    untouched: tuple[make.World, Actor], rule_id: str, changes: dict[str, object], code: str
) -> None:
    world, administrator = untouched
    with pytest.raises(DomainError) as refused:
        _enter(world, administrator, _change(world, rule_id, **changes))
    assert refused.value.code == code
    with world.platform.database.read() as session:
        assert session.scalars(select(LawOverride)).all() == []
        assert "law.overridden" not in session.scalars(select(LedgerEntry.event)).all()


def test_a_binding_row_may_be_made_stricter_also_by_working_days(
    world: make.World, administrator: Actor
) -> None:
    assert _enter(world, administrator, _change(world, BINDING, number="25")).value == ">= 25 days"
    rule = _rule("bond_max_works")
    check_stricter(rule, read_number(rule, "10", "permille"))
    rule = _rule(BINDING)
    check_stricter(rule, read_number(rule, "20", "wd"))


def test_two_overrides_of_one_row_never_stand_together(
    world: make.World, administrator: Actor
) -> None:
    _enter(world, administrator, _change(world))
    with pytest.raises(DomainError, match="overridden already"):
        _enter(world, administrator, _change(world, number="16"))


def test_only_rows_in_conflict_or_to_check_may_be_set_aside() -> None:
    for rule in law().rules:
        if not may_set_aside(rule):
            with pytest.raises(DomainError):
                check_aside(rule)
        else:
            assert rule.conflicts or rule.to_check, rule.id
    assert any(map(may_set_aside, law().rules))
    assert not may_set_aside(_rule(BINDING))


def test_nobody_but_the_administrator_overrides(untouched: tuple[make.World, Actor]) -> None:
    world, _ = untouched
    with pytest.raises(DomainError, match="role"):
        _enter(world, world.agent, _change(world))


def test_a_stored_override_without_reason_or_value_is_impossible(
    world: make.World, administrator: Actor
) -> None:
    row = _enter(world, administrator, _change(world))
    for fault in ({"set_aside": True}, {"revoked_by": "x"}):
        with world.platform.database.write() as session:
            change = update(LawOverride).where(LawOverride.id == row.id).values(**fault)
            with pytest.raises(IntegrityError):
                session.execute(change)
            session.rollback()


YEAR = {
    "year": 2027, "holidays": "01-01..01-03\n02-05..02-12", "make_up": "01-30、02-20",
    "official": True, "source": "国办发明电〔2026〕9号",
}  # fmt: skip


def test_a_year_as_announced_counts_from_its_entry_and_is_no_longer_provisional(
    world: make.World, administrator: Actor
) -> None:
    with world.platform.database.read() as session:
        assert calendar_at(session).is_provisional(date(2027, 1, 1), date(2027, 2, 1))
    with world.platform.database.write() as session:
        row = holidays.enter_year(session, administrator, now=world.clock.now(), **YEAR)  # type: ignore[arg-type]  # one mapping for all cases
        entry = ledger.entry_of(session, row.ledger_seq)
    assert entry.event == "calendar.entered"
    assert entry.fields["holidays"] == ["01-01..01-03", "02-05..02-12"]
    with world.platform.database.read() as session:
        table = calendar_at(session)
        assert not table.is_provisional(date(2027, 1, 1), date(2027, 2, 1))
        assert table.is_working_day(date(2027, 1, 30))
        assert not table.is_working_day(date(2027, 2, 12))
        assert table.add_days(date(2027, 1, 29), 7) == date(2027, 2, 15)
    with world.platform.database.write() as session:
        again = {**YEAR, "holidays": "01-01"}
        holidays.enter_year(session, administrator, now=world.clock.now(), **again)  # type: ignore[arg-type]  # one mapping for all cases
        assert calendar_at(session).is_working_day(date(2027, 2, 12))
        assert len(holidays.entered(session, 2027)) == 2


@pytest.mark.parametrize(
    ("changes", "piece"),
    [
        ({"holidays": "01-01 13-40"}, "13-40"),
        ({"holidays": "02-29"}, "02-29"),
        ({"holidays": "1月1日"}, "1月1日"),
        ({"holidays": "10-07..10-01"}, "10-07..10-01"),
        ({"holidays": "01-01..12-31"}, "01-01..12-31"),
        ({"holidays": "01-01..01-03 01-02"}, "01-02"),
        ({"make_up": "01-02"}, "01-02"),
        ({"make_up": "03-03"}, "03-03"),
    ],
)
def test_a_slip_of_the_pen_is_named_with_its_piece_and_its_field(
    untouched: tuple[make.World, Actor], changes: dict[str, object], piece: str
) -> None:
    world, administrator = untouched
    with world.platform.database.write() as session, pytest.raises(DomainError) as refused:
        holidays.enter_year(session, administrator, now=world.clock.now(), **{**YEAR, **changes})  # type: ignore[arg-type]  # one mapping for all cases
    assert refused.value.code == "holidays.day"
    (field,) = changes
    assert piece in refused.value.fields[field]


@pytest.mark.parametrize(
    "changes", [{"holidays": " "}, {"source": ""}, {"year": 1999}, {"year": 2999}]
)
def test_a_year_without_days_source_or_number_is_refused(
    untouched: tuple[make.World, Actor], changes: dict[str, object]
) -> None:
    world, administrator = untouched
    with world.platform.database.write() as session, pytest.raises(DomainError):
        holidays.enter_year(session, administrator, now=world.clock.now(), **{**YEAR, **changes})  # type: ignore[arg-type]  # one mapping for all cases


def test_days_are_written_as_they_are_read() -> None:
    text = "01-01..01-03\n02-15"
    assert holidays.days_as_text(holidays.read_days(2026, text, "holidays")) == text
