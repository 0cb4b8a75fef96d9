"""A bidder who wants to hurt others, or to get by the rules: each trick is refused alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from keys import encoding, statements
from keys.records import OpeningRecord
from tender.accounts.models import BidderKey, OrganisationKind, Standing
from tender.bids import uploads
from tender.bids.committer import Committer
from tender.bids.models import SealedBid, Upload
from tender.bids.withdrawal import withdraw_bid
from tender.core.actor import Role
from tender.core.errors import DomainError
from tests.tender import factories as make


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.World]:
    made = make.world(tmp_path_factory.mktemp("hostile"))
    yield made
    made.platform.database.close()


@pytest.fixture(scope="module")
def record(world: make.World) -> OpeningRecord:
    return make.only_record(world, make.open_tender(world))


def _bidders(world: make.World, *names: str) -> list[make.Bidder]:
    with world.platform.database.write() as session:
        return [make.bidder(session, name) for name in names]


def _refused(work: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as caught:
        work()
    return caught.value.code


def _upload(
    world: make.World, who: make.Bidder, record: OpeningRecord, data: bytes = b"x" * 100
) -> str:
    platform = world.platform
    with platform.database.write() as session:
        made = uploads.create_upload(
            session, who.actor, record.opening_id, len(data),
            settings=platform.settings, now=world.clock.now(),
        )  # fmt: skip
    _append(world, who, made.id, data)
    return made.id


def _append(world: make.World, who: make.Bidder, upload: str, data: bytes, offset: int = 0) -> None:
    uploads.append_slice(
        world.platform.database, who.actor, upload, offset=offset, checksum=None,
        chunks=[data], settings=world.platform.settings,
    )  # fmt: skip


def _with_files(
    world: make.World, who: make.Bidder, record: OpeningRecord, upload: str
) -> dict[str, Any]:
    with world.platform.database.read() as session:
        digest = uploads.piece_digest(session.get_one(Upload, upload))
    body = make.seal_body(who, record, 100_000, files_digest=digest, files_size=100)
    return {**body, "upload": upload}


STRANGE: list[Any] = [
    "\ud800", "\x00", "\x00" * 32, "0" * 31, "G" * 32, "0" * 32 + "\n", 7, True, [], {"a": 1}, "",
]  # fmt: skip


@pytest.mark.parametrize("upload", STRANGE)
def test_an_upload_id_that_no_database_can_hold_never_reaches_the_group(
    world: make.World, record: OpeningRecord, upload: Any
) -> None:
    (who,) = _bidders(world, "捣乱的公司")
    body = make.seal_body(who, record, 100_000, files_digest="0" * 64, files_size=100)
    body["upload"] = upload
    assert _refused(lambda: make.seal_request(world, who, body)) == "bid.form"


def test_a_poisoned_request_does_not_take_another_bid_down_with_it(
    world: make.World, record: OpeningRecord
) -> None:
    honest, hostile = _bidders(world, "守信公司", "捣乱的公司")
    committer = Committer(world.platform)
    answers: dict[str, Any] = {}
    good = make.seal_request(world, honest, make.seal_body(honest, record, 100_000))

    def send(name: str, work: Callable[[], object]) -> None:
        try:
            answers[name] = work()
        except Exception as error:  # noqa: BLE001 - the test asks which one it was
            answers[name] = error

    def poison() -> object:
        body = make.seal_body(hostile, record, 1, files_digest="0" * 64, files_size=100)
        body["upload"] = "\ud800"
        return committer.seal(make.seal_request(world, hostile, body))

    with world.platform.database.write():  # both wait for the lock and are judged as one group
        threads = [
            threading.Thread(target=send, args=("hostile", poison)),
            threading.Thread(target=send, args=("honest", lambda: committer.seal(good))),
        ]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
    for thread in threads:
        thread.join()
    assert isinstance(answers["hostile"], DomainError)
    assert answers["honest"]["entry"]["bidder"] == honest.organisation.party_id


@pytest.mark.parametrize("name", ["opening", "bidder", "v", "signature", "idempotency_key"])
def test_strange_values_in_a_statement_are_refused_in_words(
    world: make.World, record: OpeningRecord, name: str
) -> None:
    (who,) = _bidders(world, "捣乱的公司")
    for value in [*STRANGE, None, -1, 2**60, 1.5, float("nan"), "0" * 64 + "\n", [[[[]]]] * 3]:
        body = make.seal_body(who, record, 100_000)
        body["statement"][name] = value
        assert _refused(partial(make.seal_request, world, who, body))


@pytest.mark.parametrize("name", ["sequence", "envelope_size", "files_size"])
def test_strange_numbers_in_a_statement_are_refused_in_words(
    world: make.World, record: OpeningRecord, name: str
) -> None:
    (who,) = _bidders(world, "捣乱的公司")
    for value in [*STRANGE, None, -1, 2**60, 10**400, 1.5, float("nan"), float("inf")]:
        body = make.seal_body(who, record, 100_000)
        body["statement"][name] = value
        assert _refused(partial(make.seal_request, world, who, body))


def test_whoever_is_not_approved_fills_no_disk(world: make.World, record: OpeningRecord) -> None:
    with world.platform.database.write() as session:
        company = make.organisation(
            session, OrganisationKind.COMPANY, "刚注册的公司", status=Standing.PENDING
        )
        stranger = make.member(session, Role.BIDDER, company)
    settings = world.platform.settings
    before = list(settings.data.glob("uploads/*/*"))

    def begin() -> None:
        with world.platform.database.write() as session:
            uploads.create_upload(
                session, stranger, record.opening_id, 2**31, settings=settings,
                now=world.clock.now(),
            )  # fmt: skip

    assert _refused(begin) == "bidder.not_approved"
    assert list(settings.data.glob("uploads/*/*")) == before


def test_nobody_writes_into_or_seals_with_another_persons_upload(
    world: make.World, record: OpeningRecord
) -> None:
    owner, thief = _bidders(world, "守信公司", "窃用的公司")
    upload = _upload(world, owner, record)
    assert _refused(lambda: _append(world, thief, upload, b"y")) == "upload.unknown"
    body = _with_files(world, thief, record, upload)
    request = make.seal_request(world, thief, body)
    assert _refused(lambda: Committer(world.platform).seal(request)) == "upload.unknown"


def test_one_upload_serves_one_bid_and_does_not_change_after_it(
    world: make.World, record: OpeningRecord
) -> None:
    (who,) = _bidders(world, "守信公司")
    upload, committer = _upload(world, who, record), Committer(world.platform)
    committer.seal(make.seal_request(world, who, _with_files(world, who, record, upload)))
    for offset in (0, 99, 100, 2**60):
        again = _refused(partial(_append, world, who, upload, b"z", offset))
        assert again == "upload.offset"
    body = make.seal_body(who, record, 5, sequence=2, files_size=100, files_digest="0" * 64)
    second = make.seal_request(world, who, {**body, "upload": upload})
    assert _refused(lambda: committer.seal(second)) == "upload.taken"


def test_a_key_revoked_while_a_bid_waits_signs_nothing(
    world: make.World, record: OpeningRecord
) -> None:
    (who,) = _bidders(world, "守信公司")
    request = make.seal_request(world, who, make.seal_body(who, record, 100_000))
    with world.platform.database.write() as session:
        key = session.scalars(
            select(BidderKey).where(BidderKey.organisation_id == who.organisation.id)
        ).one()
        key.revoked_at = world.clock.now()
    assert _refused(lambda: Committer(world.platform).seal(request)) == "bid.key_revoked"


def test_a_withdrawal_is_not_replayed_against_a_later_bid_nor_signed_by_another(
    world: make.World, record: OpeningRecord
) -> None:
    who, other = _bidders(world, "守信公司", "对手公司")
    committer = Committer(world.platform)

    def seal(sequence: int) -> SealedBid:
        body = make.seal_body(who, record, 100_000, sequence=sequence)
        receipt = committer.seal(make.seal_request(world, who, body))
        with world.platform.database.read() as session:
            return session.get_one(SealedBid, receipt["entry"]["bid"])

    def withdraw(bid: SealedBid, statement: dict[str, Any], by: make.Bidder = who) -> None:
        platform = world.platform
        with platform.database.write() as session:
            withdraw_bid(
                session, by.actor, bid.id, statement, clock=world.clock,
                settings=platform.settings,
            )  # fmt: skip

    def statement(bid: SealedBid, signer: make.Bidder = who) -> dict[str, Any]:
        wanted = {
            "v": "withdraw/v1", "opening": bid.opening_id, "bidder": bid.party_id,
            "bid": bid.id, "sequence": bid.sequence,
        }  # fmt: skip
        return statements.sign_ecdsa(wanted, signer.key)

    first = seal(1)
    good = statement(first)
    assert _refused(lambda: withdraw(first, statement(first, other))) == "bid.signature"
    assert _refused(lambda: withdraw(first, good, other)) == "forbidden"
    second = seal(2)
    assert _refused(lambda: withdraw(second, good)) == "withdrawal.form"
    assert _refused(lambda: withdraw(first, good)) == "bid.not_standing"
    for broken in ({}, {**good, "sequence": "1"}, {**good, "x": 1}, {**good, "bid": None}):
        assert _refused(partial(withdraw, second, broken)) == "withdrawal.form"


def test_bytes_around_the_envelope_are_not_sealed_for_this_opening(
    world: make.World, record: OpeningRecord
) -> None:
    (who,) = _bidders(world, "捣乱的公司")
    good = make.seal_body(who, record, 100_000)
    sealed = encoding.unb64u(good["envelope"])
    for data in (b"", b"\n" + sealed, sealed[:200], sealed.replace(b"\n", b"\r\n"), b"\xff" * 5000):
        body = make.seal_body(who, record, 100_000, envelope=data)
        code = _refused(partial(make.seal_request, world, who, body))
        assert code == "bid.not_sealed"
