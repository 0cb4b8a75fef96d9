"""A bidder on the real platform, in a real Chromium: seals, replaces and withdraws."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from keys import entries, notes
from keys.verdict import Judgement, Verdict, judge
from tender.accounts.authority import ensure_centre
from tender.accounts.models import OrganisationKind
from tender.bids.models import BidStatus, SealedBid
from tender.bids.uploads import upload_path
from tender.core.actor import Role
from tender.ledger.checkpoints import complete_receipt
from tender.ledger.signing import note_key
from tender.procedure.custody.opening_records import record_of
from tender.procedure.models import Lot, Tender
from tests.tender import factories as make
from tests.vectors.pages import run_build
from tests.walks.serving import served, sign_in

pytestmark = pytest.mark.browser
PLAN = b"%PDF-1.4\n1 0 obj <</Type /Page /Resources <</Font <<>> >> >> endobj\n"
DRAWINGS = b"PK" + hashlib.shake_128(b"drawings").digest(9_000_000)


@pytest.fixture
def world(tmp_path: Path) -> make.World:
    made = make.world(tmp_path / "data")
    ensure_centre(made.platform.settings, "清源县公共资源交易中心", now=make.START)
    return made


@pytest.fixture
def page(world: make.World, browser: Browser) -> Iterator[Page]:
    """A signed-in bidder whose browser has no key yet."""
    run_build()
    with world.platform.database.write() as session:
        company = make.organisation(session, OrganisationKind.COMPANY, "清源鲜果合作社")
        actor = make.member(session, Role.BIDDER, company)
    with served(world.platform) as origin:
        context = browser.new_context(base_url=origin, locale="zh-CN", timezone_id="Asia/Shanghai")
        sign_in(context, origin, world.platform, actor, make.START)
        opened = context.new_page()
        yield opened
        context.close()


def seal_in_browser(page: Page, opening: str, price: str, *files: Path) -> None:
    page.goto(f"/bids/openings/{opening}")
    expect(page.locator("#sealing-form")).to_be_visible()
    page.fill("#sealing-price", price)
    page.set_input_files("#sealing-files", list(files))
    page.check("#sealing-confirm")
    page.click("#sealing-submit")
    expect(page.locator("#sealing-receipt")).to_be_visible(timeout=20_000)
    assert page.get_attribute("#sealing-receipt", "data-proven") == "yes"


def opening_of(world: make.World, tender: Tender) -> str:
    with world.platform.database.read() as session:
        found = session.scalar(select(Lot.opening_id).where(Lot.tender_id == tender.id))
    assert found is not None
    return found


def bids(world: make.World) -> list[SealedBid]:
    with world.platform.database.read() as session:
        found = session.query(SealedBid).order_by(SealedBid.sequence).all()
        session.expunge_all()
    return found


def opened(world: make.World, bid: SealedBid, out: Path) -> Judgement:
    """Open a stored bid with the keys of three custodians."""
    with world.platform.database.read() as session:
        record = record_of(session, bid.opening_id)
    checkpoint = f"1 {'A' * 43}="
    releases: list[Any] = [
        keeper.release(record, record.not_before, checkpoint) for keeper in world.keepers[2:]
    ]
    assert bid.envelope is not None
    files = upload_path(world.platform.settings, bid.upload_id) if bid.upload_id else None
    return judge(
        record,
        releases,
        bid.envelope,
        bidder=bid.party_id,
        sequence=bid.sequence,
        sha256=bid.envelope_sha256,
        size=bid.envelope_size,
        files=files,
        files_digest=bid.files_digest,
        files_size=bid.files_size,
        out_dir=out,
    )


def test_a_bidder_seals_replaces_and_withdraws(
    page: Page, world: make.World, tmp_path: Path, artefacts: Path
):
    opening = opening_of(world, make.open_tender(world))
    plan, drawings = tmp_path / "方案.pdf", tmp_path / "图纸.zip"
    plan.write_bytes(PLAN)
    drawings.write_bytes(DRAWINGS)
    seal_in_browser(page, opening, "1,234.50", plan, drawings)
    page.screenshot(path=artefacts / "receipt.png", full_page=True)
    first = bids(world)[0]
    judged = opened(world, first, tmp_path)
    assert judged.verdict is Verdict.OPENED, judged.reason
    assert judged.manifest is not None
    assert judged.manifest.to_object()["prices_fen"] == {"1": 123450}
    assert (tmp_path / "0001").read_bytes() == PLAN
    assert (tmp_path / "0002").read_bytes() == DRAWINGS
    with world.platform.database.read() as session:
        receipt = complete_receipt(session, first.receipt, first.ledger_seq)
    public: notes.NoteKey = note_key(world.platform.settings)
    entries.check_receipt(receipt, public.public, public.name)

    seal_in_browser(page, opening, "2000")
    assert [bid.status for bid in bids(world)] == [BidStatus.SUPERSEDED, BidStatus.PENDING]
    second = bids(world)[1]
    judged = opened(world, second, tmp_path)
    assert judged.manifest is not None
    assert judged.manifest.to_object()["prices_fen"] == {"1": 200000}

    page.goto(f"/bids/{second.id}")
    page.click("#withdrawal-form button")
    expect(page.locator("main")).to_contain_text(re.compile("撤回|Withdrawn"))
    expect(page.locator("#withdrawal-form")).to_have_count(0)
    assert [bid.status for bid in bids(world)] == [BidStatus.SUPERSEDED, BidStatus.WITHDRAWN]
