"""A browser and a faulty platform for the walks of the sealing page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.vectors.pages import ROOT, run_build, serving
from tests.walks.sealing.acts import fill, submit
from tests.walks.sealing.faulty_platform import Platform, Site

# A request that an earlier test left would be sent again by the page as soon as it opens.
NOTHING_LEFT = """() => new Promise((resolve) => {
  indexedDB.open("sealed-bids").onsuccess = ({ target: { result: database } }) => {
    const change = database.transaction("pending", "readwrite");
    change.objectStore("pending").clear();
    change.oncomplete = () => { database.close(); resolve(); };
  };
})"""


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
    opened.goto("/static/style.css")
    opened.evaluate(NOTHING_LEFT)
    opened.goto("/")
    expect(opened.locator("#sealing-form")).to_be_visible()
    yield opened
    opened.close()
