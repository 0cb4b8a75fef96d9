"""Computers (电脑与网络痕迹): H1 to H5, what two bidders' machines have in common.

REG 40(1) and (2): documents made, or bidding handled, by the same unit or person. A network card,
a processor or a disk that two bidders share meets that on its face; the venue's computers, a print
shop's, values that a manufacturer left at default, and the control-price file that every bidder
opens are the honest reasons, and are taken out before anything is said. Bidders know what is
recorded: the upload page says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import combinations

from evaluation.screens import innocent
from evaluation.screens.finding import Evidence, Finding, Strength, ordered


@dataclass(frozen=True)
class Machine:
    """A computer as one record of one bidder tells it; empty where unknown.

    `dongle` is the serial of the pricing software's key (加密锁). `at` is when the record was made,
    aware. `record` is its id, `file` the document that holds it.
    """

    mac: str = ""
    cpu: str = ""
    disk: str = ""
    dongle: str = ""
    creation: str = ""
    at: datetime | None = None
    file: str | None = None
    record: str | None = None


@dataclass(frozen=True)
class Upload:
    """An upload of a bid: from which address, when, on which computer where that is known."""

    bidder: str
    address: str
    at: datetime
    machine: Machine = Machine()
    record: str | None = None


@dataclass(frozen=True)
class Known:
    """What everybody may share (公用设备与共用出口), kept by the centre.

    `venue` holds the venue's and the print shops' machines. `networks` holds addresses and subnets
    of venue, agencies and carrier NAT. `control` holds the records of the control-price file and
    `published` when it came out. `pairs` holds bidders that are one: consortium members and a
    parent with its branch.
    """

    venue: tuple[Machine, ...] = ()
    networks: tuple[str, ...] = ()
    control: tuple[Machine, ...] = ()
    published: datetime | None = None
    pairs: frozenset[frozenset[str]] = frozenset()


_PARTS = ("mac", "cpu", "disk")
_DEFAULTS = re.compile(
    r"^(0+|f+|none|null|n/?a|unknown|default(string)?|tobefilledbyo\.?e\.?m\.?|systemserialnumber|"
    r"123456789?0?|(0123456789)(abcdef)?|notapplicable|notspecified|x+|\.+|-+)$"
)
# First three bytes of virtual network cards: VMware, VirtualBox, Hyper-V, Xen, QEMU, Parallels.
_VIRTUAL = ("000569", "000c29", "001c14", "005056", "080027", "0a0027", "00155d", "00163e",
            "525400", "001c42")  # fmt: skip
_VIRTUAL_WORDS = ("vmware", "virtualbox", "vbox", "qemu", "virtualdisk", "hyper-v", "parallels")


def clean_part(part: str, value: str) -> str:
    """Return a hardware value in one spelling, empty where it says nothing about a machine."""
    text = re.sub(r"[\s:_]", "", value).lower()
    if part == "mac":
        text = text.replace("-", "").replace(".", "")
        # The second-lowest bit of the first byte marks an address that software made up.
        if len(text) != 12 or text[:6] in _VIRTUAL or text[1] in "2367abef":
            return ""
    if len(text) < 4 or _DEFAULTS.match(text) or len(set(text)) == 1:
        return ""
    return "" if any(word in text for word in _VIRTUAL_WORDS) else text


def _parts(machine: Machine, known: Known) -> dict[str, str]:
    """Return the telling parts of a machine, without the venue's."""
    mine = {part: clean_part(part, getattr(machine, part)) for part in _PARTS}
    for public in known.venue:
        theirs = {part: clean_part(part, getattr(public, part)) for part in _PARTS}
        if any(value and value == mine[part] for part, value in theirs.items()):
            return {}
    return {part: value for part, value in mine.items() if value}


def _old(machine: Machine, known: Known) -> bool:
    """Say whether a record is older than the control price, which every bidder opens."""
    return bool(known.published and machine.at and machine.at < known.published)


def _couples(names: Sequence[str], known: Known) -> list[tuple[str, str]]:
    """Return the pairs of bidders that are two."""
    pairs = combinations(sorted(set(names)), 2)
    return [pair for pair in pairs if frozenset(pair) not in known.pairs]


def upload_signs(uploads: Sequence[Upload], known: Known = Known()) -> list[Finding]:
    """H1 and H5 over the uploads of one lot.

    H1: the same network card, processor and disk is A, one part of them B. H5: the same address, or
    the same /24 (/64), within an hour, C.
    """
    found: list[Finding] = []
    for one, other in _couples([upload.bidder for upload in uploads], known):
        mine = [upload for upload in uploads if upload.bidder == one]
        theirs = [upload for upload in uploads if upload.bidder == other]
        sign = _same_machine(
            "H1", "REG 40(2)", (one, other),
            [(u.machine, u.record) for u in mine], [(u.machine, u.record) for u in theirs], known,
            (innocent.VENUE_OUT, innocent.PLACEHOLDER_OUT, innocent.OTHER_LOT),
        )  # fmt: skip
        found += [sign] if sign else []
        found += _same_network((one, other), mine, theirs, known)
    return ordered(found)


