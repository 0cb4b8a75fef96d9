"""A builder states team and subcontractor in a real Chromium; supervision finds the twin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from sqlalchemy import select

from evaluation.models import FindingRow
from keys.bid_statement import NAME, BidStatement, Computer, Member, Partner
from tender.accounts.models import OrganisationKind
from tender.core.actor import Actor, Role
from tender.core.files import blob_path
from tender.opening.stated import is_statement
from tender.procedure.facts import lots_of
from tender.procedure.models import Tender
from tests.evaluation import county as make
from tests.evaluation.stating import public_manifests, public_zip, stating
from tests.tender import factories
from tests.vectors.pages import run_build
from tests.walks.serving import become, pictured, served

pytestmark = pytest.mark.browser
NUMBER, MAC = "11010519491231002X", "3c:7c:3f:11:22:33"
CODE = "91110000600037341L"
BUILDER, TWIN, THIRD = "青石建设", "白水建筑", "南山工程"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[make.County]:
    made = make.county(tmp_path)
    yield made
    made.world.platform.database.close()


@pytest.fixture
def tender(place: make.County) -> Tender:
    """Works that take joint bids and subcontractors, with two bids from the offline kit."""
    made = make.works_tender(place, joint_bids=True, subcontracting=True)
    for name, person in ((TWIN, Member("张三丰", NUMBER)), (THIRD, Member("王五"))):
        stated = stating(team=(person,), computer=Computer(MAC, "", ""))
        make.bid_with_files(place, made, name, 310_000_000, {NAME: stated})
    return made


@pytest.fixture
def builder(place: make.County) -> Actor:
    """A bidder whose browser has no key yet."""
    run_build()
    place.app.config["WTF_CSRF_ENABLED"] = True
    with place.world.platform.database.write() as session:
        company = factories.organisation(session, OrganisationKind.COMPANY, BUILDER)
        return factories.member(session, Role.BIDDER, company)


@contextmanager
def browsing(place: make.County, browser: Browser, who: Actor, *, ticking: bool) -> Iterator[Page]:
    """A telephone of somebody; only while bids are taken does the platform's clock tick."""
    with served(place.world.platform, app=place.app, ticking=ticking) as origin:
        context = browser.new_context(
            base_url=origin, locale="zh-CN", timezone_id="Asia/Shanghai",
            viewport={"width": 360, "height": 740},
        )  # fmt: skip
        become(context, origin, place, who)
        yield context.new_page()
        context.close()


def _open_form(place: make.County, tender: Tender, page: Page) -> None:
    opening = place.read(lambda session: lots_of(session, tender.id)[0].opening_id)
    page.goto(f"/bids/openings/{opening}")
    expect(page.locator("#sealing-form")).to_be_visible()


def _state(page: Page) -> None:
    """Fill team and subcontractor by keyboard; one row too many is taken away again."""
    team = page.get_by_role("group", name="项目管理机构人员（选填）")
    for _ in range(2):
        team.get_by_role("button", name="增加一人").focus()
        page.keyboard.press("Enter")
    expect(team.locator("[data-column=name]").last).to_be_focused()
    team.get_by_role("button", name="移除第2行").click()
    expect(team.locator("[data-column=name]")).to_be_focused()
    page.keyboard.type("张三")
    page.keyboard.press("Tab")
    page.keyboard.type("110105 194912310021")
    page.keyboard.press("Tab")
    expect(team.get_by_text("这不像是有效的身份证号码")).to_be_visible()
    team.get_by_label("身份证号码").fill(NUMBER.lower())
    page.keyboard.press("Tab")
    expect(team.get_by_text("这不像是有效的身份证号码")).to_have_count(0)
    team.get_by_label("拟任岗位").fill("项目经理")
    under = page.get_by_role("group", name="分包单位")
    under.get_by_role("button", name="增加一个分包单位").click()
    code = under.get_by_label("统一社会信用代码")
    for text, remarks in (("91110000600037341X", 1), (CODE, 0)):
        code.fill(text)
        page.keyboard.press("Tab")
        expect(under.get_by_text("这不像是有效的统一社会信用代码")).to_have_count(remarks)
    under.get_by_label("承担的工作").fill("屋面防水")


def test_a_builder_states_its_team_and_supervision_finds_its_twin(
    place: make.County, tender: Tender, builder: Actor, browser: Browser, artefacts: Path
) -> None:
    with browsing(place, browser, builder, ticking=True) as page:
        _hand_in(place, tender, page, artefacts)
    make.open_all(place, tender)
    stated = _stated(place, tender)
    assert stated.team == (Member("张三", NUMBER, "", "项目经理"),)
    assert stated.subcontracts == (Partner("县城防水公司", CODE, "屋面防水"),)
    assert (stated.consortium, stated.computer) == ((), None)
    make.screen(place)
    with browsing(place, browser, place.supervisor, ticking=False) as page:
        _seen_by_supervision(place, page, tender, artefacts)
    with browsing(place, browser, place.clerk, ticking=False) as page:
        _seen_by_staff(page, tender, artefacts)
    with public_zip(place, tender) as archive:
        manifests = public_manifests(archive)
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert len(manifests) == 3
    everything = content + json.dumps(manifests, ensure_ascii=False).encode()
    for secret in (NUMBER, MAC, "张三", "县城防水"):
        assert secret.encode() not in everything


