"""What a notice calls things: words of the village for the village, of the county for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tender.core.i18n import speaking
from tender.procedure.facts import lots_of, public_facts
from tender.procedure.models import Tender
from tender.procedure.notices import paper_lot, tender_notice
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
