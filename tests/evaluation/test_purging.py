"""A county's data come to their end: what goes, what stays, and the ledger verifies as before."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import wsgi
from keys import notes, statements
from tender.accounts.models import Organisation, Person
from tender.bids import uploads, withdrawal
from tender.bids.models import SealedBid
from tender.core import jobs, outbox
from tender.core.files import StoredFile, blob_path, store_blob
from tender.core.ids import new_id
from tender.ledger import checkpoints, service
from tender.ledger.models import DataKind, LedgerEntry, PrivateData
from tender.ledger.purging import purge_daily, purge_ended, would_purge
from tender.ledger.ticking import sign_if_grown
from tender.objections.models import Objection, ObjectionStage, ObjectionStatus
from tender.opening import ticking
from tender.opening.export import export_tender
from tender.opening.releases import take_release
from tender.procedure.custody import record_of
from tender.procedure.models import Bond, Question, Tender
from tender.procedure.publishing import cancel
from tests.evaluation import county as make

NAMES = ("甲一", "乙二", "丙三")
PDF = b"%PDF-1.7 proof"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[make.County]:
    made = make.county(tmp_path)
    yield made
    made.world.platform.database.close()


def _purge(place: make.County) -> Mapping[str, int]:
    platform = place.world.platform
    with platform.database.write() as session:
        counts = purge_ended(
            session, platform.settings, wsgi.PURGES, actor="system", now=platform.clock.now()
        )
    with platform.database.read() as session:
        erasing = session.scalars(
            select(outbox.OutboxRow.id).where(outbox.OutboxRow.kind == "files.erase")
        ).all()
    for row in erasing:
        jobs.perform(platform, wsgi.HANDLERS, row)
    return counts


def _bids(place: make.County) -> dict[tuple[str, int], SealedBid]:
    def find(session: Session) -> dict[tuple[str, int], SealedBid]:
        rows = session.execute(
            select(SealedBid, Organisation.name).join(
                Organisation, Organisation.id == SealedBid.organisation_id
            )
        )
        return {(name, bid.sequence): bid for bid, name in rows}

    found: dict[tuple[str, int], SealedBid] = place.read(find)
    return found


def _withdraw(place: make.County, name: str) -> None:
    bid, bidder = _bids(place)[name, 1], place.bidders[name]
    statement = {
        "v": "withdraw/v1", "opening": bid.opening_id, "bidder": bid.party_id, "bid": bid.id,
        "sequence": 1,
    }  # fmt: skip
    signed = statements.sign_ecdsa(statement, bidder.key)
    platform = place.world.platform
    with platform.database.write() as session:
        withdrawal.withdraw_bid(
            session, bidder.actor, bid.id, signed, clock=platform.clock, settings=platform.settings
        )


def _stale_upload(place: make.County, opening_id: str) -> Path:
    platform = place.world.platform
    with platform.database.write() as session:
        upload = uploads.create_upload(
            session, place.bidders["甲一"].actor, opening_id, 100,
            settings=platform.settings, now=platform.clock.now(),
        )  # fmt: skip
    path = uploads.upload_path(platform.settings, upload.id)
    path.write_bytes(b"half a file")
    return path


def _opened(place: make.County) -> Tender:
    """Three bids that count, one withdrawn, one upload that nobody took; the opening is done."""
    tender = make.lease(place)
    make.bid(place, tender, {name: 120_000 + n for n, name in enumerate((*NAMES, "丁四"))})
    _withdraw(place, "丁四")
    make.open_all(place, tender)
    return tender


def _end(place: make.County, tender: Tender) -> None:
    """Evaluate, publish, wait, award and record the contract; then let the time pass."""
    agent, base = place.client(place.world.agent), f"/work/{tender.id}/evaluation"
    make.ok(agent.post(f"{base}/run"))
    make.ok(agent.post(f"{base}/candidates"))
    end = place.tender(tender.id).standstill_until
    assert end is not None
    place.world.clock.moment = end + timedelta(hours=1)
    make.ok(agent.post(f"{base}/award"))


def _witness(place: make.County) -> str:
    """Have the newest checkpoint signed and co-signed; gives it as releases name it."""
    platform = place.world.platform
    sign_if_grown(platform)
    with platform.database.write() as session:
        newest = checkpoints.newest(session)
        assert newest is not None
        text = notes.parse_note(newest.note).text
        for keeper in place.world.keepers[:3]:
            line = notes.cosign(text, keeper.identity, platform.clock.now())
            checkpoints.add_cosignature(
                session, text=text, line=line, identity=keeper.public, now=platform.clock.now()
            )
    return notes.parse_checkpoint(text).brief


def _performed(place: make.County, tender: Tender) -> None:
    """Close, co-sign, release and open as custodians do, so that a stranger can verify it."""
    platform, deadline = place.world.platform, tender.deadline
    assert deadline is not None
    place.world.clock.moment = deadline + timedelta(seconds=1)
    assert ticking.close_due(platform) == 1
    brief = _witness(place)
    opening_id = _bids(place)["甲一", 1].opening_id
    with platform.database.write() as session:
        record = record_of(session, opening_id)
        for keeper in place.world.keepers[:3]:
            statement = keeper.release(record, platform.clock.now(), brief)
            take_release(session, statement, now=platform.clock.now())
    assert ticking.open_ready(platform) == 1


def _verified(place: make.County, target: Path) -> dict[str, Any]:
    _witness(place)
    export_tender(place.world.platform, target, number=None, with_files=False)
    result = subprocess.run(
        [sys.executable, "-m", "keys", "verify", str(target)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    summary: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return {**summary, "code": result.returncode}


def test_void_envelopes_go_after_the_time_for_complaints_and_not_before(
    place: make.County,
) -> None:
    tender = make.lease(place)
    make.bid(place, tender, {name: 120_000 + n for n, name in enumerate((*NAMES, "丁四"))})
    _withdraw(place, "丁四")
    stale = _stale_upload(place, _bids(place)["甲一", 1].opening_id)
    make.open_all(place, tender)
    assert _purge(place) == {}
    _end(place, tender)
    assert _purge(place) == {}
    assert stale.exists()
    place.world.clock.advance(days=90)
    counts = _purge(place)
    assert counts["envelope_void"] == 1
    assert counts["upload"] == 1
    assert not stale.exists()
    bids = _bids(place)
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
    _withdraw(place, "丁四")
    _performed(place, tender)
    _end(place, tender)
    place.world.clock.advance(days=6000)
    before = _verified(place, tmp_path / "before")
    assert (before["code"], before["bids"]) == (0, 3)
    counts = _purge(place)
    assert counts["envelope_void"] == 1
    assert counts["ledger_procedure"] >= 1
    after = _verified(place, tmp_path / "after")
    assert (after["code"], after["bids"]) == (0, 3)
    with place.world.platform.database.write() as session:
        counted = session.get_one(SealedBid, _bids(place)["甲一", 1].id)
        counted.envelope = None
    assert _verified(place, tmp_path / "spoilt")["code"] == 1


@pytest.mark.parametrize("obstacle", ["open", "paused", "objection", "held"])
def test_nothing_is_touched_while_a_tender_is_open_paused_objected_to_or_held(
    place: make.County, obstacle: str
) -> None:
    tender = _opened(place)
    if obstacle != "open":
        _end(place, tender)
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
    counts = _purge(place)
    touched = {"envelope_void", "bid_files", "bid_network", "registration", "ledger_procedure"}
    assert touched & set(counts) == set()
    assert _bids(place)["丁四", 1].envelope is not None


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
    counts = _purge(place)
    assert counts["envelope_cancelled"] == 2
    assert all(bid.envelope is None for bid in _bids(place).values())
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
    assert "envelope_cancelled" not in _purge(place)


def test_a_file_that_a_live_row_still_uses_stays_in_the_store(place: make.County) -> None:
    tender = _opened(place)
    _end(place, tender)
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
    assert _purge(place)["bond_payer"] == 2
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
    tender = _opened(place)
    _end(place, tender)
    place.world.clock.advance(days=90)
    platform = place.world.platform
    before = place.read(_last_seq)
    counts = would_purge(platform, wsgi.PURGES)
    assert counts["envelope_void"] == 1
    assert _bids(place)["丁四", 1].envelope is not None
    assert place.read(_last_seq) == before
    waiting = place.read(
        lambda session: session.scalars(
            select(outbox.OutboxRow.id).where(outbox.OutboxRow.kind == "files.erase")
        ).all()
    )
    assert waiting == []
    assert _purge(place) == counts


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


def test_after_the_archives_time_people_and_numbers_are_gone_and_companies_keep_their_names(
    place: make.County,
) -> None:
    tender = _opened(place)
    _end(place, tender)

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
    assert _purge(place)["question_asker"] == 1
    assert place.read(_contact) == ("甲一", "13800138000", "张三", "198.51.100.7")
    place.world.clock.advance(days=365 * 3)
    _purge(place)
    assert place.read(_contact) == ("甲一", "13800138000", "张三", None)
    place.world.clock.advance(days=365 * 13)
    counts = _purge(place)
    assert counts["registration"] >= 1
    assert place.read(_contact) == ("甲一", None, None, None)
    place.world.clock.advance(days=400)
    assert _purge(place)["person_contact"] >= 1
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
