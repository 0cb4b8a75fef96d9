"""What bids state, after the opening: people for supervision, partners for the panel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from evaluation.findings.inputs import registered
from evaluation.models import FindingRow, PanelDraw
from evaluation.panel.partners import bidder_named, stated_in_tender
from keys.bid_statement import NAME, Computer, Member, Partner
from tender.accounts.models import Organisation
from tender.core.i18n import speaking
from tender.procedure.facts import lots_of
from tender.procedure.law.kinds import Kind, Method
from tender.procedure.models import Tender
from tender.publication.models import IssuedDocument, Notice, NoticeKind
from tests.evaluation import county as make
from tests.evaluation.compare.documents import docx
from tests.evaluation.stating import public_manifests, public_zip, stating

NUMBER, MAC = "11010519491231002X", "3c:7c:3f:11:22:33"
ZHANG = Member("张三", NUMBER, "京1112020", "项目经理")
FIRMS = ("青石建设", "白水建筑", "南山工程", "北岭路桥")


def bid(place: make.County, tender: Tender, name: str, **stated: Any) -> None:
    price = 300_000_000 + 7_919 * FIRMS.index(name)
    files = {"技术标.docx": docx(["施工组织设计" + name])}
    make.bid_with_files(place, tender, name, price, files | {NAME: stating(**stated)})


def opened(place: make.County, stated: Mapping[str, Mapping[str, Any]], **changes: Any) -> Tender:
    tender = make.works_tender(place, **changes)
    for name in FIRMS[:3]:
        bid(place, tender, name, **stated.get(name, {}))
    make.open_all(place, tender)
    return tender


def remarks(place: make.County, tender: Tender) -> dict[str, list[tuple[str, str]]]:
    """Remarks by bidder: the sentence and the ground's code."""
    store = place.world.platform.settings.store
    ids = {bid_id: name for name, bid_id in make.bid_ids(place, tender).items()}
    with place.world.platform.database.read() as session, speaking("zh"):
        here = session.get_one(Tender, tender.id)
        found = stated_in_tender(session, store, here)
        return {
            ids[bid_id]: [
                (each.wording.text(), each.ground.code if each.ground else "")
                for each in stated.remarks
            ]
            for bid_id, stated in found.items()
        }


def test_one_person_in_two_teams_is_found_by_its_number(place: make.County) -> None:
    tender = opened(place, {
        "青石建设": {"team": (ZHANG,), "computer": Computer(MAC, "cpu-1", "disk-1")},
        "白水建筑": {"team": (Member("张三", NUMBER), Member("李四")),
                  "computer": Computer(MAC, "cpu-1", "disk-1")},
        "南山工程": {"team": (Member("王五"),)},
    })  # fmt: skip
    make.screen(place)
    rows = place.read(lambda session: list(session.scalars(select(FindingRow))))
    found = {(row.code, row.strength): row for row in rows}
    assert ("P1", "A") in found
    assert ("H1", "A") in found
    pair = {place.bidders[name].organisation.id for name in ("青石建设", "白水建筑")}
    assert set(found["P1", "A"].bidders) == pair
    assert NUMBER not in json.dumps(found["P1", "A"].content)
    shown = place.client(place.supervisor).get(f"/findings/{tender.id}/{found['P1', 'A'].id}")
    assert "张三" in shown.get_data(as_text=True)
    assert not [row for row in rows if row.code == "U"]


def test_members_of_one_consortium_are_not_held_against_each_other(place: make.County) -> None:
    joined = (Partner("白水 建筑"),)
    tender = opened(
        place,
        {"青石建设": {"team": (ZHANG,), "consortium": joined}, "白水建筑": {"team": (ZHANG,)}},
        joint_bids=True,
    )
    settings = place.world.platform.settings
    with place.world.platform.database.read() as session:
        feed = registered.feed_of(session, settings, lots_of(session, tender.id)[0])
    pair = frozenset(place.bidders[name].organisation.id for name in ("青石建设", "白水建筑"))
    assert feed.pairs == {pair}
    assert registered.team(feed) == []


def test_a_firm_that_bids_and_joins_is_shown_with_its_ground_on_both_bids(
    place: make.County,
) -> None:
    tender = opened(place, {"青石建设": {"consortium": (Partner("白水建筑", work="地基"),)}},
                    joint_bids=True)  # fmt: skip
    found = remarks(place, tender)
    assert [code for _, code in found["青石建设"]] == ["joint_twice"]
    assert [code for _, code in found["白水建筑"]] == ["joint_twice"]
    assert found["南山工程"] == []
    page = place.client(place.clerk).get(f"/work/{tender.id}/evaluation").get_data(as_text=True)
    assert "白水建筑是本联合体成员，同时在本标段单独投标。" in page
    assert "第37条第3款" in page
    assert "地基" in page


