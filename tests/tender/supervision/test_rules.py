"""When a duty is missed, when its card grows, and what a pause gives back: pure rules."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tender.core.i18n import speaking
from tender.core.shanghai import SHANGHAI
from tender.core.spreadsheets import FORMULA, harmless, table
from tender.supervision import rules
from tender.supervision.models import CardStatus, MilestoneStatus
from tender.supervision.states import CARD, MILESTONE, WAITING
from tender.supervision.wording import due_figures, due_words

MIDNIGHT = datetime(2026, 12, 4, 16, 0, tzinfo=UTC)  # 24:00 of 4 December in China
SECOND = timedelta(seconds=1)
MOMENTS = st.integers(0, 366 * 86_400).map(
    lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n)
)


def test_the_last_moment_is_still_in_time_and_the_next_is_not() -> None:
    assert not rules.missed(MIDNIGHT, held=False, now=MIDNIGHT)
    assert rules.missed(MIDNIGHT, held=False, now=MIDNIGHT + SECOND)


def test_nothing_is_missed_and_nothing_turns_red_while_it_is_held() -> None:
    late = MIDNIGHT + timedelta(days=90)
    assert not rules.missed(MIDNIGHT, held=True, now=late)
    assert not rules.turns_red(MIDNIGHT, held=True, now=late)
    assert rules.turns_red(MIDNIGHT, held=False, now=late)
    assert not rules.turns_red(None, held=False, now=late)


def test_a_period_of_days_ends_at_midnight_also_after_a_pause() -> None:
    held = MIDNIGHT - timedelta(days=2)
    found = rules.moved(MIDNIGHT, held_at=held, now=held + timedelta(days=3, minutes=5))
    assert found == MIDNIGHT + timedelta(days=4)


def test_a_date_at_an_hour_moves_by_the_pause_exactly() -> None:
    opening = datetime(2026, 12, 4, 1, 30, tzinfo=UTC)
    held = opening - timedelta(hours=3)
    pause = timedelta(hours=7, seconds=11)
    assert rules.moved(opening, held_at=held, now=held + pause) == opening + pause


def test_a_date_that_had_come_before_the_pause_is_not_given_back() -> None:
    held = MIDNIGHT + SECOND
    assert rules.moved(MIDNIGHT, held_at=held, now=held + timedelta(days=30)) == MIDNIGHT


@given(MOMENTS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=60)), st.booleans())
def test_a_pause_never_takes_time_away_and_never_gives_a_day_too_much(
    moment: datetime, held: datetime, pause: timedelta, whole_day: bool
) -> None:
    if whole_day:
        day = moment.astimezone(SHANGHAI).date()
        moment = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
    found = rules.moved(moment, held_at=held, now=held + pause)
    if moment <= held:
        assert found == moment
    else:
        assert moment + pause <= found < moment + pause + timedelta(days=1)


def test_every_state_has_its_row_and_ends_are_ends() -> None:
    assert set(MILESTONE) == set(MilestoneStatus)
    assert set(CARD) == set(CardStatus)
    assert CARD[CardStatus.ACCEPTED] == CARD[CardStatus.REPLACED] == frozenset()
    assert all(CARD[each] for each in WAITING)


def test_only_an_explained_card_can_be_accepted() -> None:
    before = {each for each, after in CARD.items() if CardStatus.ACCEPTED in after}
    assert before == {CardStatus.EXPLAINED}


@pytest.mark.parametrize("start", sorted(FORMULA))
def test_a_cell_that_begins_like_a_formula_is_made_a_text(start: str) -> None:
    for text in (f"{start}cmd|' /C calc'!A0", f" {start}1", f"\u3000{start}1"):
        assert harmless(text) == f"'{text}"


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_the_table_gives_every_text_back_but_for_the_quote(cells: list[str]) -> None:
    cells = [cell.replace("\x00", "").replace("\r", "") for cell in cells]
    text = table(["头"] * len(cells), [cells])
    assert text.startswith("\ufeff")
    _head, row = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert row == [harmless(cell) for cell in cells]


def test_plain_words_and_numbers_are_left_alone() -> None:
    for text in ("柳溪村", "2026-12-01", "", "  ", "a=b"):
        assert harmless(text) == text


def test_the_end_of_a_day_is_said_as_24_o_clock_of_that_day() -> None:
    with speaking("zh"):
        assert due_words(MIDNIGHT) == "2026年12月4日（周五）24:00"
        assert due_words(MIDNIGHT - timedelta(hours=1)) == "2026年12月4日（周五）23:00"
    with speaking("en"):
        assert due_words(MIDNIGHT).startswith("Fri 4 Dec 2026, 24:00")
    assert due_figures(MIDNIGHT) == "2026-12-04 24:00:00"
    assert due_figures(MIDNIGHT + SECOND) == "2026-12-05 00:00:01"
