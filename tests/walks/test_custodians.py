"""Real custodian agents against the real platform over HTTP, from the deposit to verified files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

import wsgi
from keys import encoding, notes, verify
from keys.custodian import policy, stock
from keys.custodian.agent import Agent
from keys.custodian.home import Config, make_home
from keys.custodian.store import Store
from keys.custodian.wire import Platform
from keys.errors import Refused
from keys.records import OpeningRecord
from keys.verify_report import Report
from tender.accounts.authority import ensure_centre
from tender.bids.committer import Committer
from tender.core.platform import Platform as Installation
from tender.ledger.signing import note_key
from tender.opening.export import export_tender
from tender.opening.models import Opening, OpeningStatus
from tender.procedure.custody import opening_records
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.models import Custodian, CustodianKeyRow, Lot, LotStatus, Tender, TenderStatus
from tests.tender import factories as make

PASSPHRASE = "a long passphrase"


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        return


@pytest.fixture
def world(tmp_path: Path) -> make.World:
    made = make.world(tmp_path / "platform")
    ensure_centre(made.platform.settings, "清源县公共资源交易中心", now=made.clock.now())
    return made


@pytest.fixture
def address(world: make.World) -> Iterator[str]:
    app = wsgi.create_app(world.platform)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
    world.platform.database.close()


@dataclass
class Office:
    """A custodian with an agent of its own; `ahead` is how far its clock is off."""

    name: str
    identity: str
    agent: Agent
    ahead: timedelta = timedelta()


@pytest.fixture
def offices(world: make.World, address: str, tmp_path: Path) -> Iterator[list[Office]]:
    made = [_office(world, address, tmp_path / f"office-{number}") for number in range(5)]
    with world.platform.database.write() as session:
        for row, office in zip(session.scalars(select(Custodian)), made, strict=True):
            row.identity = office.identity
            row.name = office.name
        world.custodian_ids = [row.id for row in session.scalars(select(Custodian))]
    with world.platform.database.write() as session:
        for key in session.scalars(select(CustodianKeyRow)):
            key.void = True
    yield made
    for office in made:
        office.agent.store.close()
        office.agent.platform.close()


def _office(world: make.World, address: str, root: Path) -> Office:
    key = Ed25519PrivateKey.generate()
    platform = world.platform.settings.platform
    config = Config(
        name=f"保管人{root.name}",
        identity=encoding.b64u(notes.public_bytes(key)),
        platform=address,
        platform_id=platform,
        platform_key=str(note_key(world.platform.settings)),
        sandbox=True,
        poll_seconds="0.1",
        ca=None,
    )
    home = make_home(root, config, key, PASSPHRASE)
    office = Office(config.name, config.identity, agent=None)  # type: ignore[arg-type]  # set below
    office.agent = Agent(
        home,
        Store(root / "agent.sqlite"),
        Platform(address, timeout=10),
        PASSPHRASE,
        lambda: world.clock.now() + office.ahead,
    )
    return office


def _rounds(offices: list[Office], times: int = 1) -> None:
    for _ in range(times):
        for office in offices:
            office.agent._pause.clear()
            office.agent.round()


def _tender(world: make.World, offices: list[Office]) -> tuple[Tender, OpeningRecord]:
    """A village lease whose record the agents are asked to accept."""
    now = world.clock.now()
    with world.platform.database.write() as session:
        tender = Tender(
            number="T-2026-walk", title="柳溪村鱼塘承包经营权出租",
            kind=Kind.VILLAGE, direction=Direction.DISPOSAL,
            method=Method.SEALED_HIGHEST_PRICE,
            organisation_id=world.village.id, scope=world.village.path,
            status=TenderStatus.PUBLISHED, facts={}, minimum=3, threshold=3,
            custodian_ids=world.custodian_ids, deadline=now + timedelta(days=10),
            published_at=now, created_by=world.agent.person_id, created_at=now, changed_at=now,
        )  # fmt: skip
        session.add(tender)
        session.flush()
        lot = Lot(
            tender_id=tender.id, number="1", name="1号鱼塘", status=LotStatus.PREPARED,
            price_basis="per_year", quantity=Decimal(30), unit="亩", term=Decimal(5),
            limit_fen=100_000,
        )  # fmt: skip
        session.add(lot)
        session.flush()
        lot.tender = tender
        record = opening_records.draw_up_record(
            session, world.platform.settings, tender, lot, now=now
        )
    wsgi.tick(world.platform, seconds=0)
    _rounds(offices)
    with world.platform.database.write() as session:
        assert len(opening_records.acceptances(session, record.opening_id)) == 5
        session.scalars(select(Lot)).one().status = LotStatus.OPEN
    return tender, record


def _bid(installation: Installation, world: make.World, record: OpeningRecord, name: str) -> None:
    with installation.database.write() as session:
        bidder = make.bidder(session, name)
    request = make.seal_request(world, bidder, make.seal_body(bidder, record, 500_00))
    Committer(installation).seal(request)


def test_agents_open_a_lot_of_the_real_platform(
    world: make.World, offices: list[Office], tmp_path: Path
) -> None:
    for office in offices:
        stock.make_batch(office.agent.home, office.agent.store, PASSPHRASE, 4, world.clock.now())
    wsgi.tick(world.platform, seconds=0)
    _rounds(offices)
    _, record = _tender(world, offices)
    for number in range(3):
        _bid(world.platform, world, record, f"公司{number}")
    wsgi.tick(world.platform, seconds=0)
    _rounds(offices)
    world.clock.moment = record.not_before + timedelta(seconds=1)
    for office in offices[3:]:
        office.ahead = -timedelta(hours=1)
    wsgi.tick(world.platform, seconds=0)
    _rounds(offices, 2)
    _released(offices, record, [True, True, True, False, False])
    wsgi.tick(world.platform, seconds=0)
    with world.platform.database.read() as session:
        assert session.get_one(Opening, record.opening_id).status is OpeningStatus.PERFORMED
    for office in offices[3:]:
        office.ahead = timedelta()
    _rounds(offices, 2)
    _released(offices, record, [True] * 5)
    assert not any(office.agent.store.journal("alarm") for office in offices)
    folder = tmp_path / "export"
    export_tender(world.platform, folder, number=None, with_files=True)
    report = Report()
    verify.verify(folder, report)
    assert report.failures == []
    assert report.facts["bids"] == 3


def _released(offices: list[Office], record: OpeningRecord, wanted: list[bool]) -> None:
    given = [o.agent.store.statement("release", record.opening_id) is not None for o in offices]
    assert given == wanted


def test_the_platform_cannot_have_a_key_twice(world: make.World, offices: list[Office]) -> None:
    for office in offices:
        stock.make_batch(office.agent.home, office.agent.store, PASSPHRASE, 4, world.clock.now())
    wsgi.tick(world.platform, seconds=0)
    _rounds(offices)
    _, record = _tender(world, offices)
    watched = offices[0].agent.store.watched(record.opening_id)
    assert watched is not None
    other = replace(watched.opening.record, lot="2")
    watched.opening.record = other
    with pytest.raises(Refused) as caught:
        policy.may_accept(offices[0].agent.home, offices[0].agent.store, watched, world.clock.now())
    assert caught.value.code == "key_used"
