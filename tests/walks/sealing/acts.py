"""What a bidder does on the sealing page, and how one looks at what came of it."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from keys.verdict import Judgement, Verdict
from tests.walks.sealing.faulty_platform import Platform, Upload

PIECE = 2**23


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


def wait_for(page: Page, platform: Platform, ready: Callable[[Upload], bool]) -> Upload:
    for _ in range(200):
        if platform.uploads and ready(platform.uploads[-1]):
            return platform.uploads[-1]
        page.wait_for_timeout(50)
    raise AssertionError("the upload did not come that far")
