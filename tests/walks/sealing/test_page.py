"""A bidder at the sealing page, in a real Chromium: from enrolment to a verified receipt."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from keys.verdict import Judgement, Verdict
from tests.vectors.pages import ROOT, run_build, serving
from tests.walks.sealing_platform import Platform, Site

pytestmark = pytest.mark.browser
PIECE = 2**23
PDF = b"%PDF-1.4\n" + b"".join(
    b"%d 0 obj <</Type /Page /Resources <</Font <<>> >> >> endobj\n" % n for n in (3, 4, 5)
)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("bundle") / "sealing.js"
    run_build(str(ROOT / "static" / "sealing" / "main.js"), str(path))
    return path.read_bytes()


@pytest.fixture(scope="module")
def site(browser: Browser, script: bytes) -> Iterator[tuple[Platform, BrowserContext]]:
    """One platform and one browser for all tests here; the browser enrols once."""
    made = Platform()

    class Here(Site):
        platform = made
        files = {  # noqa: RUF012 - read only
            "/static/sealing.js": ("text/javascript", script),
            "/static/style.css": ("text/css", (ROOT / "static" / "style.css").read_bytes()),
        }

    with serving(Here) as origin:
        county = browser.new_context(
            base_url=origin, locale="zh-CN", timezone_id="Asia/Shanghai", accept_downloads=True
        )
        page = county.new_page()
        page.goto("/")
        expect(page.locator("#sealing-identity")).to_have_attribute("data-state", "wait")
        made.faults = ["certificate-lost"]
        fill(page)
        submit(page)
        assert len(made.certified) == 2
        assert len(set(made.certified)) == 1
        page.close()
        yield made, county
        county.close()


@pytest.fixture
def platform(site: tuple[Platform, BrowserContext]) -> Platform:
    site[0].reset()
    return site[0]


@pytest.fixture
def page(site: tuple[Platform, BrowserContext], platform: Platform) -> Iterator[Page]:
    """The sealing page of a fresh tender, with the form ready."""
    opened = site[1].new_page()
    opened.goto("/")
    expect(opened.locator("#sealing-form")).to_be_visible()
    yield opened
    opened.close()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def noise(size: int, seed: bytes = b"bid") -> bytes:
    return hashlib.shake_128(seed).digest(size)


def fill(page: Page, *files: Path, price: str = "1,234,567.8") -> None:
    page.fill("#sealing-price", price)
    page.set_input_files("#sealing-files", list(files))
    page.check("#sealing-confirm")
    expect(page.locator("#sealing-submit")).to_have_attribute("aria-disabled", "false")


def submit(page: Page) -> None:
    page.click("#sealing-submit")
    expect(page.locator("#sealing-receipt")).to_be_visible(timeout=20_000)
    assert page.get_attribute("#sealing-receipt", "data-proven") == "yes"


def opened_bid(platform: Platform, out: Path, *contents: bytes) -> Judgement:
    judged = platform.open(out)
    assert judged.verdict is Verdict.OPENED, judged.reason
    assert [(out / f"{n:04d}").read_bytes() for n in range(1, len(contents) + 1)] == list(contents)
    return judged


def problem(page: Page, code: str) -> str:
    expect(page.locator("#sealing-problem")).to_be_visible(timeout=20_000)
    assert page.get_attribute("#sealing-problem", "data-code") == code
    expect(page.locator("#sealing-receipt")).to_be_hidden()
    return page.inner_text("#sealing-problem")


def test_a_bid_goes_from_the_form_to_a_verified_receipt_and_opens(
    page: Page, platform: Platform, tmp_path: Path, artefacts: Path
):
    plan, large = (
        write(tmp_path / "技术标.pdf", PDF),
        write(tmp_path / "图纸.zip", b"PK" + noise(9_000_000)),
    )
    empty = write(tmp_path / "空.txt", b"")
    expect(page.locator("#sealing-canary")).to_have_attribute("data-state", "good")
    assert page.locator(".custodians li").count() == 5
    assert platform.record.opening_id[:8] in page.inner_text("#sealing-record")
    fill(page, plan, large, empty)
    expect(page.locator("#sealing-price-capitals")).to_contain_text(
        "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角整"
    )
    rows = page.locator("#sealing-file-list tbody tr")
    assert rows.nth(0).locator("td").nth(2).inner_text() == "3"
    assert "0 字节" in rows.nth(2).inner_text()
    page.fill("[data-term=days]", "90")
    page.screenshot(path=artefacts / "form.png", full_page=True)
    submit(page)
    page.screenshot(path=artefacts / "receipt.png", full_page=True)
    judged = opened_bid(platform, tmp_path, PDF, large.read_bytes(), b"")
    assert judged.manifest is not None
    said = judged.manifest.to_object()
    assert (said["prices_fen"], said["terms"]) == ({"1": 123456780}, {"days": "90"})
    assert [each["name"] for each in said["files"]] == ["技术标.pdf", "图纸.zip", "空.txt"]
    assert page.evaluate("document.activeElement.id") == "sealing-receipt"


def test_every_step_works_by_keyboard_without_a_file(
    page: Page, platform: Platform, tmp_path: Path
):
    page.focus("#sealing-price")
    page.keyboard.type("0.05")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#sealing-receipt")).to_be_visible()
    judged = opened_bid(platform, tmp_path)
    assert judged.manifest is not None
    assert judged.manifest.to_object()["prices_fen"] == {"1": 5}


def test_a_price_beyond_the_published_limit_and_files_too_large_are_noticed_before_sealing(
    page: Page, platform: Platform, tmp_path: Path
):
    page.fill("#sealing-price", "999.99")
    expect(page.locator("#sealing-price-capitals")).to_contain_text("低于公告的底价 1,000.00 元")
    page.fill("#sealing-price", "1000")
    expect(page.locator("#sealing-price-capitals")).not_to_contain_text("底价")
    page.fill("#sealing-price", "一千")
    expect(page.locator("#sealing-price")).to_have_attribute("aria-invalid", "true")
    platform.changes = {"max_bytes": 1000}
    page.reload()
    page.fill("#sealing-price", "1000")
    page.set_input_files("#sealing-files", [write(tmp_path / "a.txt", b"x" * 1001)])
    page.check("#sealing-confirm")
    page.press("#sealing-submit", "Enter")
    expect(page.locator("#sealing-missing")).to_contain_text("超过上限")
    assert platform.uploads == []


def test_the_receipt_and_the_list_can_be_saved(page: Page, platform: Platform, tmp_path: Path):
    fill(page, write(tmp_path / "a.txt", b"text"))
    submit(page)
    saved = []
    for link in page.locator("#sealing-receipt a[download]").all():
        with page.expect_download() as waiting:
            link.click()
        saved.append(waiting.value.path().read_bytes())
    receipt, envelope, manifest = saved
    bid = next(iter(platform.bids.values()))
    assert json.loads(receipt) == platform.proven(bid)
    assert envelope == bid["envelope"]
    assert json.loads(manifest)["prices_fen"] == {"1": 123456780}


@pytest.mark.parametrize("faults", [["409", "460"], ["503", "answer-lost"]], ids=str)
def test_a_bad_line_delays_but_loses_nothing(
    page: Page, platform: Platform, tmp_path: Path, faults: list[str]
):
    platform.faults = list(faults)
    content = noise(2 * PIECE + 1000)
    fill(page, write(tmp_path / "a.bin", content))
    submit(page)
    assert platform.faults == []
    opened_bid(platform, tmp_path, content)
    assert len(platform.uploads) == 1


def test_an_interrupted_upload_goes_on_where_it_stopped(
    page: Page, platform: Platform, tmp_path: Path
):
    content = noise(3 * PIECE)
    file = write(tmp_path / "a.bin", content)
    fill(page, file)
    platform.hang_from = PIECE
    page.click("#sealing-submit")
    upload = wait_for(page, platform, lambda one: len(one.data) >= PIECE)
    page.reload()
    expect(page.locator("#sealing-unfinished")).to_contain_text("a.bin")
    platform.hang_from = None
    already, tried = len(upload.data), len(upload.tried)
    fill(page, file)
    submit(page)
    assert len(platform.uploads) == 1
    assert all(offset >= already for offset, _ in upload.tried[tried:])
    opened_bid(platform, tmp_path, content)


def test_a_file_that_changed_meanwhile_is_sealed_anew_under_a_fresh_key(
    page: Page, platform: Platform, tmp_path: Path
):
    file = write(tmp_path / "a.bin", noise(3 * PIECE))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    fill(page, file)
    platform.hang_from = 0
    page.click("#sealing-submit")
    wait_for(page, platform, lambda one: len(one.tried) >= 1)
    page.reload()
    expect(page.locator("#sealing-unfinished")).to_be_visible()
    platform.hang_from = None
    content = write(file, noise(3 * PIECE, b"other")).read_bytes()
    os.utime(file, (1_700_000_000, 1_700_000_000))
    fill(page, file)
    submit(page)
    assert len(platform.uploads) == 2
    opened_bid(platform, tmp_path, content)


def test_an_upload_that_is_gone_is_begun_anew(page: Page, platform: Platform, tmp_path: Path):
    platform.faults = ["404"]
    content = noise(PIECE + 5)
    fill(page, write(tmp_path / "a.bin", content))
    submit(page)
    assert len(platform.uploads) == 2
    opened_bid(platform, tmp_path, content)


def test_who_was_signed_out_signs_in_elsewhere_and_goes_on(
    page: Page, platform: Platform, tmp_path: Path
):
    platform.faults = ["signed-out"]
    content = noise(2 * PIECE)
    fill(page, write(tmp_path / "a.bin", content))
    page.click("#sealing-submit")
    assert "重新登录" in problem(page, "signed_out")
    submit(page)
    expect(page.locator("#sealing-problem")).to_be_hidden()
    assert len(platform.uploads) == 1
    opened_bid(platform, tmp_path, content)


def test_a_pause_stops_the_upload_until_the_bidder_goes_on(
    page: Page, platform: Platform, tmp_path: Path
):
    platform.hang_from = PIECE
    content = noise(3 * PIECE)
    fill(page, write(tmp_path / "a.bin", content))
    page.click("#sealing-submit")
    upload = wait_for(page, platform, lambda one: len(one.data) >= PIECE)
    page.click("#sealing-pause")
    expect(page.locator("#sealing-pause")).to_have_text("继续")
    expect(page.locator("#sealing-rate")).to_contain_text("已暂停")
    platform.hang_from = None
    page.wait_for_timeout(700)
    tried = len(upload.tried)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_timeout(1500)
    assert len(upload.tried) == tried
    page.click("#sealing-pause")
    expect(page.locator("#sealing-receipt")).to_be_visible()
    opened_bid(platform, tmp_path, content)


def test_a_file_changed_after_it_was_chosen_is_not_sealed(
    page: Page, platform: Platform, tmp_path: Path
):
    file = write(tmp_path / "a.bin", noise(PIECE))
    fill(page, file)
    write(file, noise(100))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    page.click("#sealing-submit")
    assert "被修改" in problem(page, "file_changed")
    assert platform.bids == {}


def test_the_key_cannot_be_taken_out_of_the_browser(page: Page):
    exported = page.evaluate(
        """async () => {
          const database = await new Promise((resolve) => {
            indexedDB.open("sealed-bids").onsuccess = (event) => resolve(event.target.result);
          });
          const all = database.transaction("identities").objectStore("identities").getAll();
          await new Promise((resolve) => { all.onsuccess = resolve; });
          return Promise.all(all.result.map(({ privateKey }) => Promise.any(
            ["jwk", "pkcs8", "raw"].map((format) => crypto.subtle.exportKey(format, privateKey)),
          ).then(() => "exported", () => "kept")));
        }"""
    )
    assert exported == ["kept"]


def test_a_lost_answer_to_seal_is_asked_again_and_counts_once(
    page: Page, platform: Platform, tmp_path: Path
):
    platform.faults = ["seal-lost", "proof-late"]
    fill(page, write(tmp_path / "a.txt", b"text"))
    submit(page)
    assert (platform.seals, len(platform.bids)) == (2, 1)
    opened_bid(platform, tmp_path, b"text")


def test_a_forged_receipt_is_never_shown_as_success(page: Page, platform: Platform, tmp_path: Path):
    platform.faults = ["receipt-forged"]
    fill(page, write(tmp_path / "a.txt", b"text"))
    page.click("#sealing-submit")
    assert "回执无效" in problem(page, "receipt_bad")


def test_a_late_bid_is_told_so_in_the_platform_s_words(
    page: Page, platform: Platform, tmp_path: Path
):
    platform.faults = ["seal-late"]
    fill(page, write(tmp_path / "a.txt", b"text"))
    page.click("#sealing-submit")
    assert "投标截止时间已过" in problem(page, "deadline_passed")


def without_acceptance(context: dict[str, Any]) -> dict[str, Any]:
    return {"accepts": context["accepts"][:-1]}


def with_another_pin(context: dict[str, Any]) -> dict[str, Any]:
    first, *rest = context["pins"]["custodians"]
    pins = [{**first, "name": "别的单位"}, *rest]
    return {"pins": {**context["pins"], "custodians": pins}}


def with_another_threshold(context: dict[str, Any]) -> dict[str, Any]:
    return {"record": {**context["record"], "threshold": 2}}


@pytest.mark.parametrize("change", [without_acceptance, with_another_pin, with_another_threshold])
def test_nothing_is_sealed_for_a_record_that_cannot_be_trusted(
    page: Page, platform: Platform, change: Callable[[dict[str, Any]], dict[str, Any]]
):
    platform.changes = change(platform.context())
    page.reload()
    problem(page, "record_bad")
    expect(page.locator("#sealing-form")).to_be_hidden()


def test_a_browser_without_the_key_is_told_so_where_no_new_one_can_be_made(
    page: Page, platform: Platform, browser: Browser
):
    platform.changes = {"enrol_url": None}
    other = browser.new_context()
    stranger = other.new_page()
    stranger.goto(page.url)
    problem(stranger, "no_key")
    other.close()


def test_plain_http_is_explained_with_a_way_out(page: Page, script: bytes, platform: Platform):
    def serve(route: Route) -> None:
        if route.request.url.endswith(".js"):
            route.fulfill(body=script, content_type="text/javascript")
        else:
            body = platform.page("zh")
            route.fulfill(body=body, content_type="text/html; charset=utf-8")

    page.route("http://county.example/**", serve)
    page.goto("http://county.example/")
    assert "https" in problem(page, "insecure")
    links = page.locator("main > p > a").evaluate_all("all => all.map((a) => a.href)")
    assert links == ["https://county.example/seal", "http://county.example/kit"]


WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL = """[...document.querySelectorAll("a, button, input")].filter((e) => e.checkVisibility())
  .map((e) => (e.type === "checkbox" ? e.parentElement : e))
  .filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)"""


@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_is_usable_on_a_phone_and_axe_finds_no_fault(
    page: Page, tmp_path: Path, artefacts: Path, width: int
):
    axe = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    page.set_viewport_size({"width": width, "height": 740})
    fill(
        page, write(tmp_path / "第一册施工组织设计及附图.pdf", PDF), write(tmp_path / "b.pdf", b"-")
    )
    for state in ("form", "receipt"):
        if state == "receipt":
            submit(page)
        page.screenshot(path=artefacts / f"{state}.png", full_page=True)
        assert not page.evaluate(WIDE), state
        assert page.evaluate(SMALL) == [], state
        page.evaluate(axe)
        found = page.evaluate("axe.run().then((r) => r.violations.map((v) => [v.id, v.help]))")
        assert found == [], state


def wait_for(page: Page, platform: Platform, ready: Callable[[Any], bool]) -> Any:
    for _ in range(200):
        if platform.uploads and ready(platform.uploads[-1]):
            return platform.uploads[-1]
        page.wait_for_timeout(50)
    raise AssertionError("the upload did not come that far")
