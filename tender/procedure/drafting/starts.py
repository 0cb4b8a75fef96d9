"""Starting points of new projects: what most tenders of a sort have in common, as form values."""

from __future__ import annotations

from dataclasses import dataclass

from tender.core.i18n import N_
from tender.publication.kinds import KIND_NAMES, Kind


@dataclass(frozen=True)
class Start:
    """A starting point; `form` holds field values of the draft form."""

    code: str
    name: str
    hint: str
    form: dict[str, str]


_LEASE = {
    "kind": "village",
    "direction": "DISPOSAL",
    "dealing": "lease",
    "method": "sealed_highest_price",
    "lot-1-price_basis": "per_year",
    "lot-1-unit": "亩",
    "lot-1-term": "5",
}
_SCORED = {
    "criterion-1-group": "资格审查",
    "criterion-1-name": "投标资格符合招标文件要求",
    "criterion-1-kind": "review",
    "criterion-1-maximum": "1",
    "criterion-2-group": "投标报价",
    "criterion-2-name": "报价得分",
    "criterion-2-kind": "price",
    "criterion-2-maximum": "40",
    "criterion-3-group": "技术",
    "criterion-3-name": "施工组织设计",
    "criterion-3-kind": "subjective",
    "criterion-3-maximum": "40",
    "criterion-4-group": "商务",
    "criterion-4-name": "业绩与信誉",
    "criterion-4-kind": "subjective",
    "criterion-4-maximum": "20",
}

STARTS: tuple[Start, ...] = (
    Start(
        "lease",
        N_("Village lease"),
        N_("Land, ponds, shops and houses of the collective: the highest price wins."),
        _LEASE,
    ),
    Start(
        "village-works",
        N_("Village works"),
        N_("Small works of the village: the lowest price under the ceiling wins."),
        {"kind": "village", "direction": "PURCHASE", "method": "lowest_price"},
    ),
    Start(
        "village-goods",
        N_("Village goods and services"),
        N_("Purchases of the village: the lowest price under the ceiling wins."),
        {"kind": "village", "direction": "PURCHASE", "method": "lowest_price"},
    ),
    Start(
        "works",
        KIND_NAMES[Kind.CONSTRUCTION],
        N_("A panel scores the bids by the criteria that you name."),
        {
            "kind": "construction",
            "direction": "PURCHASE",
            "method": "comprehensive_scoring",
            "must_tender": "yes",
            **_SCORED,
        },
    ),
    Start(
        "procurement",
        KIND_NAMES[Kind.PROCUREMENT],
        N_("Goods and services: a panel scores, the price by the formula of the law."),
        {
            "kind": "procurement",
            "direction": "PURCHASE",
            "dealing": "goods",
            "method": "comprehensive_scoring",
            "must_tender": "yes",
            **_SCORED,
        },
    ),
    Start(
        "land",
        KIND_NAMES[Kind.LAND],
        N_("The right to use building land: sealed prices, the highest wins."),
        {"kind": "land", "direction": "DISPOSAL", "method": "sealed_highest_price"},
    ),
    Start(
        "property",
        KIND_NAMES[Kind.PROPERTY],
        N_("Shares, vehicles and leases of state bodies: sealed prices, the highest wins."),
        {"kind": "property", "direction": "DISPOSAL", "method": "sealed_highest_price"},
    ),
)