def test_a_member_of_two_joint_bids_is_shown_on_both(place: make.County) -> None:
    member = (Partner("北岭路桥", "91330800MA28F00001"),)
    other = (Partner("北岭路桥集团", "91330800ma28f00001"),)
    tender = opened(place, {"青石建设": {"consortium": member}, "白水建筑": {"consortium": other}},
                    joint_bids=True, kind=Kind.PROCUREMENT)  # fmt: skip
    found = remarks(place, tender)
    assert [code for _, code in found["青石建设"] + found["白水建筑"]] == ["joint_twice"] * 2
    page = place.client(place.clerk).get(f"/work/{tender.id}/evaluation").get_data(as_text=True)
    assert "第22条第2款" in page


def test_what_the_documents_do_not_take_is_shown(place: make.County) -> None:
    tender = opened(place, {
        "青石建设": {"consortium": (Partner("北岭路桥"),)},
        "白水建筑": {"subcontracts": (Partner("南山工程"),)},
    })  # fmt: skip
    found = remarks(place, tender)
    assert [code for _, code in found["青石建设"]] == ["unqualified"]
    assert [code for _, code in found["白水建筑"]] == ["unresponsive", ""]


def test_a_partner_is_known_by_its_code_and_else_by_its_name(place: make.County) -> None:
    tender = opened(place, {})
    with place.world.platform.database.write() as session:
        firm = session.get_one(Organisation, place.bidders["青石建设"].organisation.id)
        firm.code = "91330800MA28F00001"
    with place.world.platform.database.read() as session:
        bids = make.judged(session, tender)

    def named(name: str, code: str = "") -> str:
        found = bidder_named(Partner(name, code), bids)
        return found.name if found else ""

    assert named("青石（集团）", "91330800 ma28f00001") == "青石建设"
    assert named(" 青石建设 ") == "青石建设"
    assert named("青石建设", "91330800MA28F99999") == ""
    assert named("白水建筑", "91330800MA28F99999") == "白水建筑"
    assert named("无名公司") == ""


def test_a_statement_that_cannot_be_read_is_a_finding_and_stops_nothing(place: make.County) -> None:
    tender = make.works_tender(place)
    plain = {"技术标.docx": docx(["施工组织设计"])}
    hostile = b'{"v":"statement/v1","team":' + b"[" * 5000
    for number, data in enumerate((hostile, b"\xff" * 70_000, stating(team=(ZHANG,)))):
        make.bid_with_files(place, tender, FIRMS[number], 300_000_000, plain | {NAME: data})
    make.open_all(place, tender)
    make.screen(place)
    rows = place.read(lambda session: list(session.scalars(select(FindingRow))))
    unread = [row for row in rows if row.code == "U"]
    assert len(unread) == 2
    shown = place.client(place.supervisor).get(f"/findings/{tender.id}/{unread[0].id}")
    assert "投标声明不符合规定格式，未能读取" in shown.get_data(as_text=True)
    page = place.client(place.clerk).get(f"/work/{tender.id}/evaluation").get_data(as_text=True)
    assert page.count("投标声明未能读取") == 2


def test_identity_numbers_reach_supervision_only(place: make.County) -> None:
    stated = {"team": (ZHANG,), "computer": Computer(MAC, "", "")}
    tender = opened(place, dict.fromkeys(FIRMS[:3], stated))
    make.add_experts(place, 9)
    seated = make.draw_panel(place, tender)
    bid_id = make.bid_ids(place, tender)["青石建设"]
    path, desk = f"/openings/bids/{bid_id}/files/2", f"/panel/{tender.id}/files/{bid_id}/2"
    for who, url in ((place.clerk, path), (place.world.agent, path), (seated[0], desk)):
        answer = place.client(who).get(url)
        assert answer.status_code == 403, url
        assert NUMBER not in answer.get_data(as_text=True)
    for who in (place.supervisor, place.auditor):
        with place.client(who).get(path) as file:
            assert NUMBER.encode() in file.data
    expert = place.client(seated[0])
    for url in (f"/panel/{tender.id}", f"/panel/{tender.id}/bids"):
        page = expert.get(url).get_data(as_text=True)
        assert desk not in page
        assert NUMBER not in page
        assert MAC not in page
    assert "张三" in page
    assert "项目经理" in page
    for reader in (place.clerk, place.world.agent, None):
        for url in (f"/work/{tender.id}/evaluation", f"/tenders/{tender.number}/hall"):
            page = place.client(reader).get(url).get_data(as_text=True)
            assert path not in page
            assert NUMBER not in page


