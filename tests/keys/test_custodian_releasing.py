"""A custodian releases only after every condition holds; each is tried alone."""

from datetime import timedelta

import pytest

from keys import encoding, entries, notes
from keys.custodian import policy, stock
from keys.custodian.follow import follow, recount
from keys.errors import Forged, KeysError
from tests.keys.http_county import accepted, closed, refusals, rounds
from tests.keys.plain_county import ORIGIN


def held(desk, opening):
    """Try to release by hand, and give the code of the refusal."""
    follow(desk.agent.home, desk.store, desk.agent.platform, desk.county.now)
    watched = desk.store.watched(opening.id)
    with pytest.raises(KeysError) as caught:
        desk.agent.release(watched)
    assert desk.store.statement("release", opening.id) is None
    return caught.value.code


def test_nothing_is_released_before_the_deadline(county, desks):
    opening = accepted(county, desks)
    county.bid(opening, "bidder-1")
    county.sign()
    assert held(desks[0], opening) == "early"


def test_the_agents_own_clock_decides(county, desks):
    """The platform closes early by its clock; the agent's clock has not passed the deadline."""
    opening = closed(county, desks)
    rounds(desks[:2], 1)
    county.now -= timedelta(minutes=5)
    assert held(desks[2], opening) == "early"
    county.now += timedelta(minutes=5)
    rounds(desks, 2)
    assert len(opening.releases) == 3


def test_a_closing_dated_before_the_deadline_is_an_alarm(county, desks):
    opening = accepted(county, desks)
    county.bid(opening, "bidder-1")
    real, opening.deadline = opening.deadline, county.now
    county.add(
        "opening.closed", opening=opening.id, count=1, last=None, deadline=encoding.timestamp(real)
    )
    county.sign()
    rounds(desks)
    assert desks[0].acts("alarm")
    county.now = real + timedelta(hours=1)
    rounds(desks, 2)
    assert not opening.releases


def test_nothing_is_released_while_the_opening_is_not_closed(county, desks):
    opening = accepted(county, desks)
    county.now = opening.deadline + timedelta(minutes=1)
    assert held(desks[0], opening) == "not_closed"


def test_nothing_is_released_without_witnesses(county, desks):
    opening = closed(county, desks)
    county.broken_paths["/api/ledger/cosignatures"] = 403
    rounds(desks, 2)
    assert not opening.releases
    assert held(desks[0], opening) == "witnesses"


def test_one_of_three_witnesses_is_not_enough(county, desks):
    opening = closed(county, desks)
    desks[0].round()
    desks[0].round()
    assert not opening.releases
    desks[1].round()
    desks[0].round()
    assert len(opening.releases) == 2


def test_a_witness_line_that_is_false_does_not_count(county, desks):
    opening = closed(county, desks)
    desks[0].round()
    note = county.notes[-1]
    true = county.lines_of[note.text][0]
    for desk in desks[1:]:
        key = notes.witness_key(desk.custodian.public)
        county.lines_of[note.text].append(notes.NoteSignature(key.name, key.key_id, true.blob))
    assert held(desks[0], opening) == "witnesses"


def test_a_suspended_opening_waits(county, desks):
    opening = closed(county, desks)
    county.add("opening.suspended", opening=opening.id)
    county.sign()
    rounds(desks, 2)
    assert not opening.releases
    assert held(desks[0], opening) == "suspended"
    county.add("opening.resumed", opening=opening.id)
    county.sign()
    rounds(desks, 2)
    assert len(opening.releases) == 3


def test_a_cancelled_opening_is_never_released_and_its_key_is_void(county, desks):
    opening = accepted(county, desks)
    county.add("opening.cancelled", opening=opening.id)
    county.sign()
    rounds(desks)
    county.now += timedelta(days=1)
    assert held(desks[0], opening) == "cancelled"
    assert stock.counts(desks[0].store)["void"] == 1


def test_a_postponed_opening_waits_for_the_later_deadline(county, desks):
    opening = accepted(county, desks)
    county.bid(opening, "bidder-1")
    first = opening.deadline
    opening.deadline += timedelta(days=1)
    county.add(
        "opening.postponed", opening=opening.id, deadline=encoding.timestamp(opening.deadline)
    )
    county.sign()
    county.now = first + timedelta(hours=1)
    assert held(desks[0], opening) == "early"
    county.close(opening)
    county.sign()
    county.now += timedelta(seconds=1)
    rounds(desks, 2)
    assert len(opening.releases) == 3


