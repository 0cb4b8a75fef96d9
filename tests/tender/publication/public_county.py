"""A county that has published something: one tender at every stage, for pages and feeds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from tender.core.files import store_blob
from tender.ledger.ticking import sign_if_grown
from tender.procedure.facts import public_facts
from tender.procedure.models import Tender
from tender.procedure.notices import plain_notice, tender_notice
from tender.publication.models import NoticeKind
from tender.publication.papers.parts import Block
from tender.publication.service import Attachment, publish, set_stage
from tests.tender import factories as make

POND = "柳溪村鱼塘承包经营权出租"
TITLES = {
    POND: 1,
    "白石镇中心小学教学楼屋面维修": 4,
    "柳溪村老仓库房屋租赁": 9,
    "白石镇通村公路亮化路灯采购": 20,
    "清源县城东片区国有建设用地使用权出让（商服用地，含地下空间，附带人才住房配建要求）": 25,
}
FACTS: dict[str, Any] = {
    "decision": "2026年11月20日村民代表会议表决通过，应到38人，实到35人，同意34人。",
    "subject": "水面30亩，东至机耕路，南至石桥港，西至王家圩，北至村道；水电已通。",
    "place": "柳溪村东塘",
    "payment": "合同签订后五日内付清首年租金，以后每年一月十五日前支付。",
    "bidders": "具有完全民事行为能力的自然人或者依法设立的组织。",
    "contact": {"name": "王小明", "phone": "0570-8800 1234", "address": "柳溪村88号"},
}


def notice(world: make.World, title: str, days: int, lots: int = 1) -> Tender:
    """A tender with its notice and one attachment, published by the real services."""
    tender = make.open_tender(world, lots=lots, days=days)
    settings = world.platform.settings
    text = f"{title} 招标文件\n".encode() * 40
    sha256, size = store_blob(settings.store, [text])
    file = Attachment(
        title="招标文件（含合同条款）", name="招标文件.txt", media_type="text/plain", size=size,
        sha256=sha256,
    )  # fmt: skip
    with world.platform.database.write() as session:
        tender = session.get_one(Tender, tender.id)
        tender.title, tender.facts, tender.bond_fen = title, FACTS, 500_000
        now = world.clock.now()
        url = f"{settings.public_url}/tenders/{tender.number}"
        content = tender_notice(session, tender, now=now, url=url)
        content = type(content)(**{**vars(content), "attachments": (file,)})
        _publish(session, world, tender, content)
    return tender


def _publish(session: Session, world: make.World, tender: Tender, content: Any) -> None:
    facts = public_facts(session, tender, now=world.clock.now())
    publish(
        session, world.platform.settings, facts, content, actor_id=world.agent.person_id,
        now=world.clock.now(),
    )  # fmt: skip


def further(world: make.World, tender: Tender, kind: NoticeKind, title: str, *rows: Any) -> None:
    """A further notice of a tender."""
    with world.platform.database.write() as session:
        tender = session.get_one(Tender, tender.id)
        content = plain_notice(tender, kind, title, [Block(heading=title, rows=rows)])
        _publish(session, world, tender, content)


def county(data: Path, database_url: str | None = None) -> tuple[make.World, dict[str, Tender]]:
    """The county with its tenders by title; the first is asked about, the last is awarded."""
    world = make.world(data, database_url)
    made: dict[str, Tender] = {}
    for title, days in TITLES.items():
        world.clock.advance(minutes=7)
        made[title] = notice(world, title, days, lots=2 if days == 9 else 1)
    question = ("Question", "塘埂能否加高？"), ("Answer", "可以，费用由承租人承担。")
    further(world, made[POND], NoticeKind.CLARIFICATION, f"{POND}澄清公告", *question)
    *_, last = made.values()
    rows = ("清源县甲建设有限公司", "1,200,000.00 元"), ("清源县乙实业有限公司", "1,100,000.00 元")
    further(world, last, NoticeKind.OPENING, f"{last.title}开标记录", *rows)
    further(world, last, NoticeKind.RESULT, f"{last.title}成交结果公告", rows[0])
    with world.platform.database.write() as session:
        set_stage(session, last.id, "awarded")
    sign_if_grown(world.platform)
    return world, made
