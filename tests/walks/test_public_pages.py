"""A stranger on the public pages, in a real Chromium: phones, large type, no script, no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import wsgi
from tender.accounts.authority import ensure_centre
from tender.core.jobs import perform_due
from tender.procedure.models import Tender
from tender.publication.papers import producing
from tests.tender import factories as make
from tests.tender.publication.public_county import POND, county
from tests.walks.serving import AXE, FAULTS, pictured, served

pytestmark = pytest.mark.browser
WIDER = """() => [...document.querySelectorAll('body *')].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width && box.right > innerWidth + 1 && !each.closest('.scroll')
    && getComputedStyle(each).position !== 'absolute' && !each.closest('nav.main');
}).map((each) => each.outerHTML.slice(0, 120))"""
TARGETS = "button, .button, input, select, summary, nav a, .chips a"
SMALL = """(targets) => [...document.querySelectorAll(targets)].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width && box.height < 43.5 && !each.matches('[type=checkbox], [type=radio]');
}).map((each) => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.World]:
    made, _ = county(tmp_path_factory.mktemp("public"))
    ensure_centre(made.platform.settings, "清源县公共资源交易中心", now=made.clock.now())
    perform_due(made.platform, wsgi.HANDLERS, limit=1)
    producing.rest()
    yield made
    made.platform.database.close()


@pytest.fixture(scope="module")
def origin(world: make.World) -> Iterator[str]:
    with served(world.platform, ticking=False) as origin:
        yield origin


@pytest.fixture(scope="module")
def paths(world: make.World) -> list[str]:
    """Every public page that a person reads, on two tenders: one that takes bids, one awarded."""
    with world.platform.database.read() as session:
        rows = session.query(Tender).order_by(Tender.published_at).all()
    first, last = rows[0].number, rows[-1].number
    return [
        "/", "/tenders", "/tenders?q=鱼池", "/tenders?township=白石镇&days=30",
        f"/tenders/{first}", f"/tenders/{last}", f"/tenders/{first}/sheet",
        "/verify", "/verify?bid=" + "0" * 32, "/ledger", "/open-data", "/help", "/accessibility",
        "/screen/all", "/screen/nowhere", "/login", "/register", "/nothing-here",
    ]  # fmt: skip


def _name(path: str) -> str:
    return re.sub(r"T-2026-\w+", "tender", re.sub(r"[^\w-]+", "_", path)).strip("_") or "front"


@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_fits_and_axe_finds_no_fault(
    page: Page, origin: str, paths: list[str], width: int, artefacts: Path
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in paths:
        page.goto(origin + path)
        pictured(page, artefacts, _name(path))
        assert page.evaluate(WIDER) == [], path
        assert page.evaluate(SMALL, TARGETS) == [], path


def test_large_type_and_four_hundred_per_cent_zoom_need_no_sideways_scrolling(
    page: Page, origin: str, paths: list[str]
) -> None:
    page.set_viewport_size({"width": 320, "height": 512})  # 1280 at 400 %
    page.goto(f"{origin}/tenders?q=塘&type=large")
    expect(page.locator("html")).to_have_class(re.compile("large"))
    for path in paths:
        page.goto(origin + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    page.goto(f"{origin}/tenders?q=塘")
    page.get_by_role("link", name="标准字号").click()
    expect(page.locator("html")).not_to_have_class(re.compile("large"))
    expect(page).to_have_url(re.compile("q=%E5%A1%98"))


def test_a_stranger_searches_reads_and_follows_the_countdown(page: Page, origin: str) -> None:
    page.goto(origin)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.get_by_role("searchbox").fill("鱼塘")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=POND).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(POND)
    count = page.locator(".countdown")
    before = count.text_content()
    expect(count).not_to_have_text(before or "", timeout=3000)
    with page.expect_download() as given:
        page.get_by_role("link", name="招标文件（含合同条款）").click()
    assert given.value.suggested_filename == "招标文件.txt"
    page.get_by_role("link", name="签章PDF").wait_for()
    page.get_by_role("link", name="验证", exact=True).last.click()
    expect(page.locator("main")).to_contain_text("已签发")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify a document or receipt")


def test_without_a_script_everything_is_there(
    browser: Browser, origin: str, paths: list[str]
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(origin + paths[4])
    expect(page.locator(".countdown")).to_contain_text("小时")
    page.goto(f"{origin}/tenders")
    page.locator("#q").fill("路灯")
    page.get_by_role("button", name="显示").click()
    expect(page.locator(".tender-row")).to_have_count(1)
    context.close()


def test_the_halls_display_goes_on_without_a_connection(
    context: BrowserContext, origin: str
) -> None:
    page = context.new_page()
    page.goto(f"{origin}/screen/all")
    page.evaluate("navigator.serviceWorker.ready")
    page.clock.install()
    page.reload()
    expect(page.locator(".board li").first).to_contain_text(POND)
    context.set_offline(True)
    page.clock.fast_forward("00:31")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator(".board li").first).to_contain_text(POND)
    page.reload()
    expect(page.locator(".board li").first).to_contain_text(POND)


def test_printed_pages_bear_no_buttons_and_the_sheet_is_one_page(
    page: Page, origin: str, paths: list[str]
) -> None:
    page.goto(origin + paths[6])
    page.emulate_media(media="print")
    assert page.locator(".button:visible, nav.main:visible, footer.site:visible").count() == 0
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_planted_faults_are_found(page: Page, origin: str) -> None:
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"{origin}/help")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend',"
        '\'<p id="wide">x</p><button>x</button><img src="/static/icon.svg">\');'
        "document.querySelector('#wide').animate([{width: '900px', maxWidth: 'none'}], "
        "{duration: 1, fill: 'forwards'}); document.querySelector('main > button')"
        ".animate([{height: '20px'}], {duration: 1, fill: 'forwards'})"
    )
    page.wait_for_timeout(50)
    assert page.evaluate("document.documentElement.scrollWidth") > 360
    assert page.evaluate(WIDER) != []
    assert page.evaluate(SMALL, TARGETS) != []
    page.evaluate(AXE)
    assert "image-alt" in [fault[0] for fault in page.evaluate(FAULTS)]
