"""A county whose tenders are published, bid for and opened, with experts, people and their web."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

import wsgi
from evaluation.findings.screening import run_screens
from evaluation.models import ScreenRun, ScreenStatus
from evaluation.ticking import screen_opened
from keys import envelope
from keys.records import OpeningRecord
from tender.accounts.authority import ensure_centre
from tender.accounts.models import ExpertProfile, Organisation, OrganisationKind, Standing
from tender.bids.committer import Committer
from tender.bids.models import Upload
from tender.bids.uploads import SLICE, upload_path
from tender.core.actor import Actor, Role
from tender.ledger.ticking import sign_if_grown
from tender.opening import ticking
from tender.opening.models import Opening, OpeningStatus
from tender.opening.releases import take_release
from tender.opening.results import OpenedBid, judged_bids
from tender.procedure.custody import opening_records
from tender.procedure.custody.opening_records import record_of
from tender.procedure.facts import lots_of, public_facts
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.models import Criterion, Lot, LotStatus, Tender, TenderStatus
from tender.procedure.notices import tender_notice
from tender.publication.service import publish
from tests.tender import factories as make

START = make.START

CRITERIA = (
    ("Q1", "资格评审", "营业执照有效", "review", "0"),
    ("T1", "技术", "施工方案", "subjective", "40"),
    ("T2", "技术", "项目人员", "subjective", "20"),
    ("P1", "价格", "报价", "price", "40"),
)


@dataclass
class County:
    """A world with a county's people and a web application over it."""

    world: make.World
    county: Organisation
    clerk: Actor
    supervisor: Actor
    auditor: Actor
    app: Flask
    people: dict[str, Actor] = field(default_factory=dict)
    experts: list[Actor] = field(default_factory=list)
    bidders: dict[str, make.Bidder] = field(default_factory=dict)

    def client(self, actor: Actor | None) -> FlaskClient:
        """A browser signed in as somebody."""
        made = self.app.test_client()
        if actor is not None:
            self.people[actor.membership_id] = actor
            made.set_cookie("sid", actor.membership_id)
        return made

    def write(self, work: Callable[[Session], Any]) -> Any:
        """Run something in one write transaction."""
        with self.world.platform.database.write() as session:
            return work(session)

    def read(self, work: Callable[[Session], Any]) -> Any:
        """Run something in a read session."""
        with self.world.platform.database.read() as session:
            return work(session)

    def tender(self, tender_id: str) -> Tender:
        """The tender as it stands."""
        found: Tender = self.read(lambda session: session.get_one(Tender, tender_id))
        return found


def county(data: Path) -> County:
    """A county with clerk, supervisor, auditor and the centre's keys."""
    world = make.world(data)
    settings = world.platform.settings
    ensure_centre(settings, "清源县公共资源交易中心", now=world.clock.now())
    with world.platform.database.write() as session:
        top = session.scalars(
            select(Organisation).where(Organisation.kind == OrganisationKind.COUNTY)
        ).one()
        department = make.organisation(session, OrganisationKind.DEPARTMENT, "县发展和改革局", top)
        department.path = top.path
        clerk = make.member(session, Role.COUNTY_CLERK, top, "县经办")
        supervisor = make.member(session, Role.SUPERVISOR, department, "监督员")
        auditor = make.member(session, Role.AUDITOR, top, "审计员")
    app = wsgi.create_app(world.platform)
    app.config.update(WTF_CSRF_ENABLED=False)
    made = County(world, top, clerk, supervisor, auditor, app)
    app.extensions["identify"] = lambda session, token, now: made.people.get(token)
    return made


def works_tender(
    place: County, *, lots: int = 1, method: Method = Method.COMPREHENSIVE_SCORING, **changes: Any
) -> Tender:
    """A works tender with criteria, its records accepted, its notice published."""
    columns: dict[str, Any] = {
        "kind": Kind.CONSTRUCTION, "direction": Direction.PURCHASE, "method": method,
        "title": "白石镇敬老院改造工程", "minimum": 3,
        "facts": {"contact": {"name": "老王", "phone": "0570-1"}}, **changes,
    }  # fmt: skip
    limit = columns.pop("limit_fen", 500_000_000)
    world, now = place.world, place.world.clock.now()
    with world.platform.database.write() as session:
        tender = Tender(
            number=f"T-2026-{secrets.token_hex(4)}", organisation_id=world.village.id,
            scope=world.village.path, status=TenderStatus.PUBLISHED,
            threshold=3, custodian_ids=world.custodian_ids, deadline=now + timedelta(days=25),
            published_at=now, created_by=world.agent.person_id, created_at=now, changed_at=now,
            **columns,
        )  # fmt: skip
        session.add(tender)
        session.flush()
        scored = columns["method"] in (Method.COMPREHENSIVE_SCORING, Method.SIMPLE_SCORING)
        for position, (code, group, name, kind, most) in enumerate(CRITERIA if scored else ()):
            session.add(
                Criterion(
                    tender_id=tender.id, code=code, group=group, name=name, kind=kind,
                    maximum=Decimal(most), step=Decimal("0.5"), position=position,
                )
            )  # fmt: skip
        for number in range(1, lots + 1):
            _open_lot(place, session, tender, number, limit)
        content = tender_notice(session, tender, now=now, url="https://test.county/t")
        facts = public_facts(session, tender, now=now)
        publish(
            session, world.platform.settings, facts, content, actor_id=place.clerk.person_id,
            now=now,
        )  # fmt: skip
    return tender