def _hand_in(place: make.County, tender: Tender, page: Page, artefacts: Path) -> None:
    """Fill the form with a fault, correct it, and submit."""
    _open_form(place, tender, page)
    plan: FilePayload = {
        "name": "方案.txt",
        "mimeType": "text/plain",
        "buffer": "施工组织设计".encode(),
    }
    page.fill("#sealing-price", "3000000")
    page.set_input_files("#sealing-files", [plan])
    page.check("#sealing-confirm")
    _state(page)
    page.focus("#sealing-submit")
    page.keyboard.press("Enter")
    expect(page.locator("#sealing-missing")).to_have_text("请填写每一行的名称，或者移除该行。")
    under = page.get_by_role("group", name="分包单位")
    expect(under.get_by_label("单位名称")).to_be_focused()
    page.keyboard.type("县城防水公司")
    expect(page.locator("#sealing-file-list")).to_contain_text(f"投标声明 {NAME}")
    pictured(page, artefacts, "form-360")
    page.set_viewport_size({"width": 1280, "height": 900})
    pictured(page, artefacts, "form-1280")
    page.click("#sealing-submit")
    expect(page.locator("#sealing-receipt")).to_be_visible(timeout=40_000)
    assert page.get_attribute("#sealing-receipt", "data-proven") == "yes"


def _stated(place: make.County, tender: Tender) -> BidStatement:
    """The builder's statement as it was opened."""
    bids = place.read(lambda session: make.judged(session, tender))
    bid = next(each for each in bids if each.name == BUILDER)
    stored = next(each for each in bid.stored if is_statement(each))
    path = blob_path(place.world.platform.settings.store, stored["sha256"])
    return BidStatement.from_bytes(path.read_bytes())


def _seen_by_supervision(place: make.County, page: Page, tender: Tender, artefacts: Path) -> None:
    """P1 stands before supervision with strength A, the number only by its end."""
    query = select(FindingRow).where(FindingRow.code == "P1")
    finding = place.read(lambda session: session.scalars(query).one())
    assert finding.strength == "A"
    page.goto(f"/findings/{tender.id}/{finding.id}")
    expect(page.locator("main")).to_contain_text("张三丰")
    expect(page.locator("main")).to_contain_text("**************002X")
    expect(page.locator("main")).not_to_contain_text(NUMBER)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        pictured(page, artefacts, f"finding-{width}")


def _seen_by_staff(page: Page, tender: Tender, artefacts: Path) -> None:
    """Staff see the partners, and nobody's number."""
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"/work/{tender.id}/evaluation")
        expect(page.get_by_text(f"县城防水公司 {CODE}：屋面防水")).to_be_visible()
        assert NUMBER not in page.content()
        pictured(page, artefacts, f"work-{width}")


def test_an_interrupted_statement_is_filled_in_again_and_goes_on(
    place: make.County, tender: Tender, builder: Actor, browser: Browser
) -> None:
    with browsing(place, browser, builder, ticking=True) as page:
        _interrupted(place, tender, page)
        page.reload()
        expect(page.locator("#sealing-unfinished")).to_contain_text("您声明的内容已重新填好")
        team = page.get_by_role("group", name="项目管理机构人员（选填）")
        expect(team.get_by_label("身份证号码")).to_have_value(NUMBER)
        page.fill("#sealing-price", "3000000")
        page.check("#sealing-confirm")
        page.click("#sealing-submit")
        expect(page.locator("#sealing-receipt")).to_be_visible(timeout=40_000)
    make.open_all(place, tender)
    assert _stated(place, tender).subcontracts == (Partner("县城防水公司", CODE, "屋面防水"),)


def _interrupted(place: make.County, tender: Tender, page: Page) -> None:
    """The line breaks while the files are sent, so nothing is signed yet."""
    _open_form(place, tender, page)
    page.fill("#sealing-price", "3000000")
    page.check("#sealing-confirm")
    _state(page)
    page.get_by_label("单位名称").fill("县城防水公司")
    page.route("**/uploads/*", lambda route: route.abort())
    page.click("#sealing-submit")
    expect(page.locator("#sealing-rate")).to_contain_text("网络中断", timeout=10_000)
    page.once("dialog", lambda dialog: dialog.accept())
    page.unroute_all()
