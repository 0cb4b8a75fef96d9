"""Agents through outages, crashes, hostile answers, and the end of a batch."""

import threading

import pytest

from keys import encoding
from keys.custodian import stock
from keys.custodian.follow import follow
from keys.custodian.wire import Declined, Platform, Unreachable
from keys.errors import KeysError, Refused
from keys.records import Acceptance, Release
from tests.keys.http_county import PASSPHRASE, Desk, closed, refusals, rounds, serving


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
