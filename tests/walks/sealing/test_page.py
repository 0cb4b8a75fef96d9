"""A bidder at the sealing page, in a real Chromium: from enrolment to a verified receipt."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.vectors.pages import ROOT
from tests.walks.sealing.acts import fill, noise, opened_bid, problem, submit, write
from tests.walks.sealing.faulty_platform import Platform

pytestmark = pytest.mark.browser
PDF = b"%PDF-1.4\n" + b"".join(
    b"%d 0 obj <</Type /Page /Resources <</Font <<>> >> >> endobj\n" % n for n in (3, 4, 5)
)


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
