"""The demo's market: its honest bidders give the screens nothing to say, its planted pair does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from demo import history, market, once, papers, plans, works
from demo.bidders import builder_name
from demo.people import company_name, person_name
from evaluation.compare.compare import compare_folders
from evaluation.screens.finding import Finding, Strength
from evaluation.screens.people import Firm, Person, people_signs
from evaluation.screens.signs import total_signs
from evaluation.screens.table import BidTable
from keys import bid_statement

VILLAGERS = [person_name(n) if n % 2 else company_name(n) for n in range(once.VILLAGERS)]
BUILDERS = [builder_name(n) for n in range(once.FIRMS)]
WORKS = [(lot["name"], int(lot["limit"]) * 100) for lot in plans.TENDERS["works"]["lots"]]


def _tables(offers: Iterable[market.Offer], name: str) -> list[BidTable]:
    """One table of prices for each lot."""
    lots: dict[int, list[market.Offer]] = defaultdict(list)
    for offer in offers:
        lots[offer.lot].append(offer)
    return [
        BidTable(
            f"{name} {lot}", tuple(float(each.fen) for each in bids),
            tuple(str(each.bidder) for each in bids),
        )
        for lot, bids in lots.items()
    ]  # fmt: skip


def _played() -> list[BidTable]:
    """Every lot of the running demo and of the lives that end, as its bidders price it."""
    found = _tables(market.offers(WORKS, BUILDERS[: history.BUILDERS], purchase=True), "works")
    found += _tables(market.offers(WORKS, BUILDERS, purchase=True), "works once")
    for case in plans.CASES:
        lots = [(lot["name"], lot["limit_fen"]) for lot in case["lots"]]
        found += _tables(market.offers(lots, VILLAGERS[: history.BIDDERS]), case["code"])
        found += _tables(market.offers(lots, VILLAGERS[: once.HONEST]), f"{case['code']} once")
    return found


@pytest.mark.parametrize("table", _played(), ids=lambda table: table.tender)
def test_no_honest_lot_has_a_sign_in_its_prices(table: BidTable) -> None:
    assert total_signs(table) == []
    assert len(set(table.prices)) == len(table.prices)


def test_honest_prices_are_odd_and_differ_from_lot_to_lot() -> None:
    prices = [price for table in _played() if "once" not in table.tender for price in table.prices]
    assert len(set(prices)) == len(prices)
    assert sum(price % 100 != 0 for price in prices) > 0.9 * len(prices)


def test_equal_steps_would_be_seen() -> None:
    steps = BidTable("steps", tuple(10_000_000.0 * (104 + 7 * n) / 100 for n in range(8)))
    assert [finding.code for finding in total_signs(steps)] == ["B4"]


def _compared(folder: Path, pair: tuple[int, ...]) -> list[Finding]:
    for number, name in enumerate(BUILDERS):
        place = folder / name
        place.mkdir(parents=True)
        for file, data in works.bid_files(number, pair):
            if file != bid_statement.NAME:
                (place / file).write_bytes(data)
    result = compare_folders(folder)
    assert all("a machine read it" in each.why for each in result.unread)
    return result.findings


def test_honest_plans_and_the_seals_of_a_joint_bid_have_no_finding(tmp_path: Path) -> None:
    assert _compared(tmp_path, ()) == []


def test_the_planted_pair_and_nobody_else_is_found_by_its_text_and_by_a_stamp(
    tmp_path: Path,
) -> None:
    found = {finding.code: finding for finding in _compared(tmp_path, history.PAIR)}
    assert {code: each.strength for code, each in found.items()} == {
        "T1": Strength.B, "X1": Strength.B,
    }  # fmt: skip
    first, second = (BUILDERS[number] for number in history.PAIR)
    assert all(set(finding.bidders) == {first, second} for finding in found.values())
    assert any("混泥土" in passage for passage in papers.PLANS["copied"])
    (seal,) = (place for place in found["X1"].evidence if place.record)
    assert (seal.bidder, seal.record) == (second, f"stamp: {first}")


def test_the_planted_pair_and_nobody_else_shares_a_telephone_and_a_person() -> None:
    firms = []
    for number, name in enumerate(BUILDERS):
        team = works.statement(number, history.PAIR).team
        firms.append(
            Firm(
                name,
                agents=(Person(f"{name}经办人", phone=history.phone(number)),),
                team=tuple(Person(each.name, id_number=each.id_number) for each in team),
            )
        )
    found = people_signs(firms)
    assert [(each.code, each.strength) for each in found] == [
        ("P1", Strength.A), ("P2", Strength.B),
    ]  # fmt: skip
    pair = {BUILDERS[number] for number in history.PAIR}
    assert all(set(each.bidders) == pair for each in found)


@pytest.mark.parametrize("code", plans.TENDERS)
def test_purchases_and_land_are_priced_as_one_sum_and_leases_by_the_year(code: str) -> None:
    plan = plans.TENDERS[code]
    whole = plan["direction"] == "PURCHASE" or plan["kind"] == "land" or code == "bamboo"
    assert {lot["price_basis"] for lot in plan["lots"]} == {"total" if whole else "per_year"}
    assert all(
        lot["unit"] in ("亩", "平方米", "处", "间", "项", "台", "套") for lot in plan["lots"]
    )
