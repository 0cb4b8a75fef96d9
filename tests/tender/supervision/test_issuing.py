"""Missed duties become cards and tell the right people; pauses, ends, late acts, sweeps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import wsgi
from tender.ledger.models import LedgerEntry
from tender.supervision import milestones
from tender.supervision.milestones import Terms
from tender.supervision.models import (
    Card,
    CardColour,
    CardStatus,
    Holder,
    Milestone,
    MilestoneStatus,
)
from tender.supervision.ticking import SECONDS, sweep_due
from tests.tender.supervision.place import ACT, DUE, START, SUBJECT, Place


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[Place]:
    made = Place(tmp_path, database_url)
    yield made
    made.world.platform.database.close()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, f"sqlite:///{tmp_path / 't.sqlite'}")
    yield made
    made.world.platform.database.close()


def test_a_missed_duty_is_a_yellow_card_at_once_and_a_red_one_three_days_later(
    place: Place,
) -> None:
    place.schedule()
    assert place.at(DUE) == 0
    assert place.at(DUE + timedelta(seconds=1)) == 1
    assert place.duty().status is MilestoneStatus.NOT_MET
    assert place.at(DUE + timedelta(days=3)) == 0
    assert place.colours() == ["yellow"]
    assert place.at(DUE + timedelta(days=3, seconds=1)) == 1
    assert place.at(DUE + timedelta(days=60)) == 0
    assert place.colours() == ["red", "yellow"]
    assert place.card().status is CardStatus.REPLACED
    assert place.card(CardColour.RED).status is CardStatus.OPEN


def test_after_an_outage_one_sweep_gives_both_cards_each_once(place: Place) -> None:
    place.schedule()
    assert place.at(DUE + timedelta(days=10)) == 2
    assert place.at(DUE + timedelta(days=10, hours=1)) == 0
    assert place.colours() == ["red", "yellow"]


def test_many_tickers_at_once_issue_one_card(place: Place) -> None:
    place.schedule()
    place.world.clock.moment = DUE + timedelta(hours=1)
    done: list[int] = []
    threads = [
        threading.Thread(target=lambda: done.append(sweep_due(place.world.platform)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done) == 1
    assert place.colours() == ["yellow"]


def test_the_database_itself_refuses_a_second_card_of_a_colour(place: Place) -> None:
    place.schedule()
    place.at(DUE + timedelta(hours=1))
    card = place.card()

    def again(session: Session) -> None:
        session.add(
            Card(
                milestone_id=card.milestone_id, round=1, colour=CardColour.YELLOW,
                status=CardStatus.OPEN, due_at=DUE, issued_at=DUE, version=0,
            )
        )  # fmt: skip

    with pytest.raises(IntegrityError):
        place.write(again)


def test_a_card_is_in_the_ledger_and_in_the_inbox_of_those_whose_duty_it_was(small: Place) -> None:
    small.schedule()
    small.at(DUE + timedelta(minutes=1))
    (entry,) = small.rows(LedgerEntry, LedgerEntry.event == "card.issued")
    assert entry.subject == SUBJECT
    assert '"colour":"yellow"' in entry.line
    for who in ("agent", "clerk"):
        (message,) = small.told(who)
        assert message.due_at == DUE + timedelta(days=3)
        assert message.link == f"/supervision/cards/{small.card().id}"
        assert "签订合同" in message.words() or "合同" in message.words()
    for who in ("other agent", "county", "township", "finance", "auditor", "other"):
        assert small.told(who) == []
    small.at(DUE + timedelta(days=4))
    assert len(small.told("county")) == len(small.told("township")) == 1
    assert small.told("other") == []
    open_tasks = [each for each in small.told("agent") if each.done_at is None]
    assert len(open_tasks) == 1


def test_duties_of_finance_and_of_the_supervising_body_are_told_to_them(small: Place) -> None:
    small.schedule("bonds", terms=replace(ACT, holder=Holder.FINANCE))
    small.schedule("decide", terms=Terms(holder=Holder.SUPERVISION))
    small.at(DUE + timedelta(minutes=1))
    counts = {who: len(small.told(who)) for who in small.people}
    assert counts == {
        "agent": 0, "clerk": 1, "finance": 1, "county": 1, "township": 1, "auditor": 0,
        "other agent": 0, "other": 0,
    }  # fmt: skip


def test_a_duty_done_in_time_gives_no_card_and_one_done_late_gives_it_without_any_sweep(
    small: Place,
) -> None:
    small.schedule("a")
    small.schedule("b")
    small.write(lambda session: milestones.meet(session, SUBJECT, "a", now=DUE))
    late = DUE + timedelta(hours=2)
    small.write(lambda session: milestones.meet(session, SUBJECT, "b", now=late))
    assert small.colours() == ["yellow"]
    assert small.duty("b").status is MilestoneStatus.MET
    assert small.at(DUE + timedelta(days=9)) == 0
    assert small.card().status is CardStatus.OPEN


def test_patience_before_a_card_does_not_move_the_date_itself(small: Place) -> None:
    small.schedule(terms=replace(ACT, patience=timedelta(minutes=30)))
    assert small.at(DUE + timedelta(minutes=30)) == 0
    assert small.at(DUE + timedelta(minutes=31)) == 1
    assert small.card().due_at == DUE


def test_a_paused_tender_gets_no_card_and_its_time_back(place: Place) -> None:
    place.schedule()
    start = DUE - timedelta(days=1)
    place.write(lambda session: milestones.hold(session, SUBJECT, now=start))
    assert place.at(DUE + timedelta(days=20)) == 0
    place.write(lambda session: milestones.release(session, SUBJECT, now=place.world.clock.now()))
    assert place.duty().due_at == DUE + timedelta(days=21)
    assert place.at(DUE + timedelta(days=21)) == 0
    assert place.at(DUE + timedelta(days=21, seconds=1)) == 1


def test_a_yellow_card_does_not_turn_red_while_its_tender_is_paused(place: Place) -> None:
    place.schedule()
    place.at(DUE + timedelta(hours=1))
    start = DUE + timedelta(days=1)
    place.write(lambda session: milestones.hold(session, SUBJECT, now=start))
    assert place.at(DUE + timedelta(days=30)) == 0
    place.write(lambda session: milestones.release(session, SUBJECT, now=place.world.clock.now()))
    assert place.duty().due_at == DUE
    assert place.at(DUE + timedelta(days=32)) == 0
    assert place.at(DUE + timedelta(days=32, seconds=1)) == 1
    assert place.colours() == ["red", "yellow"]


def test_what_was_missed_before_the_pause_is_a_card_though_no_sweep_had_come(small: Place) -> None:
    small.schedule()
    late = DUE + timedelta(minutes=5)
    small.write(lambda session: milestones.hold(session, SUBJECT, now=late))
    assert small.colours() == ["yellow"]


def test_answers_and_decisions_run_on_while_the_tender_rests(small: Place) -> None:
    small.schedule("answer", terms=Terms())
    small.write(lambda session: milestones.hold(session, SUBJECT, now=START))
    assert small.at(DUE + timedelta(seconds=1)) == 1


def test_the_same_lawful_date_told_again_keeps_what_a_pause_gave(small: Place) -> None:
    small.schedule()
    small.write(lambda session: milestones.hold(session, SUBJECT, now=START))
    small.write(lambda session: milestones.release(session, SUBJECT, now=START + timedelta(days=2)))
    small.schedule()
    assert small.duty().due_at == DUE + timedelta(days=2)
    small.schedule(due_at=DUE + timedelta(days=9))
    assert small.duty().due_at == DUE + timedelta(days=9)


def test_an_ended_tender_owes_nothing_more_but_keeps_its_cards(small: Place) -> None:
    small.schedule("a")
    small.schedule("b", due_at=DUE + timedelta(days=9))
    small.at(DUE + timedelta(hours=1))
    now = small.world.clock.now()
    small.write(lambda session: milestones.end(session, SUBJECT, now=now))
    assert {each.status for each in small.rows(Milestone)} == {MilestoneStatus.CANCELLED}
    assert small.at(DUE + timedelta(days=30)) == 0
    assert small.card().status is CardStatus.OPEN
    small.explain()
    assert small.card().status is CardStatus.EXPLAINED


def test_ending_a_tender_does_not_hide_what_was_missed_the_minute_before(small: Place) -> None:
    small.schedule()
    late = DUE + timedelta(minutes=1)
    small.write(lambda session: milestones.end(session, SUBJECT, now=late))
    assert small.colours() == ["yellow"]


def test_a_duty_that_arises_again_begins_a_round_with_cards_of_its_own(small: Place) -> None:
    small.schedule()
    small.at(DUE + timedelta(hours=1))
    now = small.world.clock.now()
    small.write(lambda session: milestones.meet(session, SUBJECT, "contract", now=now))
    small.write(lambda session: milestones.fall(session, SUBJECT, ["contract"], now=now))
    small.schedule(due_at=DUE + timedelta(days=20))
    assert small.duty().status is MilestoneStatus.SCHEDULED
    assert small.at(DUE + timedelta(days=20, seconds=1)) == 1
    assert small.colours() == ["yellow", "yellow"]


def test_a_failing_sweep_does_not_come_back_at_every_tick(small: Place) -> None:
    small.schedule()
    assert small.at(DUE + timedelta(hours=1)) == 1
    small.schedule("b", due_at=DUE)
    assert sweep_due(small.world.platform) == 0
    assert small.at(small.world.clock.now() + timedelta(seconds=SECONDS + 1)) == 1


def test_the_tick_sweeps(small: Place) -> None:
    small.schedule()
    small.world.clock.moment = DUE + timedelta(hours=1)
    assert wsgi.tick(small.world.platform, seconds=0)["cards"] == 1


def test_a_long_sweep_gives_the_write_lock_back_in_between(small: Place) -> None:
    for number in range(milestones.BATCH * 2 + 1):
        small.schedule(f"duty {number}")
    assert small.at(DUE + timedelta(hours=1)) == milestones.BATCH * 2 + 1
    assert len(small.rows(Card)) == milestones.BATCH * 2 + 1
