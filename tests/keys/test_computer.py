"""The offline kit states a computer only when it is told to, and only what the system tells."""

from __future__ import annotations

from pathlib import Path

from keys.bid_statement import BidStatement, Computer, new_salt
from keys.computer import identifiers


def test_a_real_card_counts_and_a_virtual_one_does_not(tmp_path: Path) -> None:
    for name, address in (("br0", "02:42:00:00:00:01"), ("eth0", "3c:7c:3f:11:22:33\n")):
        (tmp_path / "sys/class/net" / name).mkdir(parents=True)
        (tmp_path / "sys/class/net" / name / "address").write_text(address)
    (tmp_path / "sys/class/net/eth0/device").mkdir()
    (tmp_path / "sys/block/sda/device").mkdir(parents=True)
    (tmp_path / "sys/block/sda/device/serial").write_text("WD-WX11A\n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text("model name : x\nSerial\t\t: 10000000abcd\n")
    assert identifiers(tmp_path) == Computer("3c:7c:3f:11:22:33", "10000000abcd", "WD-WX11A")


def test_what_the_system_does_not_tell_is_empty(tmp_path: Path) -> None:
    assert identifiers(tmp_path) == Computer()


def test_what_a_device_says_in_strange_characters_can_be_stated(tmp_path: Path) -> None:
    (tmp_path / "sys/block/sda/device").mkdir(parents=True)
    (tmp_path / "sys/block/sda/device/serial").write_bytes(b" WD\x00\x07\xff 11A \n" + b"9" * 400)
    found = identifiers(tmp_path)
    assert found.disk.startswith("WD")
    assert BidStatement(new_salt(), computer=found).to_bytes()
