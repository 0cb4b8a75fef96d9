"""A platform whose clock lies enters a friend's bid after the deadline: the witnesses saw it."""

from datetime import timedelta

import pytest

from tests.keys.http_county import accepted, rounds


@pytest.mark.parametrize(("late", "alarms"), [(True, {"late_line"}), (False, set())])
def test_a_bid_dated_back_is_an_alarm_at_whoever_followed_the_ledger(county, desks, late, alarms):
    opening = accepted(county, desks)
    for number in range(3):
        county.bid(opening, f"bidder-{number}")
    if not late:
        county.bid(opening, "in-time")
    county.sign()
    rounds(desks)
    county.now = real = opening.deadline + timedelta(minutes=30)
    rounds(desks)
    if late:
        county.now = opening.deadline - timedelta(seconds=5)
        county.bid(opening, "late-friend")
        county.now = real
    county.close(opening)
    county.sign()
    rounds(desks, 3)
    assert {line["code"] for desk in desks for line in desk.acts("alarm")} == alarms
    assert len(opening.releases) == 3
