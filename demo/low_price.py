"""A review of an abnormally low price: the panel asks, the bidder explains, the members vote."""

from __future__ import annotations

import re

from demo.client import Bidder, Person
from demo.story import Story
from tender.procedure.models import Tender

QUESTION = "报价明显低于其他有效投标人，请说明设备来源、成本构成和售后安排。"
ANSWER = (
    "我公司为该型号设备的省级总代理，本次供应厂家年度清库存机型，采购成本低于市场价；"
    "安装和质保由厂家驻省服务站承担，不另计费。随附成本测算表。"
)
COSTS = (
    "成本测算（单位：元）\n设备六台采购 1036800\n运输与安装 38400\n培训与质保 46200\n税费 87300\n"
)
VOTES = (
    (True, "成本测算与附件单价吻合，可以履约。"),
    (True, "厂家库存机型价格可信，质保责任明确。"),
    (True, "已核对代理授权，报价有依据。"),
    (False, "运输与安装费用测算偏低，说服力不足。"),
    (True, "税费和培训费均已列入，不低于成本。"),
)


def review(story: Story, tender: Tender, seated: list[Person], bidder: Bidder) -> None:
    """Let the panel review the lowest price, which its bidder explains in time."""
    place = f"/panel/{tender.id}/low-price"
    bid = _found(rf"{place}/([0-9a-f]{{32}})/open", seated[0].get(place).text)
    seated[0].post(f"{place}/{bid}/open", {"minutes": "60", "reason": QUESTION})
    story.tell(f"{tender.number} 最低报价触发异常低价审查，投标人须在一小时内说明")
    story.county.advance(minutes=35)
    asked = _found(r"/low-price/([0-9a-f]{32})", bidder.get("/inbox").text)
    files = {"files": ("成本测算.txt", COSTS.encode())}
    bidder.post(f"/low-price/{asked}", {"text": ANSWER}, files=files)
    for expert, (explained, reason) in zip(seated, VOTES, strict=True):
        form = {"explained": "yes" if explained else "no", "reason": reason}
        expert.post(f"{place}/{asked}/vote", form)
    story.tell("五名评委逐一表决并说明理由，多数认为说明成立，报价有效")


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    if found is None:
        raise RuntimeError(f"{pattern} is not on the page")
    return found[1]
