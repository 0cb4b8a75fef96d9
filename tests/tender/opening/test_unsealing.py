"""Opened files: stored once, whole, under the digest that the bidder's manifest states."""

from __future__ import annotations

import hashlib
import io
import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from keys import encoding, envelope
from keys.records import OpeningRecord
from tender.bids.committer import Committer
from tender.bids.models import Upload
from tender.bids.uploads import SLICE, upload_path
from tender.core.files import adopt_blob, blob_path
from tender.opening import ticking, unsealing
from tender.opening.releases import take_release
from tests.tender import factories as make

PLAN, DRAWING = b"a plan of the pond " * 9000, secrets.token_bytes(9_000_000)


@pytest.fixture
def world(tmp_path: Path) -> make.World:
    return make.world(tmp_path)


def _record(world: make.World) -> OpeningRecord:
    return make.only_record(world, make.open_tender(world, minimum=1))


def _bid(world: make.World, record: OpeningRecord, files: list[bytes]) -> str:
    """Seal and submit a bid with files; gives the id of its upload."""
    out = io.BytesIO()
    with world.platform.database.write() as session:
        bidder = make.bidder(session, "清源县丰水养殖有限公司")
        sealed = envelope.seal(
            record, bidder=bidder.organisation.party_id, sequence=1, signer=bidder.key,
            prices_fen={record.lot: 250_000}, out_files=out,
            files=[(f"{n}.pdf", io.BytesIO(data)) for n, data in enumerate(files)],
        )  # fmt: skip
        data = out.getvalue()
        pieces = [data[start : start + SLICE] for start in range(0, len(data), SLICE)]
        upload = Upload(
            owner_id=bidder.organisation.id, opening_id=record.opening_id, length=len(data),
            offset=len(data), slices=[encoding.sha256_hex(piece) for piece in pieces],
            created_at=world.clock.now(),
        )  # fmt: skip
        session.add(upload)
        session.flush()
    path = upload_path(world.platform.settings, upload.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    body = make.seal_body(
        bidder, record, 0, envelope=sealed.envelope,
        files_digest=sealed.files_digest, files_size=sealed.files_size,
    )  # fmt: skip
    request = make.seal_request(world, bidder, body | {"upload": upload.id})
    Committer(world.platform).seal(request)
    return upload.id


def _judge(world: make.World, record: OpeningRecord) -> list[unsealing.Judged]:
    """Close the opening, release three keys, judge all bids."""
    world.clock.moment = record.not_before + timedelta(seconds=1)
    assert ticking.close_due(world.platform) == 1
    with world.platform.database.write() as session:
        for keeper in world.keepers[:3]:
            statement = keeper.release(record, world.clock.now(), "1 root")
            take_release(session, statement, now=world.clock.now())
    return unsealing.judge_opening(world.platform, record.opening_id)


def test_opened_files_lie_in_the_store_once_and_nothing_else_is_left(world: make.World) -> None:
    record = _record(world)
    for _ in range(3):
        _bid(world, record, [PLAN, DRAWING, b""])
    settings = world.platform.settings
    judged = _judge(world, record)
    wanted = [hashlib.sha256(data).hexdigest() for data in (PLAN, DRAWING, b"")]
    assert [[file["sha256"] for file in each.stored] for each in judged] == [wanted] * 3
    assert [file["size"] for file in judged[0].stored] == [len(PLAN), len(DRAWING), 0]
    for data, digest in zip((PLAN, DRAWING, b""), wanted, strict=True):
        assert blob_path(settings.store, digest).read_bytes() == data
    stored = [path.name for path in settings.store.rglob("*") if path.is_file()]
    assert sorted(stored) == sorted(wanted)
    assert list((settings.data / "run").glob("opening-*")) == []


def test_bids_are_judged_in_the_order_of_the_ledger(world: make.World) -> None:
    record = _record(world)
    for number in range(6):
        _bid(world, record, [DRAWING] if number == 0 else [PLAN])
    judged = _judge(world, record)
    places = [each.bid.ledger_seq for each in judged]
    assert places == sorted(places)
    assert [each.judgement.files for each in judged] == ["opened"] * 6


def test_files_that_the_platform_spoilt_are_not_stored(world: make.World) -> None:
    record = _record(world)
    upload = upload_path(world.platform.settings, _bid(world, record, [PLAN]))
    _bid(world, record, [DRAWING])
    spoilt = bytearray(upload.read_bytes())
    spoilt[1000] ^= 1
    upload.write_bytes(spoilt)
    first, second = _judge(world, record)
    assert (first.judgement.files, first.stored) == ("custody_fault", [])
    assert second.judgement.files == "opened"
    assert not blob_path(world.platform.settings.store, encoding.sha256_hex(PLAN)).exists()


def test_a_file_is_moved_into_the_store_and_replaces_its_like(tmp_path: Path) -> None:
    store, digest = tmp_path / "store", encoding.sha256_hex(PLAN)
    for _ in range(2):
        source = tmp_path / "0001"
        source.write_bytes(PLAN)
        assert adopt_blob(store, source, digest) == len(PLAN)
        assert not source.exists()
    assert blob_path(store, digest).read_bytes() == PLAN
    assert blob_path(store, digest).stat().st_mode & 0o777 == 0o600


def test_no_link_is_moved_into_the_store(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(PLAN)
    link = tmp_path / "0001"
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        adopt_blob(tmp_path / "store", link, encoding.sha256_hex(PLAN))
