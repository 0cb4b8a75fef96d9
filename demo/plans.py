"""Which tenders the demo plays: the three village cases and the invented ones, as draft forms."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from demo.people import agent_login
from demo.story import Story, form_moment
from tender.procedure.models import Tender

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = json.loads((HERE / "cases.json").read_text("utf-8"))["cases"]
TENDERS: dict[str, Any] = tomllib.loads((HERE / "tenders.toml").read_text("utf-8"))
VILLAGE = {
    "decision": "村民代表会议表决通过",
    "contact_name": "村务办公室",
    "contact_phone": "0739-0000000",
}


def places() -> dict[str, list[str]]:
    """Townships with their villages, as the cases name them."""
    found: dict[str, list[str]] = {}
    for case in CASES:
        found.setdefault(case["township"], []).append(case["village"])
    return found


def publish_case(story: Story, number: int, deadline: datetime) -> Tender:
    """Publish a village case by the two agents of its township."""
    case = CASES[number]
    form = lease_form(case, story.seeded.organisations[case["village"]], deadline)
    return story.publish(form, agent_login(number), agent_login(number, second=True))


def publish_invented(story: Story, code: str, deadline: datetime) -> Tender:
    """Publish an invented tender: a village's by its township's agents, others by the county."""
    form = tender_form(code, story.seeded.organisations, deadline)
    staff = ("agent", "agent2") if form["kind"] == "village" else ("clerk", "reviewer")
    return story.publish(form, *staff)


def lease_form(case: dict[str, Any], village_id: str, deadline: datetime) -> dict[str, str]:
    """The draft form of a village case."""
    lots = [
        {
            "name": lot["name"],
            "price_basis": case["basis"],
            "quantity": lot["quantity"],
            "unit": lot["unit"],
            "term": case["term"],
            "limit": f"{lot['limit_fen'] // 100}.{lot['limit_fen'] % 100:02d}",
        }
        for lot in case["lots"]
    ]
    form = {
        "title": case["title"],
        "organisation_id": village_id,
        "kind": "village",
        "direction": "DISPOSAL",
        "method": "sealed_highest_price",
        "deadline": form_moment(deadline),
        "term_text": f"{case['term']}年",
        **VILLAGE,
        **case["form"],
        **_numbered("lot", lots),
    }
    return form | {"members_only": "yes"} if case.get("members_only") else form


def tender_form(code: str, organisations: Mapping[str, str], deadline: datetime) -> dict[str, str]:
    """The draft form of an invented tender; scored ones take questions until 16 days before."""
    plan = TENDERS[code]
    form: dict[str, str] = dict(VILLAGE) if plan["kind"] == "village" else {}
    form |= {name: text for name, text in plan.items() if isinstance(text, str)}
    form["organisation_id"] = organisations[form.pop("owner")]
    form["deadline"] = form_moment(deadline)
    if "criteria" in plan:
        form["questions_until"] = form_moment(deadline - timedelta(days=16))
    return form | _numbered("lot", plan["lots"]) | _numbered("criterion", plan.get("criteria", []))


def _numbered(row: str, values: list[dict[str, str]]) -> dict[str, str]:
    """Rows of a form as its fields name them, from 1."""
    return {
        f"{row}-{number}-{name}": text
        for number, value in enumerate(values, start=1)
        for name, text in value.items()
    }
