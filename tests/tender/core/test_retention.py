"""The table of retention periods: read whole or not at all, dated, with sources and Chinese."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tender.core.retention import DATA, OPEN, Purge, keep_until, read_table, table
from tests.tender import factories as make
from tests.words import translations

NOON = datetime(2026, 12, 1, 4, tzinfo=UTC)
ROW = """
[thing]
text = "A thing"
starts = "its end"
act = "delete"
columns = ["thing.name"]
[[thing.periods]]
keep = "3 years"
source = "law 1"
from = 2020-01-01
[[thing.periods]]
keep = "30 days"
source = "law 2"
from = 2027-01-01
"""


def test_the_later_of_two_periods_binds_from_its_day_on():
    (row,) = read_table(tomllib.loads(ROW)).values()
    assert row.period(date(2026, 12, 31)).end(NOON) == NOON.replace(year=2029)
    assert row.period(date(2027, 1, 1)).end(NOON) == NOON + timedelta(days=30)
    assert row.period(date(2000, 1, 1)).source == "law 1"


def test_years_end_on_their_day_and_the_29th_of_february_on_the_first_of_march():
    period = table()["registration"].periods[0]
    assert period.end(NOON) == NOON.replace(year=2041)
    leap = datetime(2028, 2, 29, 4, tzinfo=UTC)
    assert period.end(leap) == datetime(2043, 3, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("3 years", "3 months"),
        ("3 years", "-3 years"),
        ("3 years", "years"),
        ('source = "law 1"', 'source = " "'),
        ('act = "delete"', 'act = "forget"'),
        ('starts = "its end"', 'starts = "its end"\nwhere = "here"'),
        ("[[thing.periods]]", "[[thing.times]]"),
        ('columns = ["thing.name"]', ""),
    ],
)
def test_a_row_that_is_not_understood_is_refused(before: str, after: str):
    read_table(tomllib.loads(ROW))
    with pytest.raises((ValueError, KeyError)):
        read_table(tomllib.loads(ROW.replace(before, after)))


def test_every_kind_is_sourced_dated_and_said_in_chinese():
    chinese = {msgid for _, msgid, text in translations() if text}
    for kind, row in table().items():
        assert {row.text, row.starts} <= chinese, kind
        assert all(period.source and period.valid_from for period in row.periods), kind
    assert len(table()) == len(tomllib.loads(DATA.read_text())) > 20


def test_the_ledger_keeps_network_data_three_years_and_archives_fifteen():
    assert keep_until("ledger_network", NOON).year == 2029
    assert keep_until("ledger_person", NOON).year == 2041


def test_what_has_no_end_yet_is_never_over(tmp_path: Path):
    place = make.platform(tmp_path)
    with place.database.read() as session:
        purge = Purge(session, place.settings, NOON)
        assert not purge.over("envelope_void", None)
        assert not purge.over("envelope_void", OPEN)
        assert purge.over("envelope_void", NOON)
        assert not purge.over("recovery_token", NOON - timedelta(days=6))
        assert purge.over("recovery_token", NOON - timedelta(days=7))
        purge.takes_part("somebody", "running")
        purge.ended["done"] = NOON - timedelta(days=10_000)
        purge.takes_part("somebody", "done")
        assert not purge.free("registration", "somebody", NOON - timedelta(days=10_000))
        purge.takes_part("other", "done")
        assert purge.free("registration", "other", NOON - timedelta(days=10_000))
        purge.held.add("other")
        assert not purge.free("registration", "other", NOON - timedelta(days=10_000))
    place.database.close()
