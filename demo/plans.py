"""Who bids what in the scripted lives: the three village cases and the works tender."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from demo.story import form_moment

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).with_name("cases.json")).read_text("utf-8")
)["cases"]
CONTACT = {"contact_name": "村务办公室", "contact_phone": "0739-0000000"}


def places() -> dict[str, list[str]]:
    """Townships with their villages, as the cases name them."""
    found: dict[str, list[str]] = {}
    for case in CASES:
        found.setdefault(case["township"], []).append(case["village"])
    return found


def lease_form(case: dict[str, Any], village_id: str, deadline: datetime) -> dict[str, str]:
    """The draft form of a village case."""
    form = {
        "title": case["title"],
        "organisation_id": village_id,
        "kind": "village",
        "direction": "DISPOSAL",
        "method": "sealed_highest_price",
        "deadline": form_moment(deadline),
        "term_text": f"{case['term']}年",
        **CONTACT,
        **case["form"],
    }
    if case.get("members_only"):
        form["members_only"] = "yes"
    for number, lot in enumerate(case["lots"], start=1):
        form |= {
            f"lot-{number}-name": lot["name"],
            f"lot-{number}-price_basis": case["basis"],
            f"lot-{number}-quantity": lot["quantity"],
            f"lot-{number}-unit": lot["unit"],
            f"lot-{number}-term": case["term"],
            f"lot-{number}-limit": f"{lot['limit_fen'] // 100}.{lot['limit_fen'] % 100:02d}",
        }
    return form


WORKS_CEILING_FEN = 386_000_000


WORKS: dict[str, str] = {
    "title": "清源县柳河镇农村公路改造工程施工",
    "kind": "construction",
    "direction": "PURCHASE",
    "method": "comprehensive_scoring",
    "must_tender": "yes",
    "subject": "农村公路路面改造6.8公里，含排水与安全设施",
    "place": "清源县柳河镇",
    "decision": "县发展和改革局批准立项，资金已落实",
    "bidders": "具备公路工程施工总承包三级及以上资质",
    "payment": "按月支付进度款的百分之八十，竣工验收后付至百分之九十七",
    "bond": "70000",
    "contact_name": "县交通运输局工程股",
    "contact_phone": "0739-0000001",
    "lot-1-name": "农村公路改造施工",
    "lot-1-price_basis": "total",
    "lot-1-quantity": "1",
    "lot-1-unit": "项",
    "lot-1-term": "1",
    "criterion-1-code": "Q1",
    "criterion-1-group": "资格审查",
    "criterion-1-name": "资质与人员符合招标文件要求",
    "criterion-1-kind": "review",
    "criterion-1-maximum": "1",
    "criterion-2-code": "P1",
    "criterion-2-group": "投标报价",
    "criterion-2-name": "报价得分",
    "criterion-2-kind": "price",
    "criterion-2-maximum": "40",
    "criterion-3-code": "T1",
    "criterion-3-group": "技术",
    "criterion-3-name": "施工组织设计",
    "criterion-3-kind": "subjective",
    "criterion-3-maximum": "40",
    "criterion-4-code": "T2",
    "criterion-4-group": "商务",
    "criterion-4-name": "业绩与信誉",
    "criterion-4-kind": "subjective",
    "criterion-4-maximum": "20",
}


def works_form(organisation_id: str, deadline: datetime) -> dict[str, str]:
    """The draft form of the works tender: scored by a panel of five."""
    return {
        **WORKS,
        "organisation_id": organisation_id,
        "deadline": form_moment(deadline),
        "questions_until": form_moment(deadline - timedelta(days=16)),
        "lot-1-limit": f"{WORKS_CEILING_FEN // 100}",
    }


@dataclass(frozen=True)
class Offer:
    """One planned bid: which bidder, and how far its price is above the reserve, in percent."""

    bidder: int
    percent: int


def offers(lot: int, count: int, first: int, pool: int) -> list[Offer]:
    """An invented spread of bids, different for every lot, never two alike."""
    return [
        Offer((first + place) % pool, 3 + (place * 7 + lot * 5) % 37 + place)
        for place in range(count)
    ]


def price(limit_fen: int, percent: int) -> int:
    """A bid some percent above the reserve, in whole fen."""
    return limit_fen + limit_fen * percent // 100