def lease(place: County, *, lots: int = 1, **changes: Any) -> Tender:
    """A village lease: the highest price per year over the reserve wins."""
    return works_tender(
        place, lots=lots, kind=Kind.VILLAGE, direction=Direction.DISPOSAL,
        method=Method.SEALED_HIGHEST_PRICE, title="柳溪村鱼塘承包经营权出租",
        **{"limit_fen": 100_000, **changes},
    )  # fmt: skip


def _open_lot(
    place: County, session: Session, tender: Tender, number: int, limit: int | None
) -> None:
    disposal = tender.direction is Direction.DISPOSAL
    lot = Lot(
        tender_id=tender.id, number=str(number), name=f"{number}号标段",
        status=LotStatus.PREPARED, price_basis="per_unit_year" if disposal else "total",
        quantity=Decimal("30.5") if disposal else Decimal(1), unit="亩",
        term=Decimal(3) if disposal else Decimal(1), limit_fen=limit,
    )  # fmt: skip
    session.add(lot)
    session.flush()
    lot.tender = tender
    settings, now = place.world.platform.settings, place.world.clock.now()
    record = opening_records.draw_up_record(session, settings, tender, lot, now=now)
    for keeper in place.world.keepers:
        opening_records.accept(session, keeper.accept(record), now=now)
    lot.status = LotStatus.OPEN


def bid(
    place: County,
    tender: Tender,
    prices: Mapping[str, int],
    *,
    lot: str = "1",
    terms: Mapping[str, Any] | None = None,
) -> None:
    """Sealed bids by name and price in fen for one lot."""
    world = place.world
    with world.platform.database.read() as session:
        found = next(each for each in lots_of(session, tender.id) if each.number == lot)
        record = record_of(session, found.opening_id or "")
    for name, price in prices.items():
        bidder = place.bidders.get(name) or new_bidder(place, name)
        body = _body(bidder, record, price, dict(terms or {}))
        Committer(world.platform).seal(make.seal_request(world, bidder, body))


def _body(
    bidder: make.Bidder, record: OpeningRecord, price: int, terms: dict[str, Any]
) -> dict[str, Any]:
    if not terms:
        return make.seal_body(bidder, record, price)
    sealed = envelope.seal(
        record, bidder=bidder.organisation.party_id, sequence=1,
        prices_fen={record.lot: price}, terms=terms, signer=bidder.key,
    )  # fmt: skip
    return make.seal_body(bidder, record, price, envelope=sealed.envelope)


