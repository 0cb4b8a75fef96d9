"""A stranger with a keyboard alone: from the front page to an award that anybody can prove."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FileChooser, Locator, Page, expect
from sqlalchemy import select

import wsgi
from keys import encoding, notes
from tender.bids.models import SealedBid
from tender.core import jobs
from tender.core.clock import legal_day
from tender.core.outbox import OutboxRow
from tender.ledger import checkpoints
from tender.ledger.ticking import sign_if_grown
from tender.publication.models import IssuedDocument, Notice, NoticeKind
from tender.publication.papers import producing
from tests.evaluation import county as make
from tests.house import ROOT
from tests.walks.serving import pictured, served

pytestmark = pytest.mark.browser
WINNER = "柳溪村丰水养殖专业合作社"
BIDDERS = {WINNER: 123_003, "白石镇石桥家庭农场": 121_002, "清源县三江渔业有限公司": 120_001}


@dataclass
class Awarded:
    """A running county with one awarded tender; `kept` are files that the public has at hand."""

    place: make.County
    origin: str
    document: str
    day: str
    kept: Path


@pytest.fixture(scope="module")
def awarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awarded]:
    """A lease from sealed bids to its award, with the result notice made, sealed and entered."""
    place = make.county(tmp_path_factory.mktemp("award"))
    tender = make.lease(place)
    make.bid(place, tender, BIDDERS)
    make.open_all(place, tender)
    make.award_lease(place, tender)
    document = _result(place)
    _witness(place)
    kept = tmp_path_factory.mktemp("kept")
    (kept / "回执.json").write_bytes(encoding.canonical(_receipt(place)))
    day = legal_day(place.world.clock.now())
    with served(place.world.platform, ticking=False) as origin:
        yield Awarded(place, origin, document, day, kept)
    place.world.platform.database.close()


def _result(place: make.County) -> str:
    """Make the result notice's document as the outbox orders it; gives its name."""
    platform = place.world.platform
    query = (
        select(IssuedDocument)
        .join(Notice, Notice.document_id == IssuedDocument.id)
        .where(Notice.kind == NoticeKind.RESULT)
    )
    with platform.database.read() as session:
        document = session.scalars(query).one()
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == producing.PRODUCE))
        row = next(each for each in rows if each.payload == {"document": document.id})
    assert jobs.perform(platform, wsgi.HANDLERS, row.id)
    producing.rest()
    return document.name


def _witness(place: make.County) -> None:
    """Sign the ledger as it stands and let three custodians co-sign it."""
    sign_if_grown(place.world.platform)
    now = place.world.clock.now()
    with place.world.platform.database.write() as session:
        newest = checkpoints.newest(session)
        assert newest is not None
        text = notes.parse_note(newest.note).text
        for keeper in place.world.keepers[:3]:
            line = notes.cosign(text, keeper.identity, now)
            checkpoints.add_cosignature(
                session, text=text, line=line, identity=keeper.public, now=now
            )


def _receipt(place: make.County) -> dict[str, Any]:
    """The winner's receipt as its bidder would pass it on."""
    with place.world.platform.database.read() as session:
        party = place.bidders[WINNER].organisation.party_id
        bid = session.scalars(select(SealedBid).where(SealedBid.party_id == party)).one()
        return checkpoints.complete_receipt(session, bid.receipt, bid.ledger_seq)


def reach(page: Page, wanted: Locator) -> None:
    """Move the focus on with Tab, as somebody without a mouse does, until it is there."""
    handle = wanted.element_handle()
    for _ in range(150):
        page.keyboard.press("Tab")
        if handle.evaluate("(each) => each === document.activeElement"):
            shown = handle.evaluate("(each) => getComputedStyle(each).outlineStyle")
            assert shown != "none", "the focus cannot be seen"
            return
    pytest.fail(f"the keyboard does not come to {wanted}")


def follow(page: Page, wanted: Locator) -> None:
    """Reach a link or button and press Enter."""
    reach(page, wanted)
    page.keyboard.press("Enter")


def ignore(_: FileChooser) -> None:
    """Nothing; who waits for the dialog gets it besides."""


