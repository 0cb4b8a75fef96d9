"""What this computer is (电脑标识): network card, processor and disk, as far as the system tells.

A bidder who seals with the offline kit may be asked by the tender documents to state the computer
(REG art. 40: bidding handled by the same unit). Nothing is read unless `--computer` is given, what
was read is shown, and it stands in the bid statement, a sealed file of the bid: nobody sees it
before the opening, and only supervision after it.
"""

from __future__ import annotations

from pathlib import Path

from keys.bid_statement import Computer


def identifiers(root: Path = Path("/")) -> Computer:
    """Return the computer's parts; empty where the system does not tell without rights."""
    return Computer(mac=_mac(root), cpu=_cpu(root), disk=_disk(root))


def _mac(root: Path) -> str:
    """The first network card that is a device; virtual ones have none."""
    for card in sorted((root / "sys/class/net").glob("*")):
        if (card / "device").exists() and (found := _line(card / "address")):
            return found
    return ""


def _cpu(root: Path) -> str:
    for line in _text(root / "proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "serial" and value.strip():
            return value.strip()[:200].strip()
    return _line(root / "sys/class/dmi/id/product_uuid")


def _disk(root: Path) -> str:
    for disk in sorted((root / "sys/block").glob("*")):
        for name in ("device/serial", "device/wwid", "wwid"):
            if found := _line(disk / name):
                return found
    return ""


def _line(path: Path) -> str:
    shown = "".join(letter for letter in _text(path) if letter.isprintable())
    return shown.strip()[:200].strip()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
