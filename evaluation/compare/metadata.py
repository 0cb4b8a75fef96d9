"""M1 and H4: what the files say of their making (文件属性雷同).

Law: 招标投标法实施条例 第四十条(一), bids prepared by the same unit or person. Values that a
program sets by itself, or that the tender's own form carries, say nothing and are left out. Two
files that were made within a minute are a coincidence unless something else is equal as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import combinations
from typing import NamedTuple

from evaluation.compare import innocent
from evaluation.compare.extracted import Properties
from evaluation.screens.finding import Evidence, Finding, Strength

LEGAL = "REG 40(1)"
_DEFAULTS = {
    "", "admin", "administrator", "user", "users", "pc", "lenovo", "dell", "hp", "asus", "acer",
    "microsoft", "微软用户", "微软中国", "microsoft office user", "windows 用户", "windows user",
    "用户", "win7", "win10", "root", "thinkpad", "huawei", "un-named", "unknown", "python-docx",
    "openpyxl", "apache poi", "wps office", "kingsoft", "雨林木风", "deepin", "china", "番茄花园",
    "系统管理员", "author", "作者", "owner", "default", "anonymous", "匿名", "scanner", "canon",
}  # fmt: skip
_DEFAULT_TEMPLATES = {"", "normal", "normal.dotm", "normal.dot", "normal.wpt", "正常"}
# What the template of a document library carries into every file that is made with it.
_LIBRARY = Properties(
    created="2013-12-23T23:15:00+00:00",
    identifiers=("word:24062061",),
    rsids=tuple(
        "00B47730 00034616 0006063C 0015074B 0029639D 00326F90 00AA1D8D 00CB0664 00FC693F".split()
    ),
)
_OVERLAP = 0.1
_LEAST_RSIDS = 3
_MINUTE = 60.0
_RECORD = 200  # Characters of what a file says that an evidence quotes.
_ZEROES = set("0{}-")


class Made(NamedTuple):
    """The properties of one file of one bidder."""

    bidder: str
    file: str
    properties: Properties


class _Sign(NamedTuple):
    """One thing that two files have in common, and what each of them says."""

    kind: str
    strength: Strength
    values: tuple[str, str] = ("", "")


def metadata_findings(made: Sequence[Made], ground: Sequence[Properties]) -> list[Finding]:
    """Return an M1 finding per pair of bidders; `value` counts the kinds of signs."""
    known = _Known(ground)
    signs: dict[tuple[str, str], set[_Sign]] = defaultdict(set)
    evidence: dict[tuple[str, str], dict[Evidence, None]] = defaultdict(dict)
    for one, other in combinations(sorted(made, key=lambda m: (m.bidder, m.file)), 2):
        found = list(known.signs(one.properties, other.properties))
        if one.bidder != other.bidder and found:
            pair = one.bidder, other.bidder
            signs[pair].update(found)
            for sign in found:
                for side, value in zip((one, other), sign.values, strict=True):
                    record = f"{sign.kind}: {value}"[:_RECORD]
                    evidence[pair][Evidence(side.bidder, side.file, record=record)] = None
    return [
        Finding(
            "M1",
            _strength(found),
            pair,
            len({sign.kind for sign in found}),
            legal=LEGAL,
            innocent=innocent.PROPERTIES,
            evidence=tuple(evidence[pair]),
        )
        for pair, found in signs.items()
    ]


def _strength(signs: set[_Sign]) -> Strength:
    """Two weak signs of different kinds together are a strong one."""
    strong = any(sign.strength is Strength.B for sign in signs)
    return Strength.B if strong or len({sign.kind for sign in signs}) > 1 else Strength.C


class _Known:
    """What tender and background files carry, which everybody may have taken over."""

    def __init__(self, ground: Sequence[Properties]) -> None:
        ground = [_LIBRARY, *ground]
        self._names = {_plain(name) for p in ground for name in (p.author, p.editor)}
        self._templates = {_plain(p.template) for p in ground}
        self._rsids = {rsid for p in ground for rsid in p.rsids}
        self._objects = {digest for p in ground for digest in p.objects}
        self._created = {p.created for p in ground}

    def signs(self, one: Properties, other: Properties) -> Iterable[_Sign]:
        """Yield what two files have in common that tender and background do not carry."""
        for kind in ("author", "editor"):
            ours, theirs = getattr(one, kind), getattr(other, kind)
            default = _plain(ours) in _DEFAULTS or _plain(ours) in self._names
            if not default and _plain(ours) == _plain(theirs):
                yield _Sign(kind, Strength.B, (ours, theirs))
        template = _plain(one.template)
        ordinary = template in _DEFAULT_TEMPLATES or template in self._templates
        if not ordinary and (template, one.software) == (_plain(other.template), other.software):
            said = f"{one.software}, {one.template}", f"{other.software}, {other.template}"
            yield _Sign("software and template", Strength.C, said)
        if self._rsid_overlap(one, other) >= _OVERLAP:
            shared = (set(one.rsids) & set(other.rsids)) - self._rsids
            yield _Sign("revision identifiers", Strength.B, _both(shared))
        if objects := (set(one.objects) & set(other.objects)) - self._objects:
            yield _Sign("embedded objects", Strength.B, _both(objects))
        if one.created and one.created not in self._created:
            apart = _seconds(one.created, other.created)
            if apart is not None and apart < _MINUTE:
                yield _Sign("time of creation", Strength.C, (one.created, other.created))

    def _rsid_overlap(self, one: Properties, other: Properties) -> float:
        """Return shared rsids outside the tender's, against the smaller set; 0 for too few."""
        ours, theirs = set(one.rsids) - self._rsids, set(other.rsids) - self._rsids
        shared = len(ours & theirs)
        return shared / min(len(ours), len(theirs)) if shared >= _LEAST_RSIDS else 0.0


def _both(shared: Iterable[str]) -> tuple[str, str]:
    said = " ".join(sorted(shared))
    return said, said


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _seconds(one: str, other: str) -> float | None:
    if not one or not other:
        return None
    return abs((datetime.fromisoformat(one) - datetime.fromisoformat(other)).total_seconds())


def identifier_findings(
    made: Sequence[Made], ground: Sequence[Properties], *, local_rule: bool
) -> list[Finding]:
    """Return an H4 finding per pair with an equal creation identifier.

    Strength A only where a local rule names it (`local_rule`), otherwise B. `value` counts them.
    """
    known = {identifier for p in [_LIBRARY, *ground] for identifier in p.identifiers}
    holders: dict[str, dict[str, Evidence]] = defaultdict(dict)
    for file in made:
        for identifier in set(file.properties.identifiers) - known:
            if set(identifier.split(":", 1)[-1]) - _ZEROES:
                place = Evidence(file.bidder, file.file, record=identifier)
                holders[identifier].setdefault(file.bidder, place)
    pairs: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for held in holders.values():
        for one, other in combinations(sorted(held), 2):
            pairs[one, other] += [held[one], held[other]]
    strength = Strength.A if local_rule else Strength.B
    return [
        Finding(
            "H4",
            strength,
            pair,
            len(evidence) // 2,
            legal=LEGAL,
            innocent=innocent.IDENTIFIERS,
            evidence=tuple(dict.fromkeys(evidence)),
        )
        for pair, evidence in pairs.items()
    ]
