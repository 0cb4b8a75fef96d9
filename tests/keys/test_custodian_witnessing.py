"""A custodian co-signs one history: no fork, no shorter one, no line that is none."""

from datetime import timedelta

import pytest

from keys import entries
from keys.custodian.wire import Unreachable
from keys.errors import Forged, KeysError
from tests.keys.http_county import HttpCounty, rounds


def test_every_new_checkpoint_is_cosigned_once(county, desks):
    county.add("tender.published")
    note = county.sign()
    before = len(desks[0].acts("cosign"))
    rounds(desks, 3)
    assert len(county.lines_of[note.text]) == 3
    assert len(desks[0].acts("cosign")) == before + 1


def test_a_fork_is_not_cosigned_and_is_an_alarm(county, desks):
    county.add("tender.published", tender="one")
    county.sign()
    rounds(desks)
    last = county.lines[-1]
    rewrite(county, last.seq, "two")
    county.add("tender.published", tender="three")
    forked = county.sign()
    for desk in desks:
        with pytest.raises(Forged) as caught:
            desk.round()
        assert caught.value.code == "fork"
    assert forked.text not in county.lines_of


def rewrite(county, seq, tender):
    """Change one line of the past and every root that follows from it."""
    old = county.lines[seq]
    county.lines[seq] = entries.build_entry(
        seq=seq,
        time=old.time,
        event="tender.published",
        subject="subject-1",
        actor="platform",
        nonce=bytes(16),
        fields={"tender": tender},
    )
    county.tree = type(county.tree)()
    for entry in county.lines:
        county.tree.append(entry.leaf)


def test_another_root_of_the_same_size_is_a_fork(county, desks):
    county.add("tender.published", tender="one")
    county.sign()
    rounds(desks)
    rewrite(county, county.lines[-1].seq, "two")
    county.sign()
    with pytest.raises(Forged) as caught:
        desks[0].round()
    assert caught.value.code == "fork"


def test_a_shrunken_ledger_is_not_cosigned(county, desks):
    for _ in range(3):
        county.add("tender.published")
    county.sign()
    rounds(desks)
    shorter = county.checkpoint(0, size=county.tree.size - 1)
    county.notes.append(shorter)
    with pytest.raises(Forged) as caught:
        desks[0].round()
    assert caught.value.code == "shrink"
    assert shorter.text not in county.lines_of


def test_the_running_agent_journals_an_alarm_once_and_goes_on(county, desks):
    county.add("tender.published")
    county.sign()
    rounds(desks)
    good = county.notes[-1]
    county.notes.append(county.checkpoint(0, size=county.tree.size - 1))
    runs = iter([False, False, False, True])
    desks[0].agent.run(lambda seconds: next(runs))
    assert len(desks[0].acts("alarm")) == 1
    county.notes.append(good)
    runs = iter([False, True])
    desks[0].agent.run(lambda seconds: next(runs))


@pytest.mark.parametrize(
    "line",
    ["", "{}", "null", '{"leaf":"00"}', "x" * 70_000, '{"leaf":"' + "0" * 64 + '"}'],
)
def test_lines_that_are_none_are_not_cosigned(county, desks, line):
    county.add("tender.published")
    note = county.sign()
    county.served_instead["/api/ledger/entries"] = line + "\n"
    with pytest.raises(KeysError):
        desks[0].round()
    assert note.text not in county.lines_of
    assert desks[0].store.frontier().size < county.tree.size


def test_time_that_goes_back_is_not_cosigned(county, desks):
    county.now -= timedelta(hours=1)
    county.add("tender.published")
    county.sign()
    with pytest.raises(Forged):
        desks[0].round()


def test_another_platforms_checkpoint_is_refused(county, desks):
    other = HttpCounty()
    other.key = desks[0].custodian.identity
    other.add("platform.started")
    county.served_instead["/api/ledger/checkpoint"] = str(other.checkpoint(0))
    with pytest.raises(Forged):
        desks[0].round()


def test_a_large_ledger_is_read_in_pages(county, desks):
    for _ in range(2500):
        county.add("tender.published")
    county.largest_page = 700
    county.sign()
    desks[0].round()
    assert desks[0].store.frontier().size == county.tree.size
    assert desks[0].store.frontier().root() == county.tree.root()


def test_an_interrupted_download_leaves_the_store_as_it_was(county, desks):
    before = desks[0].store.frontier()
    for _ in range(30):
        county.add("tender.published")
    county.largest_page = 10
    county.sign()
    real, calls = county.get_entries, []

    def failing(query, body):
        calls.append(query)
        return real(query, body) if len(calls) < 3 else (500, "gone")

    county.get_entries = failing
    with pytest.raises(Unreachable):
        desks[0].round()
    assert desks[0].store.frontier() == before
    county.get_entries = real
    desks[0].round()
    assert desks[0].store.frontier().size == county.tree.size
