"""Bills of quantities: regular prices are found, honest and bound prices are left alone."""

import io
import zipfile

import numpy as np
import pytest
from openpyxl import Workbook

from evaluation.screens.bill_files import UnreadableBill, fen, read_bill
from evaluation.screens.bills import Basis, Bill, Item, compare_bills, residual_spread


def bill(bidder, prices, basis=Basis.OWN):
    kinds = basis if isinstance(basis, list) else [basis] * len(prices)
    items = (
        Item(f"0101{row:05d}", f"item {row}", "m3", int(price), kind, f"Sheet1!F{row + 2}")
        for row, (price, kind) in enumerate(zip(prices, kinds, strict=True))
    )
    return Bill(bidder, tuple(items), f"{bidder}.xlsx")


def honest(random, costs, spread=0.06):
    return np.maximum(np.round(costs * np.exp(spread * random.normal(size=len(costs)))), 1)


@pytest.fixture
def costs():
    return np.exp(np.random.default_rng(0).normal(9, 1.5, 300))


def codes(found):
    return sorted(sign.code for sign in found)


def test_honest_bills_of_five_bidders_show_nothing(costs):
    random = np.random.default_rng(1)
    assert compare_bills([bill(f"b{k}", honest(random, costs)) for k in range(5)]) == []


def test_equal_prices_of_a_third_of_the_items_are_b1_with_the_cells_of_both(costs):
    random = np.random.default_rng(2)
    one = honest(random, costs)
    other = np.where(random.random(300) < 0.33, one, honest(random, costs))
    (found,) = compare_bills([bill("a", one), bill("b", other)])
    assert (found.code, found.strength, found.legal) == ("B1", "B", "REG 40(4)")
    assert {piece.bidder for piece in found.evidence} == {"a", "b"}
    assert found.evidence[0].cell == found.evidence[1].cell


def test_one_ratio_through_the_bill_is_b2(costs):
    random = np.random.default_rng(3)
    one = honest(random, costs)
    other = np.where(random.random(300) < 0.4, np.round(one * 1.0347), honest(random, costs))
    found = compare_bills([bill("a", one), bill("b", other)])
    assert codes(found) == ["B2"]
    assert found[0].value == pytest.approx(0.4, abs=0.1)


def test_shared_cost_file_with_two_percent_noise_is_b3_and_only_statistics(costs):
    random = np.random.default_rng(4)
    file = honest(random, costs)
    ring = [bill(name, honest(random, file * lift, 0.02)) for name, lift in (("a", 1), ("b", 1.04))]
    rest = [bill(f"h{k}", honest(random, costs)) for k in range(3)]
    (found,) = compare_bills([*ring, *rest])
    assert (found.code, found.strength, found.bidders) == ("B3", "C", ("a", "b"))


def test_honest_bidders_who_stray_unequally_from_the_market_share_no_cost_file():
    random = np.random.default_rng(11)
    shared = 0
    for _ in range(20):
        costs = np.exp(random.normal(9, 1.3, 120))
        spreads = random.choice([0.03, 0.06, 0.1, 0.2], 6)
        bills = [
            bill(f"b{k}", np.round(costs * np.exp(random.normal(0, spread, 120))))
            for k, spread in enumerate(spreads)
        ]
        shared += len(compare_bills(bills))
    assert shared <= 1


def test_quota_and_provisional_items_bind_everybody_and_are_left_out(costs):
    random = np.random.default_rng(5)
    bound = random.random(300) < 0.5
    kinds = [Basis.QUOTA if row else Basis.OWN for row in bound]
    fixed = np.round(costs)
    bills = [bill(f"b{k}", np.where(bound, fixed, honest(random, costs)), kinds) for k in range(3)]
    assert compare_bills(bills) == []


def test_items_copied_from_the_published_control_price_are_left_out(costs):
    random = np.random.default_rng(6)
    control = np.round(costs)
    bills = [
        bill(f"b{k}", np.where(random.random(300) < 0.7, control, honest(random, costs)))
        for k in range(2)
    ]
    assert codes(compare_bills(bills)) == ["B1"]
    assert compare_bills(bills, bill("control", control)) == []


def test_small_round_prices_that_meet_by_chance_are_not_b1():
    random = np.random.default_rng(7)
    small = np.exp(random.normal(5, 0.5, 200))
    bills = [bill(f"b{k}", np.round(honest(random, small) / 50 + 1) * 50) for k in range(2)]
    assert compare_bills(bills) == []


def test_residual_spread_of_one_ratio_is_nothing():
    assert residual_spread([2.0, 4.0, 8.0], [1.0, 2.0, 4.0]) == pytest.approx(0)


def workbook():
    book = Workbook()
    sheet = book.active
    sheet.title = "分部分项"
    sheet.append(["工程量清单", None, None, None, None, None])
    sheet.append(["序号", "项目编码", "项目名称", "计量单位", "综合单价(元)", "计价方式"])
    sheet.append([1, "010101001", "挖土方", "m3", 12.345, None])
    sheet.append([2, "010101002", "回填", "m3", "1,200.50", "定额"])
    sheet.append([3, "", "暂列金额", "项", 5000, None])
    sheet.append([None, None, "合计", None, None, None])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_spreadsheet_is_read_with_cells_and_what_sets_each_price():
    read = read_bill(workbook(), "a", "a.xlsx")
    assert [(item.price, item.basis) for item in read.items] == [
        (1235, Basis.OWN),
        (120050, Basis.QUOTA),
        (500000, Basis.PROVISIONAL),
    ]
    assert read.items[0].place == "分部分项!E3"


XML = """<bill><made mac="3c-7c-3f-01-02-03" dongle="DG-77120" at="2026-03-01T08:00:00+08:00"/>
<item code="010101001" name="x" unit="m3" price="12.30" basis="quota"/></bill>"""


def test_xml_bill_is_read_with_the_machine_that_made_it():
    read = read_bill(XML.encode(), "a", "a.xml")
    assert (read.items[0].price, read.items[0].basis) == (1230, Basis.QUOTA)
    assert read.made[0].dongle == "DG-77120"


@pytest.mark.parametrize(
    "data",
    [
        b"not a bill",
        b"<other/>",
        b'<!DOCTYPE bill [<!ENTITY a "b">]><bill/>',
        b"<bill><item price='x'/></bill>",
        b"<bill>" + b"<a>" * 400 + b"</a>" * 400 + b"</bill>",
        b"PK\x03\x04 broken",
        b"<bill><made at='2026-03-01'/></bill>",
    ],
)
def test_hostile_or_broken_bill_is_refused_and_never_crashes(data):
    with pytest.raises(UnreadableBill):
        read_bill(data, "a", "a.xml")


def test_zip_bomb_is_refused_before_it_is_unpacked():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 310_000_000)
    with pytest.raises(UnreadableBill, match="300 MB"):
        read_bill(data.getvalue(), "a", "a.xlsx")


@pytest.mark.parametrize(
    ("text", "amount"), [("1,234.565", 123457), ("¥12元", 1200), ("", None), ("-3", None), (7, 700)]
)
def test_amounts_are_read_in_fen(text, amount):
    assert fen(text) == amount


def test_a_spreadsheet_damaged_anywhere_is_read_or_refused():
    random = np.random.default_rng(3)
    sound = workbook()
    refused = 0
    for _ in range(150):
        data = bytearray(sound)
        for place in random.integers(0, len(data), 8):
            data[place] = random.integers(256)
        try:
            read_bill(bytes(data), "a", "a.xlsx")
        except UnreadableBill:
            refused += 1
    assert refused > 50