def test_a_deadline_brought_forward_is_an_alarm_and_nothing_is_released(county, desks):
    opening = accepted(county, desks)
    county.bid(opening, "bidder-1")
    opening.deadline -= timedelta(minutes=30)
    county.add(
        "opening.postponed", opening=opening.id, deadline=encoding.timestamp(opening.deadline)
    )
    county.close(opening)
    county.sign()
    rounds(desks)
    assert desks[0].acts("alarm")
    county.now += timedelta(days=1)
    rounds(desks, 2)
    assert not opening.releases
    assert held(desks[0], opening) == "ledger_rule"


def test_fewer_bids_than_the_minimum_are_never_released(county, desks):
    opening = closed(county, desks, bids=2, minimum=3)
    rounds(desks, 2)
    assert not opening.releases
    assert refusals(desks[0]) == {"too_few"}
    assert stock.counts(desks[0].store)["void"] == 1


@pytest.mark.parametrize("count", [1, 3])
def test_a_closing_that_counts_wrong_is_not_released(county, desks, count):
    opening = accepted(county, desks)
    for number in range(2):
        county.bid(opening, f"bidder-{number}")
    county.sign()
    rounds(desks)
    county.close(opening, count=count)
    county.sign()
    rounds(desks, 2)
    assert not opening.releases
    assert {line["code"] for line in desks[0].acts("alarm")} == {"closing_count"}


def test_bids_that_are_not_the_ones_seen_while_hidden_are_not_released(county, desks):
    opening = closed(county, desks)
    rounds(desks[:1])
    seq = next(e.seq for e in county.lines if e.event == "bid.submitted")
    old = county.lines[seq]
    county.lines[seq] = entries.build_entry(
        seq=seq,
        time=old.time,
        event=old.event,
        subject="subject-1",
        actor="platform",
        nonce=bytes(16),
        fields=old.fields,
    )
    desks[0].store.set_meta("witnessed", "")
    watched = desks[0].store.watched(opening.id)
    with pytest.raises(Forged) as caught:
        recount(desks[0].agent.home, desks[0].store, desks[0].agent.platform, watched)
    assert caught.value.code == "revealed"


def test_a_record_without_our_acceptance_is_not_released(county, desks):
    opening = closed(county, desks)
    outsider = desks[0]
    outsider.store.query("UPDATE one_time_key SET opening = NULL, accepted_at = NULL")
    outsider.store.query("DELETE FROM statement WHERE kind = 'release'")
    assert held(outsider, opening) == "not_accepted"


def test_a_cosigned_checkpoint_of_another_history_is_not_relied_on(county, desks):
    opening = closed(county, desks)
    rounds(desks)
    watched = desks[0].store.watched(opening.id)
    fake = notes.parse_note(notes.sign_checkpoint(ORIGIN, county.tree.size, bytes(32), county.key))
    lines = [
        notes.parse_signature(notes.cosign(fake.text, d.custodian.identity, county.now))
        for d in desks
    ]
    text = str(notes.with_lines(fake, lines))
    with pytest.raises(Forged) as caught:
        policy.relied_on(desks[0].agent.home, desks[0].store, watched, text)
    assert caught.value.code == "fork"


def test_a_checkpoint_before_the_closing_or_ahead_of_us_is_not_relied_on(county, desks):
    opening = closed(county, desks)
    desks[0].round()
    watched = desks[0].store.watched(opening.id)

    def cosigned(size):
        note = county.checkpoint(0, size=size)
        lines = [
            notes.parse_signature(notes.cosign(note.text, d.custodian.identity, county.now))
            for d in desks
        ]
        return str(notes.with_lines(note, lines))

    home, store = desks[0].agent.home, desks[0].store
    with pytest.raises(policy.NotYet) as caught:
        policy.relied_on(home, store, watched, cosigned(opening.closed.seq))
    assert caught.value.code == "not_covered"
    county.add("tender.published")
    with pytest.raises(policy.NotYet) as caught:
        policy.relied_on(home, store, watched, cosigned(county.tree.size))
    assert caught.value.code == "ahead"
    relied = policy.relied_on(home, store, watched, cosigned(opening.closed.seq + 1))
    assert relied.size == opening.closed.seq + 1
