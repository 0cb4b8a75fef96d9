"""SEAL: what is accepted, refused, repeated, replaced, withdrawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from keys import encoding, entries, statements
from tender.bids.committer import Committer
from tender.bids.models import BidStatus, SealedBid
from tender.bids.withdrawal import withdraw_bid
from tender.core.actor import Actor
from tender.core.errors import DomainError
from tender.ledger import checkpoints, service
from tender.ledger.signing import note_key, signing_key
from tests.tender import factories as make


def _bidder(world: make.World, name: str = "清源县丰水养殖有限公司") -> make.Bidder:
    with world.platform.database.write() as session:
        return make.bidder(session, name)


def test_a_sealed_bid_gets_a_receipt_that_a_stranger_can_check(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    bidder = _bidder(world)
    request = make.seal_request(world, bidder, make.seal_body(bidder, record, 250_000))
    receipt = Committer(world.platform).seal(request)
    settings = world.platform.settings
    with world.platform.database.write() as session:
        assert checkpoints.sign_checkpoint(session, settings, now=world.clock.now())
    with world.platform.database.read() as session:
        complete = checkpoints.complete_receipt(session, receipt, receipt["entry"]["seq"])
    public = signing_key(settings).public_key().public_bytes_raw()
    entry, checkpoint = entries.check_receipt(complete, public, settings.platform)
    assert entry.fields["envelope_sha256"] == request.envelope_sha256
    assert checkpoint is not None
    assert note_key(settings).name == checkpoint.origin


def test_a_bid_entry_is_served_as_a_bare_leaf_until_the_closing(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    bidder = _bidder(world)
    receipt = Committer(world.platform).seal(
        make.seal_request(world, bidder, make.seal_body(bidder, record, 250_000))
    )
    seq = receipt["entry"]["seq"]
    with world.platform.database.read() as session:
        (line,) = service.served_lines(session, seq, 1, seq + 1)
    assert line.startswith('{"leaf":')
    with world.platform.database.write() as session:
        service.reveal(session, record.opening_id)
    with world.platform.database.read() as session:
        (line,) = service.served_lines(session, seq, 1, seq + 1)
    assert bidder.organisation.party_id in line


def test_a_bid_at_the_deadline_is_late_by_the_clock_inside_the_lock(world: make.World) -> None:
    tender = make.open_tender(world)
    record = make.only_record(world, tender)
    bidder = _bidder(world)
    request = make.seal_request(world, bidder, make.seal_body(bidder, record, 250_000))
    assert tender.deadline is not None
    world.clock.moment = tender.deadline
    with pytest.raises(DomainError) as refusal:
        Committer(world.platform).seal(request)
    assert refusal.value.code == "bid.late"
    world.clock.moment = tender.deadline - timedelta(seconds=1)
    assert Committer(world.platform).seal(request)["v"] == "receipt/v1"


def test_a_clock_set_back_does_not_accept_a_late_bid(world: make.World) -> None:
    tender = make.open_tender(world)
    record = make.only_record(world, tender)
    bidder = _bidder(world)
    request = make.seal_request(world, bidder, make.seal_body(bidder, record, 250_000))
    assert tender.deadline is not None
    with world.platform.database.write() as session:
        service.append(session, "test.happened", subject="x", actor="system", now=tender.deadline)
    world.clock.moment = tender.deadline - timedelta(hours=1)
    with pytest.raises(DomainError) as refusal:
        Committer(world.platform).seal(request)
    assert refusal.value.code == "bid.late"


def test_asking_again_gives_the_same_receipt_and_one_bid(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    bidder = _bidder(world)
    request = make.seal_request(world, bidder, make.seal_body(bidder, record, 250_000))
    committer = Committer(world.platform)
    assert committer.seal(request) == committer.seal(request)
    with world.platform.database.read() as session:
        assert len(session.scalars(select(SealedBid)).all()) == 1


def test_a_replacement_must_have_a_greater_sequence_and_supersedes(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    bidder = _bidder(world)
    committer = Committer(world.platform)
    for sequence in (1, 5):
        body = make.seal_body(bidder, record, 250_000 + sequence, sequence)
        committer.seal(make.seal_request(world, bidder, body))
    body = make.seal_body(bidder, record, 1, 5)
    with pytest.raises(DomainError) as refusal:
        committer.seal(make.seal_request(world, bidder, body))
    assert refusal.value.code == "bid.sequence"
    with world.platform.database.read() as session:
        found = session.scalars(select(SealedBid).order_by(SealedBid.sequence))
        assert [bid.status for bid in found] == [BidStatus.SUPERSEDED, BidStatus.PENDING]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"envelope": b"the price is 5"}, "bid.not_sealed"),
        ({"bidder": "0" * 32}, "bid.bidder"),
        ({"sequence": 0}, "bid.form"),
        ({"files_digest": "0" * 64}, "bid.form"),
        ({"envelope_size": 1}, "bid.damaged"),
        ({"opening": "0" * 64}, "opening.unknown"),
    ],
)
def test_what_can_be_seen_without_the_key_is_refused(
    world: make.World, change: dict[str, Any], code: str
) -> None:
    record = make.only_record(world, make.open_tender(world))
    bidder = _bidder(world)
    with pytest.raises(DomainError) as refusal:
        make.seal_request(world, bidder, make.seal_body(bidder, record, 250_000, **change))
    assert refusal.value.code == code


def test_a_bid_signed_by_another_key_is_refused(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    bidder, other = _bidder(world), _bidder(world, "另一家公司")
    body = make.seal_body(bidder, record, 250_000)
    body["statement"] = statements.sign_ecdsa(body["statement"], other.key)
    with pytest.raises(DomainError) as refusal:
        make.seal_request(world, bidder, body)
    assert refusal.value.code == "bid.signature"


def test_only_the_bidders_own_signature_withdraws(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    bidder, other = _bidder(world), _bidder(world, "另一家公司")
    receipt = Committer(world.platform).seal(
        make.seal_request(world, bidder, make.seal_body(bidder, record, 250_000))
    )
    fields = receipt["entry"]
    statement = {
        "v": "withdraw/v1",
        **{name: fields[name] for name in ("opening", "bidder", "bid", "sequence")},
    }
    forged = statements.sign_ecdsa(statement, other.key)
    genuine = statements.sign_ecdsa(statement, bidder.key)
    platform = world.platform

    def withdraw(actor: Actor, signed: dict[str, Any]) -> dict[str, Any]:
        with platform.database.write() as session:
            return withdraw_bid(
                session, actor, fields["bid"], signed,
                clock=platform.clock, settings=platform.settings,
            )  # fmt: skip

    for actor, signed, code in (
        (bidder.actor, forged, "bid.signature"),
        (other.actor, forged, "forbidden"),
        (world.agent, genuine, "forbidden"),
    ):
        with pytest.raises(DomainError) as refusal:
            withdraw(actor, signed)
        assert refusal.value.code == code
    assert withdraw(bidder.actor, genuine)["entry"]["event"] == "bid.withdrawn"
    assert encoding.canonical(fields)
    with pytest.raises(DomainError) as refusal:
        withdraw(bidder.actor, genuine)
    assert refusal.value.code == "bid.not_standing"