def bid_with_files(
    place: County,
    tender: Tender,
    name: str,
    price: int,
    files: Mapping[str, bytes],
    terms: Mapping[str, Any] | None = None,
) -> None:
    """One sealed bid for the first lot with real files, uploaded encrypted."""
    world, settings = place.world, place.world.platform.settings
    bidder = place.bidders.get(name) or new_bidder(place, name)
    with world.platform.database.read() as session:
        record = record_of(session, lots_of(session, tender.id)[0].opening_id or "")
    out = io.BytesIO()
    sealed = envelope.seal(
        record, bidder=bidder.organisation.party_id, sequence=1, prices_fen={record.lot: price},
        terms=dict(terms or {}), signer=bidder.key, out_files=out,
        files=[(file, io.BytesIO(data)) for file, data in files.items()],
    )  # fmt: skip
    data, upload_id = out.getvalue(), secrets.token_hex(16)
    path = upload_path(settings, upload_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    slices = [
        hashlib.sha256(data[at : at + SLICE]).hexdigest() for at in range(0, len(data), SLICE)
    ]
    with world.platform.database.write() as session:
        session.add(
            Upload(
                id=upload_id, owner_id=bidder.organisation.id, opening_id=record.opening_id,
                length=len(data), offset=len(data), slices=slices, created_at=world.clock.now(),
            )
        )  # fmt: skip
    body = make.seal_body(
        bidder, record, price, envelope=sealed.envelope, files_digest=sealed.files_digest,
        files_size=sealed.files_size,
    )  # fmt: skip
    request = make.seal_request(world, bidder, body | {"upload": upload_id})
    Committer(world.platform).seal(request)


def new_bidder(place: County, name: str) -> make.Bidder:
    """A registered bidder that has not bid yet."""
    with place.world.platform.database.write() as session:
        place.bidders[name] = make.bidder(session, name)
    return place.bidders[name]


def open_all(place: County, tender: Tender) -> None:
    """Let the deadline pass, the custodians release and the opening be performed."""
    world = place.world
    assert tender.deadline is not None
    world.clock.moment = tender.deadline + timedelta(minutes=1)
    assert ticking.close_due(world.platform) == 1
    sign_if_grown(world.platform)
    with world.platform.database.write() as session:
        waiting = select(Opening).where(
            Opening.tender_id == tender.id, Opening.status == OpeningStatus.CLOSED
        )
        for opening in session.scalars(waiting):
            record = record_of(session, opening.opening_id)
            for keeper in world.keepers[:3]:
                statement = keeper.release(record, world.clock.now(), "1 " + "A" * 43 + "=")
                take_release(session, statement, now=world.clock.now())
    ticking.open_ready(world.platform)
    sign_if_grown(world.platform)


def award_lease(place: County, tender: Tender, after: timedelta = timedelta(hours=1)) -> None:
    """From the opening of a lease to its award, so long after the end of the standstill."""
    agent, base = place.client(place.world.agent), f"/work/{tender.id}/evaluation"
    ok(agent.post(f"{base}/run"))
    ok(agent.post(f"{base}/candidates"))
    end = place.tender(tender.id).standstill_until
    assert end is not None
    place.world.clock.moment = end + after
    ok(agent.post(f"{base}/award"))


def add_experts(place: County, count: int, speciality: str = "A03", **fields: Any) -> None:
    """Approved experts of a field who work for nobody here."""
    with place.world.platform.database.write() as session:
        for _ in range(count):
            number = len(place.experts) + 1
            who = make.member(session, Role.EXPERT, place.county, f"专家{number:02d}")
            session.add(
                ExpertProfile(
                    person_id=who.person_id, speciality=speciality, title="高级工程师", years=12,
                    region="清源县", **{"employer": f"设计院{number}", **fields},
                    status=Standing.APPROVED, approved_at=make.START, created_at=make.START,
                    past_employers=[], kin=[],
                )
            )  # fmt: skip
            place.experts.append(who)


def ok(answer: Any) -> Any:
    """The answer of a form that was taken: a redirect after the act."""
    assert answer.status_code == 303, (answer.status_code, answer.get_data(as_text=True)[:3000])
    return answer


def draw_panel(place: County, tender: Tender, size: int = 5) -> list[Actor]:
    """Draw and seat a panel over HTTP; gives its members."""
    clerk, base = place.client(place.clerk), f"/work/{tender.id}/evaluation"
    ok(clerk.post(f"{base}/pool", data={"speciality": "A03", "size": str(size)}))
    sign_if_grown(place.world.platform)
    ok(clerk.post(f"{base}/draw", data={"words": "骰子 6 3 2 5 1"}))
    drawn = [
        who
        for who in place.experts
        if place.client(who).get(f"/panel/{tender.id}").status_code == 200
    ]
    for who in drawn:
        ok(place.client(who).post(f"/panel/{tender.id}/confirm", data={"no_conflict": "yes"}))
    return drawn


def sheet_form(
    place: County, tender: Tender, scores: Mapping[str, Sequence[str]], fails: Sequence[str] = ()
) -> dict[str, str]:
    """A whole sheet as its form sends it: T1 and T2 by bidder name."""
    form = {}
    for name, bid_id in bid_ids(place, tender).items():
        if name not in scores:
            continue
        form[f"passed-{bid_id}-Q1"] = "no" if name in fails else "yes"
        form[f"reason-{bid_id}-Q1"] = "营业执照过期" if name in fails else ""
        for code, score in zip(("T1", "T2"), scores[name], strict=True):
            form[f"score-{bid_id}-{code}"] = score
    return form


def bid_ids(place: County, tender: Tender, lot: str = "1") -> dict[str, str]:
    """The ids of the opened bids of a lot by bidder name."""

    def find(session: Session) -> dict[str, str]:
        found = next(each for each in lots_of(session, tender.id) if each.number == lot)
        return {each.name: each.bid_id for each in judged_bids(session, found.id)}

    ids: dict[str, str] = place.read(find)
    return ids


def judged(session: Session, tender: Tender) -> list[OpenedBid]:
    """The judged bids of the first lot."""
    return judged_bids(session, lots_of(session, tender.id)[0].id)


def screen(place: County) -> str:
    """Order the screening of the one opened tender and do slice after slice; gives the run's id."""
    assert screen_opened(place.world.platform) == 1
    waiting = select(ScreenRun).where(ScreenRun.status != ScreenStatus.DONE)
    run_id: str = place.read(lambda session: session.scalars(waiting).one().id)
    finish_screening(place, run_id)
    return run_id


def finish_screening(place: County, run_id: str) -> None:
    """Do slices until the screening is done, and nothing of it was left unfinished."""
    for _ in range(20):
        run_screens(place.world.platform, {"run": run_id})
        run = place.read(lambda session: session.get_one(ScreenRun, run_id))
        if run.status is ScreenStatus.DONE:
            break
    assert run.status is ScreenStatus.DONE
    assert [step for step in run.progress if step.get("failed")] == []
