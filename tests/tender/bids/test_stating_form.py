"""Which lists of the bid statement the sealing page offers, and what it says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tender.procedure.facts import lots_of
from tender.procedure.law.kinds import Kind
from tender.procedure.models import Tender
from tests.evaluation import county as make


@pytest.fixture
def place(tmp_path: Path) -> Iterator[make.County]:
    made = make.county(tmp_path)
    yield made
    made.world.platform.database.close()


def offered(place: make.County, tender: Tender) -> list[str]:
    opening = place.read(lambda session: lots_of(session, tender.id)[0].opening_id)
    bidder = place.bidders.get("青石建设") or make.new_bidder(place, "青石建设")
    page = place.client(bidder.actor).get(f"/bids/openings/{opening}").get_data(as_text=True)
    assert "看不到身份证号码和电脑信息" in page
    return re.findall(r'data-list="(\w+)"', page)


def test_the_form_offers_what_the_tender_takes(place: make.County) -> None:
    lists = ["team", "consortium", "subcontracts"]
    assert offered(place, make.works_tender(place)) == lists[:1]
    assert offered(place, make.works_tender(place, kind=Kind.PROCUREMENT)) == lists[:1]
    both = make.works_tender(place, joint_bids=True, subcontracting=True)
    assert offered(place, both) == lists
    assert offered(place, make.lease(place)) == []
    assert offered(place, make.lease(place, joint_bids=True)) == lists[1:2]
