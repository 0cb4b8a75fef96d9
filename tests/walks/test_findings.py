"""A supervisor at real findings in a real Chromium: list, both sides, plot, decision, paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

import wsgi
from evaluation.models import FindingRow, ScreenRun
from evaluation.ticking import screen_opened
from tender.core.jobs import perform_due
from tender.ledger.models import LedgerEntry
from tender.procedure.models import Tender
from tender.publication.models import IssuedDocument
from tender.publication.papers.producing import rest
from tests.evaluation import county as make
from tests.evaluation.compare.documents import docx, picture
from tests.evaluation.test_screened_files import SLIP, bill, passage, text
from tests.walks.serving import become, pictured, served

pytestmark = pytest.mark.browser
PHOTO = {"word/media/image1.png": picture(7)}
NAMES = ("青石建设", "白水建筑", "南山工程")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[make.County]:
    made = make.county(tmp_path)
    yield made
    rest()
    made.world.platform.database.close()


@pytest.fixture
def tender(place: make.County) -> Tender:
    """Three opened bids, the first two with a passage and prices from one hand."""
    made = make.works_tender(place)
    bids = [
        {"技术标.docx": docx([*text(3, 6), *passage()], extra=PHOTO), "清单.xlsx": bill(1.0, 1)},
        {"技术标.docx": docx([*passage(), *text(4, 6)], extra=PHOTO), "清单.xlsx": bill(1.037, 2)},
        {"技术标.docx": docx(text(5, 8)), "清单.xlsx": bill(1.01, 3, 0.06)},
    ]
    for number, (name, files) in enumerate(zip(NAMES, bids, strict=True)):
        make.bid_with_files(place, made, name, 300_000_000 + 7_919 * number, files)
    make.open_all(place, made)
    assert screen_opened(place.world.platform) == 1
    return made


@pytest.fixture
def origin(place: make.County) -> Iterator[str]:
    place.app.config["WTF_CSRF_ENABLED"] = True
    with served(place.world.platform, app=place.app, ticking=False) as origin:
        yield origin


def _look(page: Page, artefacts: Path, name: str) -> None:
    """Pictures at both widths; nothing scrolls sideways, axe finds nothing."""
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        pictured(page, artefacts, f"{name}-{width}")


def _finding(place: make.County, code: str) -> FindingRow:
    row: FindingRow = place.read(
        lambda session: session.scalars(select(FindingRow).where(FindingRow.code == code)).one()
    )
    return row


def test_a_supervisor_goes_from_the_list_to_both_sides_decides_and_takes_the_paper(
    place: make.County, tender: Tender, origin: str, context: BrowserContext, artefacts: Path
) -> None:
    become(context, origin, place, place.supervisor)
    page = context.new_page()
    page.goto(f"{origin}/findings/{tender.id}")
    expect(page.locator("progress")).to_have_attribute("value", "0")
    run_id = place.read(lambda session: session.scalars(select(ScreenRun.id)).one())
    make.finish_screening(place, run_id)
    # The page refreshes itself: nobody reloads.
    expect(page.locator(".status.done").first).to_contain_text("筛查完成")
    _look(page, artefacts, "list")
    page.get_by_role("link", name="文字雷同").click()
    expect(page.locator("mark").filter(has_text=SLIP[1])).to_have_count(2)
    expect(page.locator("svg.plot")).to_have_attribute("role", "img")
    page.get_by_text("以表格查看此图").click()
    _look(page, artefacts, "finding")
    page.get_by_role("button", name="请投标人说明").click()
    _explained(place, tender, origin, context, artefacts)
    page.reload()
    expect(page.locator(".panel .lines")).to_have_text("由同一家咨询公司编写。")
    page.get_by_label("确认线索").check()
    page.get_by_role("button", name="保存决定").focus()
    page.locator("#reason").fill("两份技术标的错字与段落一致。")
    page.get_by_role("button", name="保存决定").click()
    expect(page.locator(".history")).to_contain_text("监督员")
    page.get_by_role("button", name="生成签章PDF").click()
    assert perform_due(place.world.platform, wsgi.HANDLERS, kinds={"document.produce"}) == 3
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="围串标线索报告 (PDF)").click()
    paper = artefacts / "finding.pdf"
    download.value.save_as(paper)
    said = _text_of(paper)
    assert all(word in said for word in (SLIP[1], NAMES[0], NAMES[1], "两份技术标的错字"))
    _nothing_public(place, tender, said)
    _goes_on_by_keyboard(place, tender, page, artefacts)
    page.goto(f"{origin}/findings/{tender.id}/{_finding(place, 'B2').id}")
    _look(page, artefacts, "prices")
    page.goto(f"{origin}/findings")
    _look(page, artefacts, "index")


def _goes_on_by_keyboard(place: make.County, tender: Tender, page: Page, artefacts: Path) -> None:
    """From the decided finding to those that wait, by the pictures, and back to a narrowed list."""
    origin = page.url.split("/findings/")[0]
    page.get_by_role("link", name="下一条待处理").first.press("Enter")
    expect(page.get_by_role("navigation", name="待处理的线索")).to_be_visible()
    assert page.url.rsplit("/", 1)[1] != _finding(place, "T1").id
    page.goto(f"{origin}/findings/{tender.id}/{_finding(place, 'I1').id}?state=open")
    shown = page.locator(".evidence img")
    expect(shown).to_have_count(2)
    for side in range(2):
        expect(shown.nth(side)).to_have_js_property("naturalWidth", 400)
    _look(page, artefacts, "pictures")
    page.get_by_role("link", name="围标串标线索").first.press("Enter")
    expect(page.get_by_label("状态")).to_have_value("open")
    page.get_by_label("类别").select_option("I1")
    page.get_by_role("button", name="显示").press("Enter")
    expect(page.locator(".card.finding")).to_have_count(1)
    _look(page, artefacts, "narrowed")


def _text_of(paper: Path) -> str:
    document = pypdfium2.PdfDocument(paper.read_bytes())
    pages = [document[k].get_textpage().get_text_range() for k in range(len(document))]
    document.close()
    return "".join("".join(pages).split())


def _nothing_public(place: make.County, tender: Tender, said: str) -> None:
    """The public ledger tells neither the tender nor the finding of a decision or a paper."""
    [issued] = place.read(
        lambda session: session.scalars(
            select(IssuedDocument).where(IssuedDocument.kind == "finding_report")
        ).all()
    )
    lines = place.read(
        lambda session: session.scalars(
            select(LedgerEntry.line).where(LedgerEntry.event.like("finding.%"))
        ).all()
    )
    entry = place.read(
        lambda session: session.scalars(
            select(LedgerEntry.line).where(LedgerEntry.seq == issued.ledger_seq)
        ).one()
    )
    assert '"public":false' in entry
    assert len(lines) == 1
    for line in (*lines, entry):
        assert tender.number not in line
        assert tender.id not in line
    assert tender.number in said
    strangers = place.client(None)
    assert strangers.get(f"/documents/{issued.name}.pdf").status_code in (401, 404)
    assert strangers.get(f"/findings/{tender.id}/papers/{issued.name}.pdf").status_code == 401


def _explained(
    place: make.County, tender: Tender, origin: str, context: BrowserContext, artefacts: Path
) -> None:
    """The bidder that was asked sees its own side alone, on a telephone, and explains."""
    become(context, origin, place, place.bidders[NAMES[0]].actor)
    page = context.new_page()
    page.goto(f"{origin}/inbox")
    page.get_by_role("link", name="请您作出说明").click()
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(NAMES[1])
    expect(page.locator("svg.plot")).to_have_count(0)
    _look(page, artefacts, "asked")
    page.get_by_label("您的说明").fill("由同一家咨询公司编写。")
    page.get_by_role("button", name="提交说明").click()
    expect(page.locator(".panel .lines")).to_have_text("由同一家咨询公司编写。")
    page.close()
    become(context, origin, place, place.supervisor)
