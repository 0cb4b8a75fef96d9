"""An expert on the real platform, in a real Chromium: answers, scores by keyboard, submits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from evaluation.models import MemberStatus, PanelMember
from tender.core.actor import Actor
from tender.ledger.ticking import sign_if_grown
from tender.procedure.models import Tender
from tests.evaluation import county as make
from tests.walks.serving import become, pictured, served

pytestmark = pytest.mark.browser
NAMES = ("青石建设", "白水建筑", "南山工程")


@pytest.fixture
def asked(place: make.County) -> tuple[Tender, Actor]:
    """A works tender whose panel was just drawn, and one of its experts."""
    make.add_experts(place, 6)
    tender = make.works_tender(place)
    make.bid(place, tender, {name: 300_000_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    clerk, base = place.client(place.clerk), f"/work/{tender.id}/evaluation"
    make.ok(clerk.post(f"{base}/pool", data={"speciality": "A03", "size": "5"}))
    sign_if_grown(place.world.platform)
    make.ok(clerk.post(f"{base}/draw", data={"words": "骰子 6 3 2 5 1"}))
    place.app.config["WTF_CSRF_ENABLED"] = True
    with place.world.platform.database.read() as session:
        first = session.scalars(select(PanelMember).order_by(PanelMember.position)).first()
        assert first is not None
        expert = next(who for who in place.experts if who.person_id == first.person_id)
    return tender, expert


@pytest.fixture
def origin(place: make.County) -> Iterator[str]:
    with served(place.world.platform, app=place.app, ticking=False) as origin:
        yield origin


@pytest.fixture
def desk(
    place: make.County, asked: tuple[Tender, Actor], origin: str, context: BrowserContext
) -> Page:
    """The expert's browser, at the inbox's link."""
    tender, expert = asked
    become(context, origin, place, expert)
    page = context.new_page()
    page.goto(f"{origin}/panel/{tender.id}")
    return page


def _take_part(desk: Page) -> None:
    desk.keyboard.press("Tab")
    desk.locator("#no_conflict").focus()
    desk.keyboard.press("Space")
    desk.keyboard.press("Enter")
    desk.wait_for_selector("#sheet")
    desk.wait_for_load_state("load")  # Until then its module does not listen.


def test_an_expert_scores_a_whole_sheet_by_keyboard_and_submits_it(
    desk: Page, place: make.County, artefacts: Path
) -> None:
    _take_part(desk)
    cells = desk.locator(".cell")
    expect(cells).to_have_count(9)
    cells.nth(0).locator("input").first.focus()
    for _ in NAMES:
        desk.keyboard.press("p")
        desk.keyboard.press("Enter")
    for score in ("32", "35.5", "30", "15", "18", "12.5"):
        desk.keyboard.type(score)
        desk.keyboard.press("Enter")
    expect(desk.locator("#missing")).to_have_text("0")
    expect(desk.locator("#saved")).to_have_attribute("data-state", "saved")
    expect(desk.locator("output[data-sum]").nth(1)).to_have_text("53.5")
    expect(desk.locator("#confirm")).to_be_focused()
    desk.screenshot(path=str(artefacts / "sheet.png"), full_page=True)
    desk.keyboard.press("Space")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(desk.locator("h1")).to_have_text("您已提交的评分表")
    with place.world.platform.database.read() as session:
        states = session.scalars(
            select(PanelMember.status).where(PanelMember.sheet_sha256.is_not(None))
        ).all()
    assert states == [MemberStatus.SUBMITTED]


def test_a_wrong_score_is_told_at_its_cell_and_arrows_and_help_work(desk: Page) -> None:
    _take_part(desk)
    first = desk.locator(".cell").nth(1).locator("input")
    first.focus()
    desk.keyboard.type("41")
    desk.keyboard.press("ArrowDown")
    expect(desk.locator(".cell.wrong .error")).to_contain_text("41")
    expect(desk.locator("#saved")).to_have_attribute("data-state", "failed")
    desk.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    desk.keyboard.press("ControlOrMeta+a")
    desk.keyboard.type("39.5")
    desk.keyboard.press("ArrowRight")
    expect(desk.locator(".cell").nth(4).locator("input")).to_be_focused()
    expect(desk.locator("#saved")).to_have_attribute("data-state", "saved")
    desk.keyboard.press("?")
    expect(desk.locator("#keys-help")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.locator("#keys-help")).to_be_hidden()
    desk.reload()
    expect(first).to_have_value("39.5")


def test_the_pages_fit_a_phone_and_axe_finds_no_fault(
    desk: Page, place: make.County, asked: tuple[Tender, Actor], origin: str, artefacts: Path
) -> None:
    tender, _ = asked
    desk.set_viewport_size({"width": 360, "height": 740})
    pictured(desk, artefacts, "answer")
    _take_part(desk)
    pictured(desk, artefacts, "sheet")
    desk.goto(f"{origin}/panel/{tender.id}/bids")
    pictured(desk, artefacts, "bids")
    for who, url, name in (
        (place.clerk, f"/work/{tender.id}/evaluation", "evaluation"),
        (place.bidders[NAMES[0]].actor, f"/tenders/{tender.number}/objections", "objections"),
        (place.bidders[NAMES[0]].actor, f"/results/{tender.id}", "result"),
        (place.supervisor, f"/findings/{tender.id}", "findings"),
    ):
        become(desk.context, origin, place, who)
        desk.goto(origin + url)
        pictured(desk, artefacts, name)
