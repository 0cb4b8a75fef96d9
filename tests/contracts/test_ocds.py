"""Every release and record of whole lives holds against OCDS 1.1.5, its extensions and ours."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from evaluation.models import Award
from tender.core.shanghai import SHANGHAI
from tender.procedure.law.kinds import Direction
from tender.procedure.models import Question, Tender
from tests.contracts.schemas import codelists, faults
from tests.evaluation import county as make

NAMES = ("甲一", "乙二", "丙三", "丁四")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.County]:
    """A lease of two lots up to its contract, one of them failed, and a cancelled works tender."""
    made = make.county(tmp_path_factory.mktemp("ocds"))
    _lease_to_contract(made)
    _cancelled(made)
    yield made
    made.world.platform.database.close()


def _lease_to_contract(place: make.County) -> None:
    tender = make.lease(place, lots=2)
    make.bid(place, tender, {name: 120_000 + n * 1_001 for n, name in enumerate(NAMES)})
    make.bid(place, tender, {"壬九": 99_999})
    make.bid(place, tender, {"甲一": 150_000}, lot="2")
    make.open_all(place, tender)
    agent, base = place.client(place.world.agent), f"/work/{tender.id}/evaluation"
    make.award_lease(place, tender, after=timedelta())
    award = place.read(lambda session: session.scalars(select(Award)).one())
    place.world.clock.advance(days=2)
    signed = place.world.clock.now().date() - timedelta(days=1)
    form = {
        "lot": award.lot_id,
        "signed_on": signed.isoformat(),
        "amount": f"{award.total_fen // 100}.{award.total_fen % 100:02d}",
    }
    make.ok(agent.post(f"{base}/contract", data=form))


def _cancelled(place: make.County) -> None:
    tender: Tender = make.works_tender(place)
    agent = place.client(place.world.agent)
    bidder = make.new_bidder(place, "提问的公司")
    question = {"text": "图纸中的标高以哪一张为准？"}
    make.ok(place.client(bidder.actor).post(f"/tenders/{tender.id}/questions", data=question))
    asked = place.read(lambda session: session.scalars(select(Question.id)).one())
    make.ok(agent.post(f"/work/questions/{asked}", data={"text": "以施工图为准。"}))
    later = (place.world.clock.now() + timedelta(days=40)).astimezone(SHANGHAI)
    moved = {"deadline": later.strftime("%Y-%m-%dT09:30"), "reason": "停电"}
    make.ok(agent.post(f"/work/{tender.id}/postpone", data=moved))
    make.ok(agent.post(f"/work/{tender.id}/cancel", data={"reason": "项目调整"}))


@pytest.fixture(scope="module")
def feed(place: make.County) -> list[dict[str, Any]]:
    """All releases, page by page of two."""
    client, address = place.client(None), "/api/ocds/releases.json?limit=2"
    found: list[dict[str, Any]] = []
    while True:
        package = client.get(address).get_json()
        assert faults("release-package-schema", package) == [] or not package["releases"]
        if not package["releases"]:
            return found
        found += package["releases"]
        address = package["links"]["next"].removeprefix(place.world.platform.settings.public_url)


def test_the_feed_gives_every_release_once_and_each_holds_against_the_schema(
    feed: list[dict[str, Any]],
) -> None:
    assert len({each["id"] for each in feed}) == len(feed) >= 6
    wrong = [fault for each in feed for fault in faults("release-schema", each)]
    assert wrong == []
    tags = {tag for each in feed for tag in each["tag"]}
    assert (
        {"tender", "tenderUpdate", "tenderCancellation", "award", "contract"}
        <= tags
        <= set(codelists()["releaseTag"])
    )


def test_a_disposal_says_so_and_a_purchase_too(feed: list[dict[str, Any]]) -> None:
    directions = {each["tender"]["direction"] for each in feed}
    assert directions == {each.value.lower() for each in Direction}


def test_every_organisation_that_a_release_names_is_one_of_its_parties(
    feed: list[dict[str, Any]],
) -> None:
    for release in feed:
        roles = {each["id"]: each["roles"] for each in release["parties"]}
        assert set().union(*roles.values()) <= set(codelists()["partyRole"])
        for bid in release.get("bids", {}).get("details", []):
            assert all("tenderer" in roles[each["id"]] for each in bid["tenderers"])
        for award in release.get("awards", []):
            assert all("supplier" in roles[each["id"]] for each in award.get("suppliers", []))


def test_nothing_of_bids_is_in_a_release_before_the_opening(feed: list[dict[str, Any]]) -> None:
    first = [each for each in feed if each["tag"] == ["tender"]]
    assert len(first) == 2
    assert not any("bids" in each or "awards" in each for each in first)
    assert {role for each in first for party in each["parties"] for role in party["roles"]} == {
        "buyer", "procuringEntity",
    }  # fmt: skip


def test_each_record_holds_and_its_compiled_release_says_the_end(
    place: make.County, feed: list[dict[str, Any]]
) -> None:
    client = place.client(None)
    for number in {each["tender"]["id"] for each in feed}:
        package = client.get(f"/api/ocds/record/{number}.json").get_json()
        assert faults("record-package-schema", package) == []
        record = package["records"][0]
        assert len(record["releases"]) == len([e for e in feed if e["tender"]["id"] == number])
        whole = record["compiledRelease"]
        assert whole["tag"] == ["compiled"]
        assert whole["id"] == record["releases"][-1]["id"]
        lots = [lot["id"] for lot in whole["tender"]["lots"]]
        assert len(lots) == len(set(lots))


def test_a_planted_fault_is_found(feed: list[dict[str, Any]]) -> None:
    for place, value in (("ocid", None), ("tag", ["sold"]), ("colour", "red")):
        broken = copy.deepcopy(feed[0])
        broken[place] = value
        assert faults("release-schema", broken) != []
    broken = copy.deepcopy(feed[0])
    broken["tender"]["direction"] = "sideways"
    assert faults("release-schema", broken) != []
