"""Custodian agents against a real HTTP server: what they do, and above all what they refuse."""

import shutil
import threading
from datetime import timedelta

import pytest

from keys import encoding, entries, notes
from keys.custodian import policy, stock
from keys.custodian.follow import follow, recount
from keys.custodian.wire import Declined, Platform, Unreachable
from keys.errors import Forged, KeysError, Refused
from keys.records import Acceptance, Release
from tests.keys.http_county import PASSPHRASE, Desk, HttpCounty, serving
from tests.keys.plain_county import ORIGIN


@pytest.fixture
def county():
    made = HttpCounty()
    made.add("platform.started")
    made.sign()
    return made


@pytest.fixture
def desks(county, tmp_path):
    """Three custodians with deposited keys."""
    with serving(county) as address:
        made = [Desk(county, address, tmp_path, f"保管人{number}") for number in (1, 2, 3)]
        for desk in made:
            desk.deposit()
        rounds(made)
        yield made
        for desk in made:
            desk.stop()


def rounds(desks, times=1):
    for _ in range(times):
        for desk in desks:
            desk.round()


def accepted(county, desks, **wanted):
    """An opening that every desk has accepted."""
    opening = county.open_for(desks, **wanted)
    rounds(desks)
    assert len(opening.accepts) == 3
    rounds(desks)
    return opening


def closed(county, desks, bids=2, **wanted):
    """An opening with bids that is closed and co-signed by everybody, but not yet released."""
    opening = accepted(county, desks, **wanted)
    for number in range(bids):
        county.bid(opening, f"bidder-{number}")
    county.sign()
    rounds(desks)
    county.close(opening)
    county.sign()
    return opening


def test_agents_deposit_accept_witness_and_release(county, desks):
    opening = closed(county, desks)
    assert not opening.releases
    rounds(desks, 2)
    assert len(opening.releases) == 3
    county.sign()
    assert county.perform(opening)
    rows = county.rows(opening, None)
    assert [row["verdict"] for row in rows] == ["opened", "opened"]
    for desk, release in zip(desks, opening.releases, strict=False):
        size, root = notes.parse_brief(release.checkpoint)
        assert root == county.tree.root(size)
        assert [line["act"] for line in desk.store.journal() if line["act"] == "release"]


def test_the_journal_is_written_before_anything_is_signed(county, desks):
    opening = closed(county, desks)
    rounds(desks, 2)
    acts = [line["act"] for line in desks[0].store.journal()]
    assert acts.index("batch_made") < acts.index("accept") < acts.index("release")
    assert opening.id in {line.get("opening") for line in desks[0].acts("accept")}


def test_the_database_is_synchronous(desks):
    assert desks[0].store.query("PRAGMA synchronous") == [(2,)]
    assert desks[0].store.query("PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize("private", ["config.json", "identity.box", "agent.sqlite"])
def test_nobody_else_can_read_the_directory(desks, private):
    root = desks[0].root
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / private).stat().st_mode & 0o777 == 0o600


def test_no_private_half_or_seed_lies_open_in_the_directory(county, desks):
    opening = closed(county, desks)
    private = desks[0].private(opening)
    identity = desks[0].custodian.identity.private_bytes_raw()
    for path in desks[0].root.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert private not in raw
            assert identity not in raw
            assert encoding.b64u(private).encode() not in raw
    rounds(desks, 2)
    kept = desks[0].store.statement("release", opening.id)
    assert kept is not None
    assert encoding.b64u(private).encode() in kept


# Accepting.


def refusals(desk):
    return {line["code"] for line in desk.acts("refused")}


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


# Witnessing.


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


# Releasing.


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


# Outages, restarts, destruction.


def test_an_acceptance_whose_answer_was_lost_is_sent_again_unchanged(county, desks):
    opening = county.open_for(desks)
    county.broken_paths["/api/custody/accepts"] = 500
    rounds(desks[:1])
    assert not opening.accepts
    first = desks[0].store.statement("accept", opening.id)
    county.broken_paths.clear()
    desks[0].stop()
    desks[0].start()
    rounds(desks[:1])
    assert len(opening.accepts) == 1
    assert Acceptance.from_bytes(first) == opening.accepts[0]


def test_a_crash_between_the_journal_and_the_signature_is_made_good(county, desks):
    opening = county.open_for(desks)
    desk = desks[0]
    follow(desk.agent.home, desk.store, desk.agent.platform, county.now)
    key_id = opening.record.custodians[0].key_id
    stock.use_key(desk.store, key_id, opening.id, county.now)
    desk.stop()
    desk.start()
    desk.round()
    assert len(opening.accepts) == 1


