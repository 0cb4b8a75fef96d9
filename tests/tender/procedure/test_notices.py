"""What a notice calls things: words of the village for the village, of the county for the rest."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tender.core.i18n import speaking
from tender.procedure.facts import lots_of, public_facts
from tender.procedure.law.kinds import Kind
from tender.procedure.models import Tender
from tender.procedure.notices import paper_lot, tender_notice
from tender.publication.models import PublicTender
from tender.publication.portal.notice_page import steps_of
from tests.evaluation import county as make

VOTE, APPROVAL = "Decision to let or to procure", "Approval that this tender rests on"


@pytest.fixture
def place(tmp_path: Path) -> make.County:
    return make.county(tmp_path)


def test_only_a_village_decides_by_vote(place: make.County) -> None:
    facts = {"decision": "已经决定", "contact": {}}
    for tender, label in (
        (make.lease(place, facts=facts), VOTE),
        (make.works_tender(place, facts=facts), APPROVAL),
    ):
        with place.world.platform.database.read() as session, speaking("zh"):
            here = session.get_one(Tender, tender.id)
            content = tender_notice(session, here, now=make.START, url="https://test.county/t")
        names = {name for name, _ in content.blocks[0].rows}
        assert names & {VOTE, APPROVAL} == {label}


def test_a_purchase_at_one_sum_has_no_term_in_years(place: make.County) -> None:
    for tender, years in ((make.works_tender(place), ""), (make.lease(place), "3")):
        with place.world.platform.database.read() as session:
            here = session.get_one(Tender, tender.id)
            (stated,) = public_facts(session, here, now=make.START).facts["lots"]
            printed = paper_lot(lots_of(session, here.id)[0], here)
        assert stated["term"] == years
        assert printed.term == (f"{years}年" if years else "")
        page = place.client(None).get(f"/tenders/{tender.number}").get_data(as_text=True)
        assert ("期限</dt>" in page) is bool(years)


def test_a_day_that_passes_by_the_clock_is_past_and_an_overdue_act_is_not(
    place: make.County,
) -> None:
    tender = make.works_tender(place, kind=Kind.PROCUREMENT)
    assert tender.deadline is not None
    with place.world.platform.database.read() as session:
        here = session.get_one(Tender, tender.id)
        facts = public_facts(session, here, now=make.START).facts
    codes = [each["code"] for each in facts["timeline"]]
    near, far = tender.deadline - timedelta(minutes=1), tender.deadline + timedelta(days=300)
    states = [
        dict(
            zip(
                codes, (step.state for step in steps_of(PublicTender(facts=facts), at)), strict=True
            )
        )
        for at in (near, far)
    ]
    assert {states[0][code] for code in ("notice_end", "documents_end", "clarification")} == {
        "past"
    }
    assert [code for code, state in states[0].items() if state == "now"] == ["deadline"]
    assert "past" not in {states[1][code] for code in ("award", "contract", "award_notice_end")}
