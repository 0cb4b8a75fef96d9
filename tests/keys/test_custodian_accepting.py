"""A custodian accepts a record only under the rules, and a key once ever."""

import shutil
from datetime import timedelta

import pytest

from keys import encoding
from keys.custodian import stock
from keys.errors import Refused
from tests.keys.http_county import (
    accepted,
    refusals,
    rounds,
)


def test_a_key_is_accepted_once_ever(county, desks):
    opening = accepted(county, desks)
    pairs = [(c.key_id, c.key) for c in opening.record.custodians]
    for desk, pair in zip(desks, pairs, strict=True):
        county.deposits[desk.identity].insert(0, pair)
    again = county.open_for(desks, lot="2")
    rounds(desks)
    assert not again.accepts
    assert all(refusals(desk) == {"key_used"} for desk in desks)


def test_a_key_that_is_not_ours_is_refused(county, desks):
    county.deposits[desks[0].identity][0] = county.deposits[desks[1].identity][-1]
    opening = county.open_for(desks)
    rounds(desks)
    assert len(opening.accepts) == 2
    assert refusals(desks[0]) == {"key_not_ours"}


def test_a_record_that_is_not_in_the_ledger_is_not_accepted(county, desks):
    """The platform asks, but shows no ledger line: an opening that nobody else would see."""
    opening = county.open_for(desks)
    county.lines.pop()
    county.notes.pop()
    county.tree = type(county.tree)()
    for entry in county.lines:
        county.tree.append(entry.leaf)
    rounds(desks)
    assert not opening.accepts


def test_a_record_that_the_platform_did_not_sign_is_an_alarm(county, desks):
    county.record_key = desks[0].custodian.identity
    opening = county.open_for(desks)
    rounds(desks)
    assert not opening.accepts
    assert {line["code"] for line in desks[0].acts("alarm")} == {"record_signature"}


def test_a_record_whose_time_has_come_is_refused(county, desks):
    opening = county.open_for(desks)
    county.now += timedelta(hours=2)
    rounds(desks)
    assert not opening.accepts
    assert refusals(desks[0]) == {"too_late"}


def test_unpinned_custodians_are_refused(county, desks):
    pins = {
        "platform": "county.example",
        "custodians": [{"name": d.name, "identity": d.identity} for d in desks[:2]],
    }
    desks[0].agent.home.set_pins(encoding.canonical(pins))
    with pytest.raises(Refused):
        desks[2].agent.home.set_pins(encoding.canonical(pins))
    opening = county.open_for(desks)
    rounds(desks)
    assert refusals(desks[0]) == {"custodian_not_pinned"}
    assert len(opening.accepts) == 2


def test_a_cancelled_opening_is_not_accepted(county, desks):
    opening = county.open_for(desks)
    county.add("opening.cancelled", opening=opening.id)
    county.sign()
    rounds(desks)
    assert not opening.accepts


def test_after_a_restore_only_keys_of_a_fresh_batch_are_accepted(county, desks, tmp_path):
    """Known from the ledger: an acceptance of ours that the restored memory does not hold."""
    desk = desks[0]
    desk.stop()
    shutil.copytree(desk.root, tmp_path / "backup")
    desk.start()
    opening = accepted(county, desks)
    assert len(opening.accepts) == 3
    desk.stop()
    shutil.rmtree(desk.root)
    shutil.copytree(tmp_path / "backup", desk.root)
    desk.start()
    second = county.open_for(desks, lot="2")
    rounds(desks)
    assert desk.acts("batches_retired")
    assert refusals(desk) == {"batch_retired"}
    assert len(second.accepts) == 2
    desk.deposit()
    desk.round()
    county.deposits[desk.identity] = county.deposits[desk.identity][-5:]
    third = county.open_for(desks, lot="3")
    rounds(desks)
    assert len(third.accepts) == 3


def test_a_cosignature_that_is_not_remembered_shows_a_restore(county, desks, tmp_path):
    desk = desks[0]
    desk.stop()
    shutil.copytree(desk.root, tmp_path / "backup")
    desk.start()
    county.add("tender.published")
    county.sign()
    desk.round()
    desk.stop()
    shutil.rmtree(desk.root)
    shutil.copytree(tmp_path / "backup", desk.root)
    desk.start()
    assert not desk.acts("restored")
    desk.round()
    assert desk.acts("restored")
    assert stock.counts(desk.store)["free"] == 0


def test_own_cosignatures_do_not_look_like_a_restore(county, desks):
    for _ in range(3):
        county.add("tender.published")
        county.sign()
        rounds(desks, 2)
    assert not desks[0].acts("restored")
    assert not desks[0].acts("alarm")
