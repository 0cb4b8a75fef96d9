"""A township agent at 360 px brings a village lease from the template to the public notice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from tender.accounts.authority import ensure_centre
from tender.accounts.models import Organisation
from tender.core.actor import Actor, Role
from tender.core.shanghai import SHANGHAI
from tender.procedure.custody import opening_records
from tender.procedure.models import OpeningRecordRow
from tests.tender import factories as make
from tests.walks.serving import pictured, served, sign_in

pytestmark = pytest.mark.browser
PHOTO = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[make.World]:
    made = make.world(tmp_path)
    ensure_centre(made.platform.settings, "清源县公共资源交易中心", now=made.clock.now())
    yield made
    made.platform.database.close()


@pytest.fixture
def origin(world: make.World) -> Iterator[str]:
    with served(world.platform, ticking=False) as origin:
        yield origin


def _sign_in(world: make.World, context: BrowserContext, origin: str, actor: Actor) -> Page:
    context.clear_cookies()
    sign_in(context, origin, world.platform, actor, world.clock.now())
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 740})
    return page


def _accept_all(world: make.World) -> None:
    with world.platform.database.write() as session:
        for row in session.scalars(select(OpeningRecordRow)):
            record = opening_records.record_of(session, row.opening_id)
            for keeper in world.keepers:
                opening_records.accept(session, keeper.accept(record), now=world.clock.now())


def test_a_village_lease_from_template_to_notice_on_a_telephone(
    world: make.World, origin: str, context: BrowserContext, artefacts: Path
) -> None:
    page = _sign_in(world, context, origin, world.agent)
    page.goto(f"{origin}/work")
    pictured(page, artefacts, "1-work")
    page.get_by_role("link", name="新建项目").first.click()
    page.get_by_role("link", name="村集体资产出租").click()
    page.get_by_label("标题", exact=True).fill("柳溪村2号鱼塘承包经营权出租")
    page.get_by_label("为哪个机构办理").select_option(label="柳溪村")
    deadline = (world.clock.now() + timedelta(days=12)).astimezone(SHANGHAI)
    page.locator("#deadline").fill(deadline.strftime("%Y-%m-%dT09:30"))
    page.locator("#lot-1-name").fill("2号鱼塘")
    page.locator("#lot-1-quantity").fill("14.637")
    page.locator("#lot-1-term").fill("20")
    page.locator("#lot-1-limit").fill("1200.50")
    page.locator("#decision").fill("村民代表会议表决通过")
    page.locator("#contact_name").fill("王主任")
    page.locator("#contact_phone").fill("0739-0000000")
    pictured(page, artefacts, "2-form")
    page.get_by_role("button", name="保存草稿").click()
    expect(page.get_by_text("20", exact=True)).to_be_visible()
    page.locator("#file").set_input_files(
        {"name": "决议.png", "mimeType": "image/png", "buffer": PHOTO}
    )
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_text("决议.png").first).to_be_visible()
    pictured(page, artefacts, "3-draft")
    page.get_by_role("button", name="提交审核").click()
    place = page.url
    with world.platform.database.write() as session:
        township = session.get_one(Organisation, world.agent.organisation_id)
        second = make.member(session, Role.TOWNSHIP_AGENT, township)
    page = _sign_in(world, context, origin, second)
    page.goto(place)
    page.get_by_role("button", name="通过").click()
    _accept_all(world)
    page.reload()
    page.get_by_role("button", name="发布", exact=True).click()
    page.get_by_role("link", name="公开页面").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("柳溪村2号鱼塘")
    expect(page.get_by_text("1,200.50").first).to_be_visible()
    pictured(page, artefacts, "4-notice")
