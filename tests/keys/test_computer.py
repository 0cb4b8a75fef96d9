"""The offline kit states a computer only when it is told to, and only what the system tells."""

from __future__ import annotations

from pathlib import Path

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
    assert identifiers(tmp_path) == {
        "mac": "3c:7c:3f:11:22:33", "cpu": "10000000abcd", "disk": "WD-WX11A",
    }  # fmt: skip


def test_what_the_system_does_not_tell_is_empty(tmp_path: Path) -> None:
    assert identifiers(tmp_path) == {"mac": "", "cpu": "", "disk": ""}