def test_a_release_that_the_platform_did_not_take_is_sent_again(county, desks):
    opening = closed(county, desks)
    county.broken_paths["/api/custody/releases"] = 503
    rounds(desks, 2)
    assert not opening.releases
    kept = desks[0].store.statement("release", opening.id)
    county.broken_paths.clear()
    for desk in desks:
        desk.stop()
        desk.start()
    rounds(desks)
    assert len(opening.releases) == 3
    assert Release.from_bytes(kept) in opening.releases


def test_a_running_agent_survives_outages(county, desks):
    opening = closed(county, desks)
    county.broken = 502
    waited = []

    def stop(seconds):
        waited.append(seconds)
        if len(waited) == 4:
            county.broken = None
        return len(waited) > 8

    desks[0].agent.run(stop)
    assert waited[3] > waited[1]
    rounds(desks, 2)
    assert len(opening.releases) == 3


def test_an_agent_outlives_a_platform_that_restarts(county, tmp_path):
    county.add("tender.published")
    county.sign()
    with serving(county) as address:
        desk = Desk(county, address, tmp_path, "one")
        desk.round()
    county.add("tender.published")
    county.sign()
    desk.agent.platform.close()
    with pytest.raises(Unreachable):
        desk.agent.round()
    with serving(county, port=int(address.rsplit(":", 1)[1])):
        desk.agent.round()
    assert desk.store.frontier().size == county.tree.size
    desk.stop()


def test_a_kept_connection_that_the_platform_closed_is_opened_again(county, desks):
    platform = desks[0].agent.platform
    platform.checkpoint()
    platform._connection.sock.shutdown(2)
    assert platform.checkpoint()


def test_two_agents_do_not_run_on_one_directory(desks):
    handle = desks[0].agent.home.lock()
    assert handle
    with pytest.raises(Refused):
        desks[0].agent.home.lock()


def test_a_batch_is_destroyed_only_when_every_key_is_released_or_void(county, desks):
    opening = closed(county, desks)
    desk = desks[0]
    (batch,) = desk.store.query("SELECT batch FROM batch")[0]
    box = desk.root / "batches" / f"{batch}.box"

    def destroy(*, void_unused):
        return stock.destroy_batch(
            desk.agent.home, desk.store, PASSPHRASE, batch, county.now, void_unused=void_unused
        )

    with pytest.raises(Refused):
        destroy(void_unused=True)
    rounds(desks, 2)
    assert len(opening.releases) == 3
    with pytest.raises(Refused):
        destroy(void_unused=False)
    assert box.exists()
    from keys.deposits import check_destroyed

    identity, named, when = check_destroyed(encoding.parse(destroy(void_unused=True)))
    assert (identity, named, when) == (desk.identity, batch, county.now)
    assert not box.exists()
    later = county.open_for(desks, lot="9")
    rounds(desks)
    assert len(later.accepts) == 2
    assert refusals(desk) == {"batch_retired"}


def test_answers_without_end_are_cut_off(county, desks):
    county.served_instead["/api/ledger/checkpoint"] = "x" * 200_000
    with pytest.raises(Unreachable):
        desks[0].round()


@pytest.mark.parametrize("answer", ["null", "[]", "{", '{"records":1}', '{"records":[1]}'])
def test_a_list_of_records_that_is_none_is_an_outage(county, desks, answer):
    county.served_instead["/api/custody/records"] = answer
    with pytest.raises(Unreachable):
        desks[0].agent.platform.records(desks[0].identity)


def test_redirections_are_not_followed(county, desks):
    county.broken = 302
    with pytest.raises(Unreachable):
        desks[0].round()


def test_what_the_platform_declines_is_told_with_its_reason(county, desks):
    county.broken = 409
    with pytest.raises(Declined) as caught:
        desks[0].agent.platform.post("/api/custody/accepts", b"{}")
    assert (caught.value.code, caught.value.message) == ("broken", "planted")


@pytest.mark.parametrize("address", ["ftp://x", "file:///etc/passwd", "http://", "platform"])
def test_only_http_addresses_are_platforms(address):
    with pytest.raises(KeysError):
        Platform(address)


def test_a_slow_platform_does_not_hang_the_agent(county, desks):
    """A server that accepts and never answers."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        quiet = Platform(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.2)
        done = threading.Event()

        def ask():
            with pytest.raises(Unreachable):
                quiet.checkpoint()
            done.set()

        thread = threading.Thread(target=ask)
        thread.start()
        assert done.wait(5)
        thread.join()
