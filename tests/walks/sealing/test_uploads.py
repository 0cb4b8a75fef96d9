"""Bad lines, pauses, crashes, lost sessions and changed files while a bid goes up."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.walks.sealing.acts import (
    PIECE,
    fill,
    noise,
    opened_bid,
    problem,
    submit,
    wait_for,
    write,
)
from tests.walks.sealing.faulty_platform import Platform

pytestmark = pytest.mark.browser


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


def test_a_lost_answer_to_seal_is_asked_again_and_counts_once(
    page: Page, platform: Platform, tmp_path: Path
):
    platform.faults = ["seal-lost", "proof-late"]
    fill(page, write(tmp_path / "a.txt", b"text"))
    submit(page)
    assert (platform.seals, len(platform.bids)) == (2, 1)
    opened_bid(platform, tmp_path, b"text")
