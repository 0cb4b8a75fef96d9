"""A villager at 360 px: from an unknown visitor to a receipt, with nothing but forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from stdnum.cn import ric

from tender.accounts.authority import ensure_centre
from tender.accounts.models import Organisation, OrganisationKind, Standing
from tender.bids.models import BidStatus, SealedBid
from tender.core.actor import Role
from tender.procedure.models import Lot
from tests.tender import factories as make
from tests.vectors.pages import run_build
from tests.walks.serving import served, sign_in, sound

pytestmark = pytest.mark.browser
LOGIN, PASSWORD = "li.guihua", "qingyuan-yutang-88"
BODY = "33078119800307214"
NUMBER = BODY + ric.calc_check_digit(BODY)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[make.World]:
    made = make.world(tmp_path / "data")
    ensure_centre(made.platform.settings, "清源县公共资源交易中心", now=make.START)
    yield made
    made.platform.database.close()


@pytest.fixture
def origin(world: make.World) -> Iterator[str]:
    run_build()
    with served(world.platform) as origin:
        yield origin


@pytest.fixture
def phone(browser: Browser, origin: str) -> Iterator[Page]:
    """A villager's phone that was never here."""
    context = browser.new_context(
        base_url=origin, locale="zh-CN", timezone_id="Asia/Shanghai",
        viewport={"width": 360, "height": 740},
    )  # fmt: skip
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(browser: Browser, origin: str, world: make.World) -> Iterator[Page]:
    """A county clerk, signed in with both factors."""
    with world.platform.database.write() as session:
        county = session.scalars(
            select(Organisation).where(Organisation.kind == OrganisationKind.COUNTY)
        ).first() or make.organisation(session, OrganisationKind.COUNTY, "清源县")
        clerk = make.member(session, Role.COUNTY_CLERK, county)
    context: BrowserContext = browser.new_context(base_url=origin, locale="zh-CN")
    sign_in(context, origin, world.platform, clerk, make.START)
    yield context.new_page()
    context.close()


def _register(phone: Page, number: str) -> None:
    phone.locator("#kind-person, [name=kind][value=person]").first.check()
    phone.fill("[name=name]", "李桂花")
    phone.fill("[name=code]", number)
    phone.fill("[name=person]", "李桂花")
    phone.fill("[name=phone]", "13857900000")
    phone.fill("[name=login]", LOGIN)
    phone.fill("[name=password]", PASSWORD)
    phone.locator("main form button").last.click()


def _seal(phone: Page, opening: str) -> None:
    phone.goto(f"/bids/openings/{opening}")
    expect(phone.locator("#sealing-form")).to_be_visible()
    phone.fill("#sealing-price", "1350")
    phone.check("#sealing-confirm")
    phone.click("#sealing-submit")
    expect(phone.locator("#sealing-receipt")).to_be_visible(timeout=20_000)


def test_a_villager_registers_is_approved_seals_and_sees_the_receipt(
    world: make.World, phone: Page, desk: Page, artefacts: Path
) -> None:
    tender = make.open_tender(world)
    with world.platform.database.read() as session:
        opening = session.scalars(select(Lot.opening_id).where(Lot.tender_id == tender.id)).one()
    phone.goto("/register")
    sound(phone)
    phone.get_by_role("link", name=re.compile("个人|自然人")).first.click()
    wrong = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")
    _register(phone, wrong)
    expect(phone.locator(".errors, [role=alert]").first).to_be_visible()
    assert phone.input_value("[name=name]") == "李桂花"
    sound(phone)
    phone.screenshot(path=artefacts / "wrong-number.png", full_page=True)
    _register(phone, NUMBER)
    phone.fill("[name=login]", LOGIN)
    phone.fill("[name=password]", PASSWORD)
    phone.locator("main form button").first.click()
    expect(phone).to_have_url(re.compile("/account"))
    sound(phone)
    phone.screenshot(path=artefacts / "account.png", full_page=True)
    phone.goto(f"/bids/openings/{opening}")
    sound(phone)
    phone.screenshot(path=artefacts / "not-approved.png", full_page=True)
    assert phone.locator("#sealing-submit:not([disabled])").count() == 0

    desk.goto("/registrations")
    sound(desk)
    desk.screenshot(path=artefacts / "registrations.png", full_page=True)
    desk.locator("button[value=approve]").first.click()
    with world.platform.database.read() as session:
        found = session.scalars(select(Organisation).where(Organisation.code == NUMBER)).one()
        assert found.status is Standing.APPROVED

    _seal(phone, opening or "")
    sound(phone)
    phone.screenshot(path=artefacts / "receipt.png", full_page=True)
    assert phone.get_attribute("#sealing-receipt", "data-proven") == "yes"
    phone.goto("/bids")
    sound(phone)
    with world.platform.database.read() as session:
        assert session.scalars(select(SealedBid.status)).all() == [BidStatus.PENDING]
