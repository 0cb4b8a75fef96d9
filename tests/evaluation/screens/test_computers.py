"""Computers in common: the deemed case is met only where nothing honest explains it."""

from datetime import UTC, datetime, timedelta

import pytest

from evaluation.screens.computers import (
    Known,
    Machine,
    Upload,
    clean_part,
    maker_signs,
    upload_signs,
)

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
DESK = Machine(mac="3C-7C-3F-01-02-03", cpu="BFEBFBFF000906EA", disk="S3Z1NB0K512345")


def upload(bidder, address="121.40.1.7", machine=DESK, minutes=0):
    return Upload(bidder, address, NOON + timedelta(minutes=minutes), machine, f"up-{bidder}")


def signs(found):
    return [(sign.code, sign.strength) for sign in found]


def test_same_three_parts_at_upload_are_a_and_one_part_is_b():
    far = "8.8.4.4"
    assert signs(upload_signs([upload("a"), upload("b", far)])) == [("H1", "A")]
    part = Machine(mac=DESK.mac, cpu="BFEBFBFF000A0655", disk="WD-WX11A2345678")
    assert signs(upload_signs([upload("a"), upload("b", far, part)])) == [("H1", "B")]


def test_other_spelling_of_a_network_card_is_the_same_card():
    assert clean_part("mac", "3c:7c:3f:01:02:03") == clean_part("mac", "3C-7C-3F-01-02-03")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("mac", "00-00-00-00-00-00"),
        ("mac", "00:0C:29:12:34:56"),
        ("mac", "02:42:ac:11:00:02"),
        ("disk", "To Be Filled By O.E.M."),
        ("disk", "Default string"),
        ("cpu", "0000000000000000"),
        ("disk", "VMware Virtual disk 01"),
        ("disk", "VBOX HARDDISK"),
        ("cpu", "None"),
    ],
)
def test_default_and_virtual_values_say_nothing(part, value):
    assert clean_part(part, value) == ""


def test_venue_computer_and_venue_network_are_left_out():
    known = Known(venue=(DESK,), networks=("121.40.1.0/24",))
    assert upload_signs([upload("a"), upload("b")], known) == []


def test_one_address_within_an_hour_is_c_and_a_neighbour_counts_half():
    other = Machine(mac="3C-7C-3F-09-09-09", cpu="BFEBFBFF000A0655", disk="WD-WX11A2345678")
    near = upload("b", "121.40.1.9", other, 30)
    (found,) = upload_signs([upload("a"), near])
    assert (found.code, found.strength, found.value) == ("H5", "C", 0.5)
    assert upload_signs([upload("a"), upload("b", "121.40.1.7", other, 90)]) == []


@pytest.mark.parametrize("address", ["10.3.4.5", "192.168.1.20", "100.64.9.1"])
def test_private_and_carrier_nat_addresses_are_left_out(address):
    none = Machine()
    assert upload_signs([upload("a", address, none), upload("b", address, none)]) == []


def test_equal_dongle_is_a_unless_it_comes_from_the_control_price_file():
    records = [(name, Machine(dongle="DG-771203", record=f"made-{name}")) for name in "ab"]
    assert signs(maker_signs(records)) == [("H2", "A")]
    assert maker_signs(records, Known(control=(Machine(dongle="dg-771203"),))) == []


def test_making_computer_older_than_the_control_price_is_left_out():
    old = Machine(mac=DESK.mac, cpu=DESK.cpu, disk=DESK.disk, at=NOON - timedelta(days=9))
    new = Machine(mac=DESK.mac, cpu=DESK.cpu, disk=DESK.disk, at=NOON + timedelta(days=1))
    known = Known(published=NOON)
    assert maker_signs([("a", old), ("b", old)], known) == []
    assert maker_signs([("a", new), ("b", old)], known) == []
    assert signs(maker_signs([("a", new), ("b", new)], known)) == [("H3", "A")]


def test_creation_id_is_a_only_under_a_local_rule_that_is_named():
    records = [(name, Machine(creation="5f1c9a77-20aa")) for name in "ab"]
    assert signs(maker_signs(records)) == [("H4", "B")]
    (found,) = maker_signs(records, rule="Province 2024 no. 3")
    assert found.strength == "A"
    assert "Province 2024 no. 3" in found.legal


def test_parent_and_branch_or_consortium_are_one_and_are_not_compared():
    known = Known(pairs=frozenset({frozenset({"a", "b"})}))
    assert upload_signs([upload("a"), upload("b")], known) == []
    records = [(name, Machine(dongle="DG-771203")) for name in "ab"]
    assert maker_signs(records, known) == []
