"""A county's data come to their end: what goes, what stays, and the ledger verifies as before."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import wsgi
from tender.accounts.models import Organisation, Person
from tender.bids.models import SealedBid
from tender.core import outbox
from tender.core.files import StoredFile, blob_path, store_blob
from tender.core.ids import new_id
from tender.core.leases import Lease
from tender.ledger import service
from tender.ledger.models import DataKind, LedgerEntry, PrivateData
from tender.ledger.purging import LEASE, purge_daily, would_purge
from tender.objections.models import Objection, ObjectionStage, ObjectionStatus
from tender.procedure.facts import bids_close_soon
from tender.procedure.models import Bond, Question, Tender
from tender.procedure.publishing.publishing import cancel
from tests.evaluation import county as make
from tests.evaluation.purged import (
    bids_of,
    opened,
    performed,
    purge,
    stale_upload,
    verified,
    withdraw,
)

NAMES = ("甲一", "乙二", "丙三")
PDF = b"%PDF-1.7 proof"


def test_void_envelopes_go_after_the_time_for_complaints_and_not_before(
    place: make.County,
) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {name: 120_000 + n for n, name in enumerate((*NAMES, "丁四"))})
    withdraw(place, "丁四")
    stale = stale_upload(place, bids_of(place)["甲一", 1].opening_id)
    make.open_all(place, tender)
    assert purge(place) == {}
    make.award_lease(place, tender)
    assert purge(place) == {}
    assert stale.exists()
    place.world.clock.advance(days=90)
    counts = purge(place)
    assert counts["envelope_void"] == 1
    assert counts["upload"] == 1
    assert not stale.exists()
    bids = bids_of(place)
    assert bids["丁四", 1].envelope is None
    assert bids["丁四", 1].erased_at == place.world.clock.now()
    assert bids["丁四", 1].envelope_sha256
    assert all(bids[name, 1].envelope for name in NAMES)
    event = "envelopes.erased"
    found = place.read(
        lambda session: [
            service.entry_of(session, seq).fields
            for seq in session.scalars(select(LedgerEntry.seq).where(LedgerEntry.event == event))
        ]
    )
    assert found == [{"opening": bids["丁四", 1].opening_id, "count": 1}]
    told = place.read(
        lambda session: service.entry_of(
            session,
            session.scalars(
                select(LedgerEntry.seq).where(LedgerEntry.event == "data.purged")
            ).one(),
        ).fields["counts"]
    )
    assert told["envelope_void"] == 1
    assert "upload" not in told
    assert "甲一" not in json.dumps(told)


def test_an_export_verifies_after_the_purge_as_it_did_before(
    place: make.County, tmp_path: Path
) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {name: 120_000 + n for n, name in enumerate((*NAMES, "丁四"))})
    withdraw(place, "丁四")
    performed(place, tender)
    make.award_lease(place, tender)
    place.world.clock.advance(days=6000)
    before = verified(place, tmp_path / "before")
    assert (before["code"], before["bids"]) == (0, 3)
    counts = purge(place)
    assert counts["envelope_void"] == 1
    assert counts["ledger_procedure"] >= 1
    after = verified(place, tmp_path / "after")
    assert (after["code"], after["bids"]) == (0, 3)
    with place.world.platform.database.write() as session:
        counted = session.get_one(SealedBid, bids_of(place)["甲一", 1].id)
        counted.envelope = None
    assert verified(place, tmp_path / "spoilt")["code"] == 1


@pytest.mark.parametrize("obstacle", ["open", "paused", "objection", "held"])
def test_nothing_is_touched_while_a_tender_is_open_paused_objected_to_or_held(
    place: make.County, obstacle: str
) -> None:
    tender = opened(place)
    if obstacle != "open":
        make.award_lease(place, tender)
    with place.world.platform.database.write() as session:
        kept = session.get_one(Tender, tender.id)
        if obstacle == "paused":
            kept.paused_at = place.world.clock.now()
        if obstacle == "objection":
            session.add(_objection(place, kept))
    if obstacle == "held":
        form = {"subject": tender.number, "reason": "监察调阅"}
        make.ok(place.client(place.supervisor).post("/administration/holds", data=form))
    place.world.clock.advance(days=6000)
    counts = purge(place)
    touched = {"envelope_void", "bid_files", "bid_network", "registration", "ledger_procedure"}
    assert touched & set(counts) == set()
    assert bids_of(place)["丁四", 1].envelope is not None


def _objection(place: make.County, tender: Tender) -> Objection:
    now = place.world.clock.now()
    return Objection(
        number="Y-1", tender_id=tender.id, scope=tender.scope, stage=ObjectionStage.CANDIDATES,
        organisation_id=place.bidders["甲一"].organisation.id,
        filed_by=place.bidders["甲一"].actor.person_id, facts="陈述", request="请求", filed_at=now,
        pauses=False, answer_due=now + timedelta(days=3), status=ObjectionStatus.FILED,
    )  # fmt: skip


def test_a_cancelled_tenders_envelopes_go_and_nobody_learns_their_number(
    place: make.County,
) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {"甲一": 120_000, "乙二": 130_000})
    empty = make.lease(place)
    platform = place.world.platform
    with platform.database.write() as session:
        for each in (tender, empty):
            cancel(
                session, place.clerk, platform.settings, each.id, "政策调整",
                now=platform.clock.now(),
            )  # fmt: skip
    place.world.clock.advance(days=90)
    counts = purge(place)
    assert counts["envelope_cancelled"] == 2
    assert all(bid.envelope is None for bid in bids_of(place).values())
    rows = place.read(
        lambda session: [
            service.entry_of(session, row.seq)
            for row in session.scalars(select(LedgerEntry).order_by(LedgerEntry.seq))
            if row.event in ("envelopes.erased", "data.purged")
        ]
    )
    assert [set(each.fields) for each in rows if each.event == "envelopes.erased"] == [
        {"opening"}, {"opening"},
    ]  # fmt: skip
    assert all("envelope_cancelled" not in each.fields.get("counts", {}) for each in rows)
    assert "envelope_cancelled" not in purge(place)


def test_a_file_that_a_live_row_still_uses_stays_in_the_store(place: make.County) -> None:
    tender = opened(place)
    make.award_lease(place, tender)
    platform = place.world.platform
    shared, _ = store_blob(platform.settings.store, [PDF])
    alone, _ = store_blob(platform.settings.store, [PDF + b" of one"])

    def settle(session: Session) -> None:
        for name, digest in (("甲一", shared), ("乙二", alone)):
            proof = _stored(session, place, digest)
            session.add(
                Bond(
                    tender_id=tender.id, organisation_id=place.bidders[name].organisation.id,
                    form="transfer", amount_fen=1, payer=name, payer_account="6222",
                    proof_id=proof.id, received_at=make.START, recorded_by="x",
                    returned_at=place.world.clock.now(),
                )
            )  # fmt: skip
        _stored(session, place, shared)

    place.write(settle)
    place.world.clock.advance(days=365 * 3 + 120)
    assert purge(place)["bond_payer"] == 2
    bonds = place.read(lambda session: session.scalars(select(Bond)).all())
    assert {(bond.payer, bond.payer_account) for bond in bonds} == {("", "")}
    assert blob_path(platform.settings.store, shared).exists()
    assert not blob_path(platform.settings.store, alone).exists()


def _stored(session: Session, place: make.County, digest: str) -> StoredFile:
    stored = StoredFile(
        id=new_id(), name="凭证.pdf", media_type="application/pdf", size=1, sha256=digest,
        created_at=place.world.clock.now(), created_by="x",
    )  # fmt: skip
    session.add(stored)
    session.flush()
    return stored


def test_a_dry_run_prints_what_would_go_and_touches_nothing(place: make.County) -> None:
    tender = opened(place)
    make.award_lease(place, tender)
    place.world.clock.advance(days=90)
    platform = place.world.platform
    before = place.read(_last_seq)
    counts = would_purge(platform, wsgi.PURGES)
    assert counts["envelope_void"] == 1
    assert bids_of(place)["丁四", 1].envelope is not None
    assert place.read(_last_seq) == before
    waiting = place.read(
        lambda session: session.scalars(
            select(outbox.OutboxRow.id).where(outbox.OutboxRow.kind == "files.erase")
        ).all()
    )
    assert waiting == []
    assert purge(place) == counts


def _last_seq(session: Session) -> int:
    last = service.last_entry(session)
    assert last is not None
    return last.seq


def test_the_tick_purges_once_a_day(place: make.County) -> None:
    platform = place.world.platform
    with platform.database.write() as session:
        service.append(
            session, "a.fact", subject="s", actor="a", now=platform.clock.now(),
            private={"name": "王"}, kind=DataKind.NETWORK,
        )  # fmt: skip
    assert purge_daily(platform, wsgi.PURGES) == 0
    place.world.clock.advance(hours=23)
    with platform.database.write() as session:
        for row in session.scalars(select(PrivateData)):
            row.keep_until = platform.clock.now()
    assert purge_daily(platform, wsgi.PURGES) == 0
    place.world.clock.advance(hours=1)
    assert purge_daily(platform, wsgi.PURGES) >= 1
    assert purge_daily(platform, wsgi.PURGES) == 0


@pytest.mark.parametrize(
    ("before", "since", "done"),
    [(29, 1, False), (31, 1, True), (-4, 1, False), (-6, 1, True), (29, 25, True)],
)
def test_around_a_deadline_the_purge_waits_but_no_longer_than_a_day(
    place: make.County, before: int, since: int, done: bool
) -> None:
    platform = place.world.platform
    tender = make.lease(place)
    assert tender.deadline is not None
    place.world.clock.moment = tender.deadline - timedelta(minutes=before)
    with platform.database.write() as session:
        due = platform.clock.now() - timedelta(hours=since)
        session.add(Lease(name=LEASE, holder="yesterday", until=due))
    purge_daily(platform, (), busy=bids_close_soon)
    with platform.database.read() as session:
        assert (session.get_one(Lease, LEASE).until > platform.clock.now()) is done


def test_after_the_archives_time_people_and_numbers_are_gone_and_companies_keep_their_names(
    place: make.County,
) -> None:
    tender = opened(place)
    make.award_lease(place, tender)

    def settle(session: Session) -> None:
        bidder = place.bidders["甲一"]
        organisation = session.get_one(Organisation, bidder.organisation.id)
        organisation.phone, organisation.contact = "13800138000", "张三"
        session.add(
            Question(
                tender_id=tender.id, asked_by=organisation.id, text="问题", asked_at=make.START
            )
        )  # fmt: skip
        bid = session.scalars(
            select(SealedBid).where(SealedBid.organisation_id == organisation.id)
        ).one()
        bid.address = "198.51.100.7"

    place.write(settle)
    place.world.clock.advance(days=120)
    assert purge(place)["question_asker"] == 1
    assert place.read(_contact) == ("甲一", "13800138000", "张三", "198.51.100.7")
    place.world.clock.advance(days=365 * 3)
    purge(place)
    assert place.read(_contact) == ("甲一", "13800138000", "张三", None)
    place.world.clock.advance(days=365 * 13)
    counts = purge(place)
    assert counts["registration"] >= 1
    assert place.read(_contact) == ("甲一", None, None, None)
    place.world.clock.advance(days=400)
    assert purge(place)["person_contact"] >= 1
    person = place.read(
        lambda session: session.get_one(Person, place.bidders["甲一"].actor.person_id)
    )
    assert person.login.startswith("gone-")
    assert person.purged_at is not None


def _contact(session: Session) -> tuple[str, str | None, str | None, str | None]:
    organisation = session.scalars(select(Organisation).where(Organisation.name == "甲一")).one()
    bid = session.scalars(
        select(SealedBid).where(SealedBid.organisation_id == organisation.id)
    ).one()
    return organisation.name, organisation.phone, organisation.contact, bid.address