def test_nobody_finds_them_in_the_public_zip_even_with_the_keys(place: make.County) -> None:
    stated = {"team": (ZHANG,), "computer": Computer(MAC, "cpu-77", "disk-77")}
    tender = opened(place, dict.fromkeys(FIRMS[:3], stated))
    with public_zip(place, tender) as archive:
        manifests = public_manifests(archive)
        # Sealed files would open with the same keys, so none may be there at all.
        assert not [name for name in archive.namelist() if "/files/" in f"/{name}"]
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert len(manifests) == 3
    listed = [{file["name"]: file["sha256"] for file in each["files"]} for each in manifests]
    assert all(NAME in each for each in listed)
    assert len({each[NAME] for each in listed}) == 3  # The same words three times, each salted.
    everything = content + json.dumps(manifests, ensure_ascii=False).encode()
    for secret in (NUMBER, MAC, "cpu-77", "disk-77", "张三"):
        assert secret.encode() not in everything


def test_experts_of_members_and_subcontractors_are_kept_from_the_panel(place: make.County) -> None:
    tender = opened(
        place,
        {
            "青石建设": {"consortium": (Partner("北岭路桥", "91330800MA28F00001"),)},
            "白水建筑": {"subcontracts": (Partner("县城防水"),)},
        },
        joint_bids=True, subcontracting=True,
    )  # fmt: skip
    make.add_experts(place, 1, employer="北岭路桥")
    make.add_experts(place, 1, employer_code="91330800MA28F00001")
    make.add_experts(place, 1, employer="县城防水")
    barred = {each.person_id for each in place.experts}
    make.add_experts(place, 9)
    seated = make.draw_panel(place, tender)
    declined = place.client(seated[0])
    make.ok(declined.post(f"/panel/{tender.id}/decline", data={"reason": "临时出差，无法到场"}))
    later = [who for who in place.experts if who not in seated and who.person_id not in barred]
    asked = [place.client(who).get(f"/panel/{tender.id}") for who in later]
    page = next(each.get_data(as_text=True) for each in asked if each.status_code == 200)
    assert "北岭路桥" in page
    assert "县城防水" in page
    assert barred.isdisjoint({each.person_id for each in seated})
    made = place.read(lambda session: session.scalars(select(PanelDraw)).one())
    assert {"北岭路桥", "91330800MA28F00001"} <= set(made.parties["bidders"])
    assert made.parties["related"] == ["县城防水"]
    outcome = {each["expert"]: each["outcome"] for each in made.order}
    assert {outcome[each] for each in barred} == {"recused"}


def test_a_subcontractor_s_name_in_its_principal_s_bid_is_no_mixed_document(
    place: make.County,
) -> None:
    tender = make.works_tender(place, subcontracting=True)
    texts = {
        "青石建设有限公司": "屋面防水交由白水建筑有限公司完成，合同另订。",
        "白水建筑有限公司": "屋面防水施工方案",
        "南山工程有限公司": "白水建筑有限公司的施工方案如下",
    }
    for name, text in texts.items():
        stated = (Partner("白水建筑有限公司"),) if name.startswith("青石") else ()
        files = {"技术标.docx": docx([text] * 3), NAME: stating(subcontracts=stated)}
        make.bid_with_files(place, tender, name, 300_000_000, files)
    make.open_all(place, tender)
    make.screen(place)
    rows = place.read(lambda session: list(session.scalars(select(FindingRow))))
    mixed = [set(row.bidders) for row in rows if row.code == "X1"]
    ids = {name: place.bidders[name].organisation.id for name in texts}
    assert mixed == [{ids["南山工程有限公司"], ids["白水建筑有限公司"]}]


def test_a_joint_bid_is_told_with_its_members_to_the_public_and_on_paper(
    place: make.County,
) -> None:
    joined = {"青石建设": {"consortium": (Partner("北岭路桥"), Partner("县城防水"))}}
    tender = opened(
        place, joined, joint_bids=True, kind=Kind.VILLAGE, method=Method.LOWEST_PRICE, minimum=1
    )
    make.award_lease(place, tender)
    named = "青石建设（联合体牵头人，成员：北岭路桥、县城防水）"
    notices = {
        notice.kind: notice
        for notice in place.read(lambda session: list(session.scalars(select(Notice))))
    }
    for kind in (NoticeKind.CANDIDATES, NoticeKind.RESULT):
        assert named in str(notices[kind].blocks)
    (supplier,) = notices[NoticeKind.RESULT].release["awards"][0]["suppliers"]
    to_winner = IssuedDocument.kind == "award_letter"
    letter = place.read(
        lambda session: session.scalars(select(IssuedDocument).where(to_winner)).one()
    )
    assert named in json.dumps(letter.context, ensure_ascii=False)
    assert supplier["name"] == "青石建设"
