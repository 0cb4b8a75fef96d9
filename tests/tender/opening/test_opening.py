"""A lot's way from the deadline to plain files that the separate verifier accepts."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from keys import encoding, merkle, notes, verify
from keys.records import OpeningRecord
from keys.verify_report import Report
from tender.accounts.authority import ensure_centre
from tender.bids.committer import Committer
from tender.core.errors import DomainError
from tender.ledger import checkpoints
from tender.ledger.models import LedgerCheckpoint, LedgerEntry
from tender.ledger.signing import signing_key
from tender.ledger.ticking import sign_if_grown
from tender.opening import ticking
from tender.opening.export import export_tender
from tender.opening.models import Opening, OpeningStatus, VerdictRow
from tender.opening.releases import take_release
from tender.procedure.models import Tender, TenderStatus
from tests.tender import factories as make


@pytest.fixture
def world(world: make.World) -> make.World:
    """A platform whose centre can sign."""
    settings = world.platform.settings
    ensure_centre(settings, "清源县公共资源交易中心", now=world.clock.now())
    return world


def _bid(world: make.World, record: OpeningRecord, name: str, price: int) -> None:
    with world.platform.database.write() as session:
        bidder = make.bidder(session, name)
    request = make.seal_request(world, bidder, make.seal_body(bidder, record, price))
    Committer(world.platform).seal(request)


def _witness(world: make.World, keepers: list[make.Keeper]) -> str:
    """Sign and co-sign the newest checkpoint; gives it as releases name it."""
    sign_if_grown(world.platform)
    with world.platform.database.write() as session:
        newest = checkpoints.newest(session)
        assert newest is not None
        text = notes.parse_note(newest.note).text
        for keeper in keepers:
            checkpoints.add_cosignature(
                session,
                text=text,
                line=notes.cosign(text, keeper.identity, world.clock.now()),
                identity=keeper.public,
                now=world.clock.now(),
            )
        return notes.parse_checkpoint(text).brief


def _release(
    world: make.World, record: OpeningRecord, keepers: list[make.Keeper], brief: str
) -> None:
    for keeper in keepers:
        with world.platform.database.write() as session:
            statement = keeper.release(record, world.clock.now(), brief)
            take_release(session, statement, now=world.clock.now())


def test_three_of_five_open_all_bids_and_strangers_can_check_it(
    world: make.World, tmp_path: Path
) -> None:
    tender = make.open_tender(world)
    record = make.only_record(world, tender)
    for name, price in (("甲", 120_000), ("乙", 150_000), ("丙", 130_000)):
        _bid(world, record, name, price)
    assert ticking.close_due(world.platform) == 0
    world.clock.moment = record.not_before + timedelta(seconds=1)
    assert ticking.close_due(world.platform) == 1
    assert ticking.close_due(world.platform) == 0
    keepers = world.keepers[:3]
    brief = _witness(world, keepers)
    _release(world, record, keepers[:2], brief)
    assert ticking.open_ready(world.platform) == 0
    _release(world, record, keepers[2:], brief)
    assert ticking.open_ready(world.platform) == 1
    assert ticking.open_ready(world.platform) == 0
    with world.platform.database.read() as session:
        prices = session.scalars(select(VerdictRow.price_fen)).all()
        assert sorted(price or 0 for price in prices) == [120_000, 130_000, 150_000]
        assert session.get_one(Tender, tender.id).status is TenderStatus.OPENED
    _witness(world, keepers)
    target = tmp_path / "export"
    export_tender(world.platform, target, number=None, with_files=True)
    result = subprocess.run(
        [sys.executable, "-m", "keys", "verify", str(target)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["verified"] is True
    assert summary["bids"] == 3
    changed = next((target / "openings").glob("*/verdicts.json"))
    changed.write_bytes(changed.read_bytes().replace(b"150000", b"150001"))
    result = subprocess.run(
        [sys.executable, "-m", "keys", "verify", str(target)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert result.returncode == 1


def test_an_export_at_any_moment_verifies_or_asks_to_wait(
    world: make.World, tmp_path: Path
) -> None:
    """Closed but not co-signed; enough releases but not opened; opened but not co-signed."""
    tender = make.open_tender(world)
    record = make.only_record(world, tender)
    for name, price in (("甲", 120_000), ("乙", 150_000), ("丙", 130_000)):
        _bid(world, record, name, price)
    keepers = world.keepers[:3]
    _witness(world, keepers)
    assert _exported(world, tmp_path / "open")["bids"] == 0
    world.clock.moment = record.not_before + timedelta(seconds=1)
    ticking.close_due(world.platform)
    assert _waits(world, tmp_path / "closed")
    brief = _witness(world, keepers)
    assert _exported(world, tmp_path / "cosigned")["bids"] == 3
    _release(world, record, keepers, brief)
    sealed = tmp_path / "released"
    assert _exported(world, sealed)["bids"] == 3
    assert next(sealed.glob("openings/*/releases.jsonl")).read_bytes() == b""
    ticking.open_ready(world.platform)
    assert _waits(world, tmp_path / "opened")
    _witness(world, keepers)
    opened = tmp_path / "performed"
    assert _exported(world, opened)["bids"] == 3
    assert next(opened.glob("openings/*/releases.jsonl")).read_bytes().count(b"\n") == 3


def test_an_acceptance_after_the_exported_checkpoint_stays_behind(
    world: make.World, tmp_path: Path
) -> None:
    make.open_tender(world)
    settings = world.platform.settings
    with world.platform.database.write() as session:
        accepted = select(LedgerEntry.seq).where(LedgerEntry.event == "opening.accepted")
        first, *later = session.scalars(accepted.order_by(LedgerEntry.seq))
        assert len(later) == 4
        leaves = select(LedgerEntry.leaf).where(LedgerEntry.seq <= first)
        root = merkle.root(session.scalars(leaves.order_by(LedgerEntry.seq)).all())
        note = notes.sign_checkpoint(settings.platform, first + 1, root, signing_key(settings))
        session.add(
            LedgerCheckpoint(size=first + 1, root=root, note=note, signed_at=world.clock.now())
        )
    target = tmp_path / "early"
    assert export_tender(world.platform, target, number=None, with_files=True) == first + 1
    (accepts,) = target.glob("openings/*/accepts.jsonl")
    assert accepts.read_bytes().count(b"\n") == 1


def _exported(world: make.World, target: Path) -> dict[str, Any]:
    export_tender(world.platform, target, number=None, with_files=True)
    report = Report()
    verify.verify(target, report)
    assert report.failures == []
    return report.facts


def _waits(world: make.World, target: Path) -> bool:
    with pytest.raises(DomainError) as refusal:
        export_tender(world.platform, target, number=None, with_files=True)
    assert not target.exists()
    return refusal.value.code == "export.waiting"


def test_with_too_few_bids_nothing_is_released_and_the_tender_fails(world: make.World) -> None:
    tender = make.open_tender(world)
    record = make.only_record(world, tender)
    _bid(world, record, "甲", 120_000)
    world.clock.moment = record.not_before
    assert ticking.close_due(world.platform) == 1
    brief = _witness(world, world.keepers)
    with pytest.raises(DomainError) as refusal:
        _release(world, record, world.keepers, brief)
    assert refusal.value.code == "release.too_few"
    with world.platform.database.read() as session:
        assert session.get_one(Tender, tender.id).status is TenderStatus.FAILED
        assert session.get_one(Opening, record.opening_id).status is OpeningStatus.TOO_FEW


def test_a_release_before_the_closing_is_not_kept(world: make.World) -> None:
    record = make.only_record(world, make.open_tender(world))
    with pytest.raises(DomainError) as refusal:
        _release(world, record, world.keepers[:1], f"1 {encoding.b64u(bytes(32))}=")
    assert refusal.value.code in ("release.early", "release.invalid")
