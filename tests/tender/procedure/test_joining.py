"""Whether bidders may join or hand work on: said by the draft, the notice and the public facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tender.core.errors import DomainError
from tender.core.i18n import speaking
from tender.procedure.amendment.amendable import refuse
from tender.procedure.drafting.drafting import create_draft
from tender.procedure.drafting.drafts import as_json, from_json, read_draft
from tender.procedure.drafting.forms import fill_form, read_form
from tender.procedure.facts import public_facts
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.models import Tender
from tender.procedure.notices import tender_notice
from tests.evaluation import county as make

WORKS = {
    "title": "敬老院改造", "kind": Kind.CONSTRUCTION.value, "direction": Direction.PURCHASE.value,
    "method": Method.COMPREHENSIVE_SCORING.value,
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> make.County:
    return make.county(tmp_path)


def test_a_form_without_a_word_on_it_says_no_to_both(place: make.County) -> None:
    draft = read_form({**WORKS, "organisation_id": place.world.village.id})
    assert (draft.joint_bids, draft.subcontracting) == (False, False)


def test_what_the_author_decides_survives_form_row_and_version(place: make.County) -> None:
    form = {**WORKS, "organisation_id": place.world.village.id, "joint_bids": "yes",
            "subcontracting": "yes"}  # fmt: skip
    draft = read_form(form)
    assert (draft.joint_bids, draft.subcontracting) == (True, True)
    assert read_form(fill_form(draft)) == draft
    assert from_json(as_json(draft)) == draft
    with place.world.platform.database.write() as session:
        made = create_draft(session, place.world.agent, draft, now=make.START)
        kept = read_draft(session, made)
    assert (kept.joint_bids, kept.subcontracting) == (True, True)


def test_whoever_leases_out_knows_no_subcontracting(place: make.County) -> None:
    form = {
        "title": "鱼塘出租", "kind": Kind.VILLAGE.value, "direction": Direction.DISPOSAL.value,
        "method": Method.SEALED_HIGHEST_PRICE.value, "subcontracting": "yes",
        "organisation_id": place.world.village.id,
    }  # fmt: skip
    with place.world.platform.database.write() as session:
        made = create_draft(session, place.world.agent, read_form(form), now=make.START)
    assert not made.subcontracting


def test_the_notice_and_the_public_facts_say_it_either_way(place: make.County) -> None:
    for joint in (False, True):
        tender = make.works_tender(place, joint_bids=joint, subcontracting=not joint)
        with place.world.platform.database.read() as session, speaking("zh"):
            here = session.get_one(Tender, tender.id)
            content = tender_notice(session, here, now=make.START, url="https://test.county/t")
            facts = public_facts(session, here, now=make.START).facts
        rows = dict(content.blocks[0].rows)
        assert rows["Joint bids (consortia)"] == ("Accepted" if joint else "Not accepted")
        assert rows["Subcontracting"] == ("Not allowed" if joint else "Allowed")
        assert (facts["joint_bids"], facts["subcontracting"]) == (joint, not joint)
        shown = place.client(None).get(f"/tenders/{tender.number}").get_data(as_text=True)
        assert ("不接受" in shown) is not joint
        work = place.client(place.clerk).get(f"/work/{tender.id}").get_data(as_text=True)
        assert ("不接受" in work) is not joint
    lease = make.lease(place)
    assert lease.direction is Direction.DISPOSAL
    with place.world.platform.database.read() as session, speaking("zh"):
        here = session.get_one(Tender, lease.id)
        content = tender_notice(session, here, now=make.START, url="https://test.county/t")
    assert "Subcontracting" not in dict(content.blocks[0].rows)


@pytest.mark.parametrize("name", ["joint_bids", "subcontracting"])
def test_an_amendment_cannot_change_who_may_join(name: str) -> None:
    with pytest.raises(DomainError) as refusal:
        refuse(name)
    assert refusal.value.code == "amendment.forbidden"
