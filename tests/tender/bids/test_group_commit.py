"""The group commit: many SEALs in one transaction, each judged as if it were alone."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from keys import encoding, entries
from keys.records import OpeningRecord
from tender.accounts.models import BidderKey
from tender.bids.committer import Committer
from tender.bids.models import BidStatus, SealedBid, Upload
from tender.bids.sealing import Outcome, seal_bids
from tender.bids.submission import SealRequest
from tender.core.errors import DomainError
from tender.ledger import checkpoints
from tender.ledger.audit import audit
from tender.ledger.models import LedgerEntry, PrivateData
from tender.ledger.signing import signing_key
from tender.opening import ticking
from tests.tender import factories as make

SOON = 20.0  # seconds after which a thread that still waits has hung


def _bidders(world: make.World, count: int) -> list[make.Bidder]:
    with world.platform.database.write() as session:
        return [make.bidder(session, f"投标人{number}") for number in range(count)]


def _request(
    world: make.World, bidder: make.Bidder, record: OpeningRecord, sequence: int = 1
) -> SealRequest:
    return make.seal_request(
        world, bidder, make.seal_body(bidder, record, 250_000 + sequence, sequence)
    )


def _together(world: make.World, requests: Sequence[SealRequest]) -> list[Outcome]:
    """Judge and commit them as one group."""
    with world.platform.database.write() as session:
        return seal_bids(
            session, requests, clock=world.platform.clock, settings=world.platform.settings
        )


def _waiting(
    world: make.World, requests: Sequence[SealRequest]
) -> tuple[Committer, list[Future[Outcome]]]:
    """A committer that has not started yet, for which all of them wait."""
    committer, answers = Committer(world.platform), [Future[Outcome]() for _ in requests]
    for each in zip(requests, answers, strict=True):
        committer.waiting.put(each)
    return committer, answers


def _through(world: make.World, requests: Sequence[SealRequest]) -> list[Outcome | BaseException]:
    """Send them through a committer whose first group is all of them."""
    committer, answers = _waiting(world, requests)
    committer.start()
    return [each.exception(SOON) or each.result() for each in answers]


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not reached():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def _code(outcome: object) -> str:
    assert isinstance(outcome, DomainError), outcome
    return outcome.code


def _statuses(world: make.World) -> list[tuple[int, BidStatus]]:
    query = select(SealedBid.sequence, SealedBid.status).order_by(SealedBid.ledger_seq)
    with world.platform.database.read() as session:
        return [(sequence, status) for sequence, status in session.execute(query)]


def test_a_groups_receipts_are_good_and_the_ledger_holds_them_in_order(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    requests = [_request(world, bidder, record) for bidder in _bidders(world, 5)]
    receipts = _together(world, requests)
    settings = world.platform.settings
    public = signing_key(settings).public_key().public_bytes_raw()
    with world.platform.database.write() as session:
        assert checkpoints.sign_checkpoint(session, settings, now=world.clock.now())
    with world.platform.database.read() as session:
        audit(session, settings)
        places = []
        for request, receipt in zip(requests, receipts, strict=True):
            assert isinstance(receipt, dict)
            place = receipt["entry"]["seq"]
            complete = checkpoints.complete_receipt(session, receipt, place)
            entry, _ = entries.check_receipt(complete, public, settings.platform)
            assert entry.fields["envelope_sha256"] == request.envelope_sha256
            private = session.get_one(PrivateData, place)
            digest = entries.personal_digest(bytes.fromhex(private.salt), private.data)
            assert digest == entry.data_sha256
            bid = session.get_one(SealedBid, entry.fields["bid"])
            assert (bid.ledger_seq, bid.receipt) == (place, receipt)
            places.append(place)
        assert places == list(range(places[0], places[0] + 5))


def test_of_two_bids_of_one_bidder_in_a_group_the_later_stands(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    (bidder,) = _bidders(world, 1)
    assert isinstance(_together(world, [_request(world, bidder, record, 1)])[0], dict)
    outcomes = _together(world, [_request(world, bidder, record, number) for number in (2, 3)])
    assert all(isinstance(each, dict) for each in outcomes)
    assert _statuses(world) == [
        (1, BidStatus.SUPERSEDED), (2, BidStatus.SUPERSEDED), (3, BidStatus.PENDING),
    ]  # fmt: skip


def test_an_older_bid_behind_a_newer_one_in_a_group_is_refused(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    (bidder,) = _bidders(world, 1)
    first, second = _together(world, [_request(world, bidder, record, n) for n in (2, 1)])
    assert isinstance(first, dict)
    assert _code(second) == "bid.sequence"
    assert _statuses(world) == [(2, BidStatus.PENDING)]


def test_a_withdrawn_bid_stays_withdrawn_when_the_next_one_comes(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    (bidder,) = _bidders(world, 1)
    _together(world, [_request(world, bidder, record, 1)])
    with world.platform.database.write() as session:
        bid = session.scalars(select(SealedBid)).one()
        bid.status, bid.withdrawn_at = BidStatus.WITHDRAWN, world.clock.now()
    _together(world, [_request(world, bidder, record, 2)])
    assert _statuses(world) == [(1, BidStatus.WITHDRAWN), (2, BidStatus.PENDING)]


def test_the_same_request_twice_in_a_group_is_one_bid_with_one_receipt(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    (bidder,) = _bidders(world, 1)
    request = _request(world, bidder, record)
    first, second = _together(world, [request, request])
    assert isinstance(first, dict)
    assert first == second
    assert _together(world, [request]) == [first]
    assert _statuses(world) == [(1, BidStatus.PENDING)]


def test_a_request_number_used_for_another_bid_in_a_group_is_refused(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    (bidder,) = _bidders(world, 1)
    one, other = (_request(world, bidder, record, number) for number in (1, 2))
    again = replace(other, idempotency_key=one.idempotency_key)
    first, second = _together(world, [one, again])
    assert isinstance(first, dict)
    assert _code(second) == "bid.key_reused"


def test_one_bids_deadline_is_not_anothers_in_the_same_group(world: make.World) -> None:
    sooner, later = make.open_tender(world, days=1), make.open_tender(world, days=2)
    assert sooner.deadline is not None
    requests = [
        _request(world, bidder, make.only_record(world, tender))
        for bidder, tender in zip(_bidders(world, 4), [sooner, later] * 2, strict=True)
    ]
    world.clock.moment = sooner.deadline
    outcomes = _together(world, requests)
    assert [_code(each) for each in outcomes[::2]] == ["bid.late"] * 2
    assert [isinstance(each, dict) for each in outcomes[1::2]] == [True] * 2
    world.clock.moment = sooner.deadline - timedelta(microseconds=1)
    assert isinstance(_together(world, requests[:1])[0], DomainError), "the ledger's time went back"


def test_a_bid_that_waited_for_the_lock_past_the_deadline_is_late(world: make.World) -> None:
    tender = make.open_tender(world)
    assert tender.deadline is not None
    record = make.only_record(world, tender)
    requests = [_request(world, each, record) for each in _bidders(world, 3)]
    committer, answers = _waiting(world, requests)
    world.clock.moment = tender.deadline - timedelta(microseconds=1)
    with world.platform.database.write():
        committer.start()
        _until(lambda: committer.waiting.qsize() == 2)
        world.clock.moment = tender.deadline
    assert [_code(each.result(SOON)) for each in answers] == ["bid.late"] * 3
    assert _statuses(world) == []


def test_nothing_follows_the_closing_that_came_first(world: make.World) -> None:
    tender = make.open_tender(world, minimum=1)
    record = make.only_record(world, tender)
    requests = [_request(world, each, record) for each in _bidders(world, 2)]
    world.clock.moment = record.not_before
    assert ticking.close_due(world.platform) == 1
    world.clock.moment = record.not_before - timedelta(hours=1)
    assert {_code(each) for each in _together(world, requests)} <= {"bid.late", "bid.closed"}
    assert _statuses(world) == []


@pytest.mark.parametrize(
    "spoil",
    [
        {"envelope_sha256": "no digest"},  # the ledger's line would not be of its form
        {"organisation_id": "0" * 32},  # the database has no such bidder
        {"upload_id": "0" * 32, "files_digest": "0" * 64, "files_size": 1},  # refused in words
    ],
)
def test_one_bad_bid_does_not_hurt_the_others_of_its_group(
    world: make.World, spoil: dict[str, Any]
) -> None:
    record = make.only_record(world, make.open_tender(world))
    requests = [_request(world, bidder, record) for bidder in _bidders(world, 5)]
    requests[2] = replace(requests[2], **spoil)
    outcomes = _through(world, requests)
    assert isinstance(outcomes.pop(2), Exception)
    assert [isinstance(each, dict) for each in outcomes] == [True] * 4
    assert _statuses(world) == [(1, BidStatus.PENDING)] * 4
    with world.platform.database.read() as session:
        audit(session, world.platform.settings)


def test_a_key_revoked_while_its_bid_waits_seals_nothing(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    bidders = _bidders(world, 2)
    requests = [_request(world, bidder, record) for bidder in bidders]
    with world.platform.database.write() as session:
        key = session.scalars(
            select(BidderKey).where(BidderKey.organisation_id == bidders[0].organisation.id)
        ).one()
        key.revoked_at = world.clock.now()
    first, second = _together(world, requests)
    assert _code(first) == "bid.key_revoked"
    assert isinstance(second, dict)


def test_one_upload_serves_one_bid_of_a_group(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    (bidder,) = _bidders(world, 1)
    digest = "ab" * 32
    with world.platform.database.write() as session:
        upload = Upload(
            owner_id=bidder.organisation.id, opening_id=record.opening_id, length=70_000,
            offset=70_000, slices=[digest], created_at=world.clock.now(),
        )  # fmt: skip
        session.add(upload)
        session.flush()
        taken: dict[str, Any] = {
            "upload_id": upload.id,
            "files_size": 70_000,
            "files_digest": encoding.sha256_hex(bytes.fromhex(digest)),
        }
    requests = [replace(_request(world, bidder, record, n), **taken) for n in (1, 2)]
    first, second = _together(world, requests)
    assert isinstance(first, dict)
    assert _code(second) == "upload.taken"
    with world.platform.database.read() as session:
        assert session.get_one(Upload, taken["upload_id"]).sealed_by == first["entry"]["bid"]


def test_waiting_bids_share_one_commit(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    requests = [_request(world, bidder, record) for bidder in _bidders(world, 12)]
    commits = 0

    def count(_connection: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(world.platform.database.engine, "commit", count)
    outcomes = _through(world, requests)
    assert all(isinstance(each, dict) for each in outcomes)
    assert commits == 1


def test_nobody_hears_of_a_bid_before_its_commit(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    requests = [_request(world, bidder, record) for bidder in _bidders(world, 4)]
    committer, reached, go_on = Committer(world.platform), threading.Event(), threading.Event()

    def hold(_session: Session) -> None:
        reached.set()
        assert go_on.wait(SOON)

    event.listen(Session, "before_commit", hold)
    try:
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(committer.seal, each) for each in requests]
            assert reached.wait(SOON)
            time.sleep(0.1)
            early = [each.done() for each in waiting]
            go_on.set()
            assert all(each.result(SOON)["v"] == "receipt/v1" for each in waiting)
        assert not any(early)
    finally:
        go_on.set()
        event.remove(Session, "before_commit", hold)


CRASH = """
import json, os, pickle, signal, sys
from concurrent.futures import Future
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.orm import Session
from tender.bids.committer import Committer
from tests.tender import factories as make