def maker_signs(
    records: Sequence[tuple[str, Machine]], known: Known = Known(), *, rule: str = ""
) -> list[Finding]:
    """H2, H3 and H4 over the records in documents and bills of one lot: (bidder, machine).

    H2: an equal dongle serial that is not in the control-price file, A. H3: the same machine, not
    older than the control price's publication, A or B like H1. H4: the same creation identifier, A
    where a local rule says so, named by `rule`, else B.
    """
    fresh = [(bidder, machine) for bidder, machine in records if not _old(machine, known)]
    control = {clean_part("dongle", machine.dongle) for machine in known.control}
    created = {clean_part("creation", machine.creation) for machine in known.control}
    found: list[Finding] = []
    for pair in _couples([bidder for bidder, _ in records], known):
        mine, theirs = ([m for b, m in fresh if b == name] for name in pair)
        sign = _same_machine(
            "H3", "REG 40(1)", pair,
            [(m, m.record) for m in mine], [(m, m.record) for m in theirs], known,
            (innocent.OLD_RECORDS_OUT, innocent.VENUE_OUT, innocent.PLACEHOLDER_OUT),
        )  # fmt: skip
        found += [sign] if sign else []
        every = [[m for b, m in records if b == name] for name in pair]
        found += _same_value(
            "H2", Strength.A, "REG 40(1)", pair, every, "dongle", control,
            (innocent.CONTROL_DONGLE_OUT, innocent.PLACEHOLDER_OUT),
        )  # fmt: skip
        found += _same_value(
            "H4", Strength.A if rule else Strength.B, f"REG 40(1); {rule}" if rule else "REG 40(1)",
            pair, every, "creation", created,
            (innocent.TEMPLATE_OUT, innocent.PLACEHOLDER_OUT),
        )  # fmt: skip
    return ordered(found)


def _same_machine(
    code: str,
    legal: str,
    pair: tuple[str, str],
    mine: Sequence[tuple[Machine, str | None]],
    theirs: Sequence[tuple[Machine, str | None]],
    known: Known,
    why: tuple[str, ...],
) -> Finding | None:
    """Return the closest match of two bidders' machines: three equal parts A, fewer B."""
    best: tuple[int, Machine, Machine, str | None, str | None] | None = None
    for one, here in mine:
        for other, there in theirs:
            a, b = _parts(one, known), _parts(other, known)
            same = sum(b.get(part) == value for part, value in a.items())
            if same and (best is None or same > best[0]):
                best = (same, one, other, here, there)
    if best is None:
        return None
    same, one, other, here, there = best
    return Finding(
        code=code,
        strength=Strength.A if same == len(_PARTS) else Strength.B,
        bidders=pair,
        value=float(same),
        threshold=1.0,
        legal=legal,
        innocent=why,
        evidence=(
            Evidence(pair[0], file=one.file, record=here),
            Evidence(pair[1], file=other.file, record=there),
        ),
    )


def _same_value(
    code: str,
    strength: Strength,
    legal: str,
    pair: tuple[str, str],
    every: Sequence[Sequence[Machine]],
    part: str,
    excluded: set[str],
    why: tuple[str, ...],
) -> list[Finding]:
    """Return a finding for each value of a part that both bidders' records hold."""
    sides = [
        {text: m for m in machines if (text := clean_part(part, getattr(m, part)))}
        for machines in every
    ]
    shared = sorted((sides[0].keys() & sides[1].keys()) - excluded)
    return [
        Finding(
            code=code,
            strength=strength,
            bidders=pair,
            value=1.0,
            threshold=1.0,
            legal=legal,
            innocent=why,
            evidence=tuple(
                Evidence(name, file=side[value].file, record=side[value].record or value)
                for name, side in zip(pair, sides, strict=True)
            ),
        )
        for value in shared
    ]


def _same_network(
    pair: tuple[str, str], mine: Sequence[Upload], theirs: Sequence[Upload], known: Known
) -> list[Finding]:
    """H5: uploads from one address or one small subnet within an hour, outside shared networks."""
    shared = [ip_network(text, strict=False) for text in known.networks]
    best: tuple[float, Upload, Upload] | None = None
    for one in mine:
        for other in theirs:
            if abs(one.at - other.at) > timedelta(hours=1):
                continue
            here = ip_address(one.address)
            # Addresses that are not the Internet's own are a hall's network or a carrier's NAT.
            if not here.is_global or any(here in net for net in shared):
                continue
            if one.address == other.address:
                value = 1.0
            elif ip_address(other.address) in _subnet(one.address):
                value = 0.5
            else:
                continue
            if best is None or value > best[0]:
                best = (value, one, other)
    if best is None:
        return []
    value, one, other = best
    return [
        Finding(
            code="H5",
            strength=Strength.C,
            bidders=pair,
            value=value,
            threshold=0.5,
            innocent=(innocent.SHARED_NETWORK,),
            evidence=(
                Evidence(pair[0], record=one.record),
                Evidence(pair[1], record=other.record),
            ),
        )
    ]


def _subnet(address: str) -> IPv4Network | IPv6Network:
    """Return the /24 or /64 that an address lies in."""
    bits = 24 if ip_address(address).version == 4 else 64
    return ip_network(f"{address}/{bits}", strict=False)