def check(page: Page, awarded: Awarded, file: Path) -> None:
    """Upload a file on the verify page by keyboard."""
    page.on("filechooser", ignore)  # From here on the browser hands its dialogs over.
    page.goto(f"{awarded.origin}/verify")
    reach(page, page.locator("#file"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(file)
    follow(page, page.get_by_role("button", name="核对", exact=True))
    expect(page.locator(".verdict")).to_be_visible(timeout=30_000)


def within(pdf: bytes) -> int:
    """A place in the middle of the longest stream, where a change leaves a well-formed file."""
    streams = re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    longest = max(streams, key=lambda found: len(found[1]))
    return (longest.start(1) + longest.end(1)) // 2


def spoilt(file: Path, at: int) -> Path:
    """A copy with one byte changed."""
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    copy = file.with_stem(f"{file.stem}-改")
    copy.write_bytes(data)
    return copy


@pytest.mark.parametrize("width", [360, 1280])
def test_the_public_reads_an_award_downloads_it_and_proves_it_by_keyboard(
    page: Page, awarded: Awarded, artefacts: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(awarded.origin)
    pictured(page, artefacts, "1-front")
    follow(page, page.locator("#results ~ ul a").first)
    expect(page.locator("#outcome")).to_contain_text(WINNER)
    expect(page.locator("#outcome")).to_contain_text("112,547.75")
    pictured(page, artefacts, "2-award")
    link = page.locator("#outcome .pdf").get_by_role("link", name="保存文件")
    reach(page, link)
    with page.expect_download() as given:
        page.keyboard.press("Enter")
    assert given.value.suggested_filename == f"{awarded.document}.pdf"
    pdf = awarded.kept / f"结果-{width}.pdf"
    given.value.save_as(pdf)
    check(page, awarded, pdf)
    verdict = page.locator(".verdict")
    expect(verdict).to_have_class("verdict notice ok")
    expect(verdict).to_contain_text("真实")
    main = page.locator("main")
    expect(main).to_contain_text("清源县公共资源交易中心")
    expect(main).to_contain_text(f"{awarded.day} ")
    expect(page.locator("#inclusion")).to_contain_text("目前 3 家")
    pictured(page, artefacts, "3-genuine")
    check(page, awarded, awarded.kept / "回执.json")
    expect(verdict).to_have_class("verdict notice ok")
    pictured(page, artefacts, "4-receipt")


@pytest.mark.parametrize("width", [360])
def test_one_changed_byte_is_refused_with_the_reason(
    page: Page, awarded: Awarded, artefacts: Path, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    pdf = awarded.kept / "原件.pdf"
    answer = page.request.get(f"{awarded.origin}/documents/{awarded.document}.pdf")
    pdf.write_bytes(answer.body())
    receipt = awarded.kept / "回执.json"
    digit = receipt.read_bytes().index(b'"envelope_sha256":"') + len('"envelope_sha256":"')
    for file, at in ((pdf, within(answer.body())), (receipt, digit)):
        check(page, awarded, spoilt(file, at))
        verdict = page.locator(".verdict")
        expect(verdict).to_have_class("verdict notice late")
        expect(verdict).to_contain_text("伪造")
        pictured(page, artefacts, f"forged-{file.suffix[1:]}")


def test_without_the_platform_the_kit_says_the_same(page: Page, awarded: Awarded) -> None:
    keys = awarded.kept / "keys.json"
    keys.write_bytes(page.request.get(f"{awarded.origin}/api/ledger/keys").body())
    pdf = awarded.kept / "离线.pdf"
    pdf.write_bytes(page.request.get(f"{awarded.origin}/documents/{awarded.document}.pdf").body())
    receipt = awarded.kept / "回执.json"
    assert offline(keys, pdf) == (0, "genuine")
    assert offline(keys, spoilt(pdf, within(pdf.read_bytes()))) == (1, "forged")
    assert offline(keys, receipt) == (0, "genuine")


def offline(keys: Path, file: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "keys", "check", str(file), "--keys", str(keys)],
        capture_output=True, check=False, timeout=60, cwd=keys.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout)["answer"]
