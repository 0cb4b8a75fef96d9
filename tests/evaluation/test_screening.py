"""The screening job: killed and taken up again, sliced, limited; and the market it counts."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings import screening
from evaluation.findings.inputs.limited import Bounds, Child, Unfinished
from evaluation.findings.screening import run_screens
from evaluation.models import FindingRow, ScreenRun, ScreenStatus
from evaluation.ticking import screen_opened
from tender.bids.models import BidStatus, SealedBid
from tender.core.ids import new_id
from tender.core.outbox import OutboxRow
from tender.opening.models import Opening, OpeningStatus, VerdictRow
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.models import Lot, LotStatus, Tender, TenderStatus
from tests.evaluation import county as make
from tests.evaluation.compare.documents import docx
from tests.evaluation.test_screened_files import passage, text
from tests.house import ROOT

WORKER = """
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from evaluation.findings.screening import run_screens
from tests.tender.factories import platform
run_screens(platform(Path(sys.argv[1]), moment=datetime.fromisoformat(sys.argv[3])),
            {"run": sys.argv[2]})
"""


def _ordered(place: make.County) -> str:
    assert screen_opened(place.world.platform) == 1
    run_id: str = place.read(lambda session: session.scalars(select(ScreenRun.id)).one())
    return run_id


def _progress(place: make.County, run_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = place.read(
        lambda session: session.get_one(ScreenRun, run_id).progress
    )
    return rows


def _copied(place: make.County) -> Tender:
    made = make.works_tender(place)
    for number, words in enumerate(
        ([*text(3, 6), *passage()], [*passage(), *text(4, 6)], text(5, 8))
    ):
        make.bid_with_files(
            place, made, f"建设公司{number}", 300_000_000 + number, {"技术标.docx": docx(words)}
        )
    make.open_all(place, made)
    return made


def test_a_killed_worker_is_taken_over_and_every_finding_comes_once(place: make.County) -> None:
    _copied(place)
    run_id, data = _ordered(place), place.world.platform.settings.data
    moment = place.world.clock.now().isoformat()
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(data), run_id, moment], cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    stop = time.monotonic() + 60
    while not any(step["code"] == "U" for step in _progress(place, run_id)):
        assert worker.poll() is None, "the worker was done before it could be killed"
        assert time.monotonic() < stop
        time.sleep(0.02)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    before = _progress(place, run_id)
    make.finish_screening(place, run_id)
    after = _progress(place, run_id)
    assert after[: len(before)] == before
    assert len({(step["lot"], step["code"]) for step in after}) == len(after)
    rows = place.read(lambda session: session.scalars(select(FindingRow)).all())
    assert [row.code for row in rows] == ["T1"]
    run_screens(place.world.platform, {"run": run_id})
    assert _progress(place, run_id) == after


def test_a_slice_ends_in_time_and_orders_the_next(
    place: make.County, monkeypatch: pytest.MonkeyPatch
) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {"甲": 120_000, "乙": 121_000, "丙": 122_500})
    make.open_all(place, tender)
    run_id = _ordered(place)
    monkeypatch.setattr(screening, "SLICE", -1.0)
    run_screens(place.world.platform, {"run": run_id})
    waiting = select(OutboxRow).where(OutboxRow.kind == "screens.run")
    assert len(place.read(lambda session: session.scalars(waiting).all())) == 2
    assert place.read(lambda s: s.get_one(ScreenRun, run_id)).status is ScreenStatus.RUNNING
    monkeypatch.undo()
    make.finish_screening(place, run_id)


def test_a_list_that_cannot_be_used_is_told_and_stops_no_other_screen(place: make.County) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {"甲": 120_000, "乙": 121_000, "丙": 122_500})
    make.open_all(place, tender)
    (place.world.platform.settings.data / "known.toml").write_text('networks = ["nowhere"]')
    run_id = _ordered(place)
    run_screens(place.world.platform, {"run": run_id})
    failed = {step["code"] for step in _progress(place, run_id) if step.get("failed")}
    assert failed == {"P2", "P1", "H5", "H1", "D1", "X1"}
    assert place.read(lambda s: s.get_one(ScreenRun, run_id)).status is ScreenStatus.DONE


def test_a_screen_beyond_its_memory_or_time_is_unfinished_and_no_crash(tmp_path: Path) -> None:
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (200 << 20))
    request = {"do": "index", "index": str(tmp_path), "files": [
        {"name": "a", "sha256": "b", "read": str(large)}]}  # fmt: skip
    with Child(Bounds(memory=400 << 20)) as child:
        with pytest.raises(Unfinished, match="memory"):
            child.ask(request)
        with pytest.raises(Unfinished, match="longer"):
            child.ask(request, seconds=0.05)
        nothing = {"do": "index", "index": str(tmp_path), "files": []}
        assert child.ask(nothing) == 0


def _past_lot(
    place: make.County, session: Session, number: int, bids: list[tuple[str, int]]
) -> None:
    """A lot opened some days ago, as the opening would have left it."""
    world, at = place.world, make.START - timedelta(days=400 - 3 * number)
    tender = Tender(
        number=f"T-2025-{number:04d}", title=f"历史工程{number}", kind=Kind.CONSTRUCTION,
        direction=Direction.PURCHASE, method=Method.COMPREHENSIVE_SCORING,
        organisation_id=world.village.id, scope=world.village.path, status=TenderStatus.FAILED,
        facts={}, minimum=3, threshold=3, custodian_ids=[], deadline=at, published_at=at,
        created_by="x", created_at=at, changed_at=at,
    )  # fmt: skip
    session.add(tender)
    session.flush()
    opening = secrets.token_hex(32)
    lot = Lot(
        tender_id=tender.id, number="1", name="一标段", status=LotStatus.OPENED,
        price_basis="total", quantity=1, unit="项", term=1, limit_fen=None, opening_id=opening,
    )  # fmt: skip
    session.add(lot)
    session.flush()
    session.add(
        Opening(
            opening_id=opening, tender_id=tender.id, lot_id=lot.id, count=len(bids), last_seq=0,
            status=OpeningStatus.PERFORMED, closed_seq=0, closed_at=at, performed_at=at,
            performed_seq=0,
        )
    )  # fmt: skip
    session.flush()
    for order, (name, price) in enumerate(bids):
        _past_bid(place, session, lot, name, price, 20 * number + order)


def _past_bid(
    place: make.County, session: Session, lot: Lot, name: str, price: int, order: int
) -> None:
    who, at = place.bidders[name].organisation, make.START
    bid = SealedBid(
        id=new_id(), opening_id=lot.opening_id, tender_id=lot.tender_id, lot_id=lot.id,
        organisation_id=who.id, party_id=who.party_id, person_id="x", sequence=1,
        status=BidStatus.OPENED, envelope_sha256="0" * 64, envelope_size=1,
        certificate_sha256="0" * 64, statement={}, idempotency_key=new_id(), submitted_at=at,
        ledger_seq=-100_000 + order, receipt={},
    )  # fmt: skip
    session.add(bid)
    session.flush()
    session.add(
        VerdictRow(
            bid_id=bid.id, opening_id=bid.opening_id, verdict="opened", files="none",
            price_fen=price, manifest={}, stored=[],
        )
    )  # fmt: skip


RING, OTHERS = ("环一", "环二"), tuple(f"散户{n}" for n in range(8))


@pytest.fixture
def market(place: make.County) -> make.County:
    """Seventy past tenders: two firms always meet, repeat one ratio and win by turns."""
    drawn = random.Random(3)
    for name in (*RING, *OTHERS):
        make.new_bidder(place, name)

    def fill(session: Session) -> None:
        for number in range(70):
            size = drawn.randint(200_000_000, 400_000_000)
            names = drawn.sample(OTHERS, 4)
            bids = [(name, int(size * drawn.uniform(1.0, 1.25))) for name in names]
            if number % 3 == 0:
                first, second = RING if number % 6 else RING[::-1]
                low = int(size * 0.93)
                bids += [(first, low), (second, low * 1025 // 1000)]
            _past_lot(place, session, number, bids)

    place.write(fill)
    return place


def test_the_past_is_taken_in_once_and_a_ring_stands_out(market: make.County) -> None:
    prices = {RING[0]: 279_000_000, RING[1]: 285_975_000, OTHERS[0]: 310_000_000}
    findings = _screen_new(market, prices)
    ring = {market.bidders[name].organisation.id for name in RING}
    networked = [row for row in findings if row.code.startswith("N")]
    assert {row.code for row in networked} & {"N1", "N2", "N6"}
    assert all(set(row.bidders) == ring for row in networked)
    assert all(row.strength == "C" for row in networked)
    labels = [line["label"] for line in networked[0].content["exhibits"][0]["rows"]]
    assert any(label.startswith("T-2025-") for label in labels)


def test_prices_unlike_the_market_are_told_with_their_population(market: make.County) -> None:
    close = {RING[0]: 300_000_000, OTHERS[0]: 300_010_000, OTHERS[1]: 300_030_000,
             OTHERS[2]: 300_035_000}  # fmt: skip
    [row] = [row for row in _screen_new(market, close) if row.code == "S-CV"]
    assert len(row.content["plot"]["values"]) == 70
    assert row.content["counts"]["past"] == 70
    assert row.content["percentile"] > 0.99


def test_an_ordinary_tender_of_honest_bidders_raises_nothing(market: make.County) -> None:
    honest = {OTHERS[0]: 310_400_000, OTHERS[1]: 342_900_000, OTHERS[2]: 361_200_000,
              OTHERS[3]: 318_700_000}  # fmt: skip
    assert [row.code for row in _screen_new(market, honest)] == []


def _screen_new(place: make.County, prices: dict[str, int]) -> list[FindingRow]:
    tender = make.works_tender(place)
    make.bid(place, tender, prices)
    make.open_all(place, tender)
    make.screen(place)
    query = select(FindingRow).where(FindingRow.tender_id == tender.id)
    rows: list[FindingRow] = place.read(lambda session: session.scalars(query).all())
    return rows
