"""A platform that signs everything properly but breaks the rules: verify finds each breach."""

import io
from datetime import timedelta

import pytest

from keys import encoding, entries
from keys.openings import sign_record
from keys.verify import verify
from keys.verify_report import Report
from tests.keys.plain_county import County


@pytest.fixture
def county():
    return County()


def failures(county, tmp_path, **options):
    report = Report(out=io.StringIO())
    verify(county.export(tmp_path / "out", **options), report)
    return report.failures


def found(county, tmp_path, text, check="ledger:"):
    """Assert that the county fails, and that a fault says `text`."""
    lines = failures(county, tmp_path)
    assert any(text in line and line.startswith(check) for line in lines), lines


def ready(county, **wanted):
    opening = county.record(**wanted)
    county.accept(opening)
    return opening


def performed(county, bids=2):
    opening = ready(county)
    for number in range(bids):
        county.bid(opening, f"bidder-{number}", price=100 + number)
    county.close(opening)
    county.release(opening, 2)
    county.perform(opening)
    return opening


def test_the_honest_course_verifies(county, tmp_path):
    performed(county)
    assert failures(county, tmp_path) == []


def postpone(county, opening, by):
    opening.deadline += by
    deadline = encoding.timestamp(opening.deadline)
    return county.add("opening.postponed", opening=opening.id, deadline=deadline)


def test_a_deadline_brought_forward(county, tmp_path):
    opening = ready(county)
    postpone(county, opening, -timedelta(minutes=1))
    found(county, tmp_path, "never brought forward")


def test_a_postponement_after_the_closing(county, tmp_path):
    opening = ready(county)
    county.close(opening)
    postpone(county, opening, timedelta(hours=1))
    found(county, tmp_path, "nothing is postponed after the closing")


def test_a_closing_before_the_deadline(county, tmp_path):
    opening = ready(county)
    real, opening.deadline = opening.deadline, county.now
    county.add(
        "opening.closed",
        opening=opening.id,
        count=0,
        last=None,
        deadline=encoding.timestamp(real),
    )
    found(county, tmp_path, "dated before the deadline")


def test_a_closing_that_names_another_deadline(county, tmp_path):
    opening = ready(county)
    opening.deadline -= timedelta(minutes=30)
    county.close(opening)
    found(county, tmp_path, "name the deadline in force")


def test_two_closings(county, tmp_path):
    opening = ready(county)
    county.close(opening)
    county.close(opening)
    found(county, tmp_path, "closed before")


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_closing_that_counts_wrong(county, tmp_path, count):
    opening = ready(county)
    county.bid(opening, "a")
    county.bid(opening, "b")
    county.close(opening, count=count)
    found(county, tmp_path, "opening.closed counts")


@pytest.mark.parametrize("last", [None, 0, 10_000])
def test_a_closing_whose_last_entry_is_not_the_last(county, tmp_path, last):
    opening = ready(county)
    county.bid(opening, "a")
    county.now = opening.deadline
    opening.closed = county.add(
        "opening.closed",
        opening=opening.id,
        count=1,
        last=last,
        deadline=encoding.timestamp(opening.deadline),
    )
    found(county, tmp_path, "last entry")


def test_a_bid_after_the_closing(county, tmp_path):
    opening = ready(county)
    county.close(opening)
    county.bid(opening, "late")
    found(county, tmp_path, "closed before")


def test_a_bid_after_the_deadline(county, tmp_path):
    opening = ready(county)
    county.now = opening.deadline
    county.bid(opening, "late")
    county.close(opening)
    found(county, tmp_path, "later than the deadline")


def test_a_bid_before_all_custodians_accepted(county, tmp_path):
    opening = county.record()
    county.bid(opening, "early")
    county.accept(opening)
    county.close(opening)
    found(county, tmp_path, "not every custodian had accepted")


def test_a_closing_before_all_custodians_accepted(county, tmp_path):
    opening = county.record()
    county.close(opening)
    found(county, tmp_path, "not every custodian had accepted")


def test_a_sequence_that_does_not_grow(county, tmp_path):
    opening = ready(county)
    county.bid(opening, "a", 2)
    county.bid(opening, "a", 2)
    county.close(opening)
    found(county, tmp_path, "sequence is not above")


def test_a_bid_entered_twice(county, tmp_path):
    opening = ready(county)
    first = county.bid(opening, "a")
    county.add("bid.submitted", **{**first.fields, "bidder": "b"})
    county.close(opening)
    found(county, tmp_path, "this bid was in the ledger before")


