"""Nobody sees another's sheet before all are submitted: every page is walked by every role."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from tender.core.actor import Actor
from tender.procedure.models import Tender
from tests.evaluation import county as make

NAMES = ("甲建设", "乙建设", "丙建设")
CANARY_SCORE = "37.5"
CANARY_WORDS = "营业执照过期"


@pytest.fixture
def scoring(place: make.County) -> tuple[Tender, list[Actor]]:
    """A panel of which all but one have submitted the same telling sheet."""
    make.add_experts(place, 6)
    tender = make.works_tender(place)
    make.bid(place, tender, {name: 300_000_000 + n for n, name in enumerate(NAMES)})
    make.open_all(place, tender)
    panel = make.draw_panel(place, tender)
    form = make.sheet_form(
        place, tender, dict.fromkeys(NAMES, (CANARY_SCORE, "18.5")), fails=NAMES[:1]
    )
    for who in panel[:-1]:
        answer = place.client(who).post(
            f"/panel/{tender.id}/sheet", data={**form, "act": "submit", "confirm": "yes"}
        )
        make.ok(answer)
    return tender, panel


def _urls(place: make.County, tender: Tender) -> list[str]:
    """Every page that can be asked for, with this tender in every place."""
    values = {
        "tender_id": tender.id, "number": tender.number, "bid_id": "x", "place": 1, "name": "x",
        "finding_id": "x", "objection_id": "x", "opening_id": "x", "lot_id": "x", "hall": "x",
        "document_id": "x", "code": "x", "sha256": "0" * 64, "year": 2026, "seq": 1,
    }  # fmt: skip
    found = []
    with place.app.test_request_context():
        for rule in place.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
                continue
            parts = {name: values.get(name, "x") for name in rule.arguments}
            built = rule.build(parts)
            if built is not None:
                found.append(built[1])
    return found


def _told(place: make.County, who: Actor | None, url: str) -> bool:
    answer = place.client(who).get(url)
    body = answer.get_data()
    return CANARY_SCORE.encode() in body or CANARY_WORDS.encode() in body


def test_no_page_tells_a_score_to_anybody_else_before_all_have_submitted(
    place: make.County, scoring: tuple[Tender, list[Actor]]
) -> None:
    tender, panel = scoring
    bidder = next(iter(place.bidders.values())).actor
    outsider = next(who for who in place.experts if who not in panel)
    readers = [
        None, place.clerk, place.world.agent, place.supervisor, place.auditor, bidder, outsider,
        panel[-1],
    ]  # fmt: skip
    urls = _urls(place, tender)
    assert f"/work/{tender.id}/evaluation" in urls
    assert f"/panel/{tender.id}" in urls
    leaks = [(who and who.role, url) for who in readers for url in urls if _told(place, who, url)]
    assert leaks == []


def test_the_walk_would_see_a_leak_because_after_the_last_sheet_it_sees_the_scores(
    place: make.County, scoring: tuple[Tender, list[Actor]]
) -> None:
    tender, panel = scoring
    assert _told(place, panel[0], f"/panel/{tender.id}")
    form = make.sheet_form(place, tender, dict.fromkeys(NAMES, ("30", "15")))
    answer = place.client(panel[-1]).post(
        f"/panel/{tender.id}/sheet", data={**form, "act": "submit", "confirm": "yes"}
    )
    make.ok(answer)
    assert _told(place, place.clerk, f"/work/{tender.id}/evaluation")
    assert _told(place, place.supervisor, f"/work/{tender.id}/evaluation")


def test_no_table_but_the_marks_themselves_holds_a_score(
    place: make.County, scoring: tuple[Tender, list[Actor]]
) -> None:
    _, panel = scoring
    seated = place.client(panel[-1])
    tender = scoring[0]
    bid = next(iter(make.bid_ids(place, tender).values()))
    wrong = {"bid": bid, "criterion": "T1", "score": "137.5"}
    answer = seated.post(
        f"/panel/{tender.id}/mark", data=wrong, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 422
    assert "137.5" in answer.get_json()["error"]["message"]
    holding = set()
    with place.world.platform.database.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            for row in connection.execute(text(f'SELECT * FROM "{table}"')):
                words = " ".join(str(cell) for cell in row)
                if "37.5" in words or CANARY_WORDS in words:
                    holding.add(table)
    assert holding == {"score_item"}
