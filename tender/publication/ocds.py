"""OCDS 1.1.5 releases, made from what was published and nothing else.

Disposals (the bidder pays, the highest price wins) use one property of our own on `tender`:
`direction`, documented in docs/ocds.md; everything else is OCDS and its bids, lots, enquiries
and bid opening extensions. Money is in yuan (CNY) as a number with two decimals at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from keys.encoding import timestamp
from tender.publication.kinds import Kind
from tender.publication.models import PublicTender

EXTENSIONS = (
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_bid_extension/v1.1.5/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_lots_extension/v1.1.5/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_enquiry_extension/v1.1.5/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_bidOpening_extension/master/extension.json",
)
PARTS = ("bids", "awards", "contracts", "relatedProcesses")
CATEGORIES: dict[str, str] = {Kind.CONSTRUCTION: "works", Kind.PROCUREMENT: "goods"}


def value(fen: int | None) -> dict[str, Any] | None:
    """Fen as an OCDS value; exact, because two decimals of yuan are exact in JSON numbers."""
    if fen is None:
        return None
    return {"amount": fen // 100 if fen % 100 == 0 else fen / 100, "currency": "CNY"}


def release(
    public: PublicTender, tag: str, sections: Mapping[str, Any], *, seq: int, now: datetime
) -> dict[str, Any]:
    """One release; `sections` are the OCDS sections that this notice changes."""
    buyer = {"id": f"org-{public.scope.strip('/').rsplit('/', 1)[-1]}", "name": public.organisation}
    tender = {
        "id": public.number,
        "title": public.title,
        "direction": public.direction.lower(),
        "procuringEntity": buyer,
        "tenderPeriod": {
            "startDate": timestamp(public.published_at),
            "endDate": timestamp(public.closes_at),
        },
        **(
            {"mainProcurementCategory": CATEGORIES[public.kind]}
            if public.kind in CATEGORIES
            else {}
        ),
        **dict(sections.get("tender", {})),
    }
    if public.value_fen is not None:
        tender.setdefault("value", value(public.value_fen))
    identity = f"{public.number}-{seq}"
    if tag == "tenderAmendment":
        tender["amendments"] = [{**row, "releaseID": identity} for row in tender["amendments"]]
    parties = _parties([{**buyer, "roles": ["buyer", "procuringEntity"]}], sections)
    return {
        "ocid": public.ocid,
        "id": identity,
        "date": timestamp(now),
        "tag": [tag],
        "initiationType": "tender",
        "language": "zh",
        "parties": parties,
        "buyer": buyer,
        "tender": tender,
        **{name: sections[name] for name in PARTS if name in sections},
    }


def _parties(known: list[dict[str, Any]], sections: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every organisation that the release names, once, with all roles that it has there."""
    found = {each["id"]: dict(each) for each in [*known, *sections.get("parties", [])]}
    named = [
        (organisation, role)
        for rows, field, role in (
            (sections.get("bids", {}).get("details", []), "tenderers", "tenderer"),
            (sections.get("awards", []), "suppliers", "supplier"),
        )
        for row in rows
        for organisation in row.get(field, [])
    ]
    for organisation, role in named:
        party = found.setdefault(organisation["id"], {**organisation, "roles": []})
        party["roles"] = list(dict.fromkeys([*party["roles"], role]))
    return list(found.values())