data, url, where = sys.argv[1:]
platform = make.platform(Path(data), url)
requests = pickle.loads(Path(data, "requests").read_bytes())
committer = Committer(platform)

def fall(_session):
    os.kill(os.getpid(), signal.SIGKILL)

answers = [Future() for _ in requests]
for each in zip(requests, answers):
    committer.waiting.put(each)
event.listen(Session, where, fall)
committer.start()
for answer in answers:
    print(json.dumps(answer.result()), flush=True)
"""


@pytest.mark.parametrize(("where", "kept"), [("before_commit", 0), ("after_commit", 4)])
def test_a_process_killed_around_the_commit_loses_no_receipt_and_doubles_no_bid(
    world: make.World, migrated_url: str, tmp_path: Path, where: str, kept: int
) -> None:
    record = make.only_record(world, make.open_tender(world))
    requests = [_request(world, bidder, record) for bidder in _bidders(world, 4)]
    (tmp_path / "requests").write_bytes(pickle.dumps(requests))
    found = subprocess.run(
        [sys.executable, "-c", CRASH, str(tmp_path), migrated_url, where],
        capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip
    assert found.returncode == -signal.SIGKILL, found.stderr
    assert [json.loads(line) for line in found.stdout.splitlines()] == []
    with world.platform.database.read() as session:
        before = {each.idempotency_key: each.receipt for each in session.scalars(select(SealedBid))}
        assert len(before) == kept
    receipts = _together(world, requests)
    assert all(isinstance(each, dict) for each in receipts)
    for request, receipt in zip(requests, receipts, strict=True):
        assert before.get(request.idempotency_key, receipt) == receipt
    with world.platform.database.read() as session:
        lines = select(func.count()).where(LedgerEntry.event == "bid.submitted")
        assert session.scalar(lines) == 4
        audit(session, world.platform.settings)