def test_a_withdrawal_of_a_bid_that_does_not_stand(county, tmp_path):
    opening = ready(county)
    old = county.bid(opening, "a", 1)
    county.bid(opening, "a", 2)
    named = {name: old.fields[name] for name in ("opening", "bid", "bidder", "sequence")}
    county.add("bid.withdrawn", **named)
    county.close(opening)
    found(county, tmp_path, "does not stand")


def test_a_withdrawal_does_not_bring_the_earlier_bid_back(county, tmp_path):
    opening = ready(county)
    county.bid(opening, "a", 1)
    county.withdraw(county.bid(opening, "a", 2))
    assert county.close(opening).fields["count"] == 0
    assert failures(county, tmp_path) == []


def test_lines_about_an_opening_that_nobody_recorded(county, tmp_path):
    county.add("opening.cancelled", opening="ab" * 32)
    found(county, tmp_path, "no such opening")


def test_an_opening_recorded_twice(county, tmp_path):
    ready(county)
    county.add("opening.recorded", **county.lines[0].fields)
    found(county, tmp_path, "recorded before")


def test_a_record_of_another_platform_or_without_its_signature(county, tmp_path):
    county.record_key = county.custodians[0].identity
    county.record()
    found(county, tmp_path, "not signed by the platform")


def test_a_record_under_another_id(county, tmp_path):
    opening = ready(county)
    record = opening.record.to_object() | {"lot": "2"}
    county.add(
        "opening.recorded",
        opening=opening.id,
        record=record,
        signature=sign_record(opening.record, county.key),
    )
    found(county, tmp_path, "not the hash of the record")


def test_acceptances_by_strangers_or_twice(county, tmp_path):
    opening = county.record()
    stranger = encoding.b64u(county.custodians[4].public)
    county.add("opening.accepted", opening=opening.id, custodian=stranger)
    found(county, tmp_path, "does not name this custodian")


def test_an_acceptance_entered_twice(county, tmp_path):
    opening = ready(county)
    again = encoding.b64u(opening.custodians[0].public)
    county.add("opening.accepted", opening=opening.id, custodian=again)
    found(county, tmp_path, "accepted before")


def test_an_acceptance_that_the_custodian_never_signed(county, tmp_path):
    opening = ready(county)
    opening.accepts.pop()
    found(county, tmp_path, "not those that the ledger names", "acceptances of")


def test_a_custodian_who_is_not_pinned(county, tmp_path):
    performed(county)
    county.custodians.pop(0)
    found(county, tmp_path, "is not a pinned custodian", "record of")


def test_a_one_time_key_in_two_openings(county, tmp_path):
    first = ready(county)
    second = county.record(lot="2", keys=first.keys)
    county.accept(second)
    found(county, tmp_path, "is in")


def test_suspending_and_resuming_alternate(county, tmp_path):
    opening = ready(county)
    county.add("opening.resumed", opening=opening.id)
    county.add("opening.suspended", opening=opening.id)
    county.add("opening.suspended", opening=opening.id)
    found(county, tmp_path, "not suspended")
    assert any("suspended already" in line for line in failures(county, tmp_path / "again"))


def test_nothing_follows_a_cancellation(county, tmp_path):
    opening = ready(county)
    county.add("opening.cancelled", opening=opening.id)
    opening.cancelled = True
    county.add("opening.suspended", opening=opening.id)
    found(county, tmp_path, "cancelled before")


def test_performing_what_is_not_closed_or_stands_still(county, tmp_path):
    opening = ready(county)
    county.perform(opening)
    found(county, tmp_path, "not due")


def test_performing_twice(county, tmp_path):
    opening = performed(county)
    county.perform(opening)
    found(county, tmp_path, "performed before")


def test_cancelling_what_was_performed(county, tmp_path):
    opening = performed(county)
    county.add("opening.cancelled", opening=opening.id)
    found(county, tmp_path, "performed before")


def test_performed_verdicts_that_are_not_the_published_ones(county, tmp_path):
    opening = ready(county)
    county.bid(opening, "a")
    county.close(opening)
    county.perform(opening)
    county.release(opening, 2)
    found(county, tmp_path, "not what opening.performed states", "verdicts of")


def test_time_that_goes_back(county, tmp_path):
    ready(county)
    county.now -= timedelta(minutes=5)
    county.add("tender.published")
    found(county, tmp_path, "dated before an earlier line")


def test_a_line_with_anothers_number(county, tmp_path):
    ready(county)
    entry = entries.build_entry(
        seq=99,
        time=county.now,
        event="tender.published",
        subject="s",
        actor="a",
        nonce=bytes(16),
    )
    county.lines.append(entry)
    county.tree.append(entry.leaf)
    found(county, tmp_path, "says that it is line 99")
