"""X1, mixed documents (混装): another bidder's name, credit code, people or seal inside a bid.

Law: 招标投标法实施条例 第四十条(五). References to earlier work, consortium agreements and supplier
lists name other firms for good reasons, so names beside such words do not count, nor does a name
that tender or background mention, or that is part of the bidder's own (a branch names its parent).
A person has to look before this is held to be the legal case, so the strength is B until then.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from stdnum.cn import uscc

from evaluation.compare import innocent
from evaluation.compare.corpus import Text
from evaluation.compare.mixed_people import foreign_people
from evaluation.compare.mixed_seals import Sealed, foreign_seals
from evaluation.compare.normalise import Codes, fold, positions
from evaluation.compare.people_marks import People
from evaluation.screens.finding import Evidence, Finding, Strength

LEGAL = "REG 40(5)"
_SAID = re.compile(
    r"(?:投标人|投标单位|供应商|申请人|竞买人|报价人)(?:名称|全称)?\s*[（(]?(?:盖章|公章|盖单位章)?[)）]?"
    r"\s*[:：]\s*([\u3400-\u9fff（）()A-Za-z0-9·]{3,40}?"
    r"(?:公司|集团|厂|合作社|事务所|研究院|设计院|工程队|中心|商行|经营部))"
)
_CODE = re.compile(r"(?<![0-9A-Za-z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Za-z])")
_REFERENCE = re.compile(
    "业绩|类似项目|类似工程|参考|参照|联合体|分包|供货商|制造商|厂家|生产商|建设单位|发包人|业主|"
    "合作单位|合同编号|中标通知书|验收报告|检测机构|母公司|总公司|分公司|子公司|控股|关联"
)
_BEFORE, _AFTER = 60, 40
_COVER = 20_000  # A bid names its bidder near its beginning or at its end.
_LONGEST = 40
_LEAST = 4  # A shorter name than this is a word.


@dataclass(frozen=True)
class Identity:
    """What names a bidder: its names, credit codes (统一社会信用代码) and who speaks for it."""

    names: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    people: People = field(default_factory=People)


def mixed_findings(
    texts: Sequence[Text],
    ground: Sequence[Codes],
    identities: Mapping[str, Identity] | None = None,
    sealed: Sequence[Sealed] = (),
) -> list[Finding]:
    """Return a finding per pair in which one bid names the other; `value` counts the places.

    Identities that are not given are taken from what each bid says of its own bidder. A pair that
    only stamps name, and those not letter for letter, is a statistical sign.
    """
    known = identities or identities_of(texts)
    marks = _marks(known, ground)
    own = {bidder: _own_marks(each) for bidder, each in known.items()}
    found = _named_in_texts(texts, known, marks, ground)
    for foreign in foreign_seals(sealed, marks, own):
        place = foreign.place
        found[tuple(sorted((place.bidder, foreign.owner)))].append(
            _Place(
                Evidence(
                    place.bidder, place.file, place.seal.page or None, record=foreign.record()
                ),
                innocent.SEALED if foreign.whole else innocent.NEARLY_SEALED,
                sure=foreign.sure,
            )
        )
    return [
        Finding(
            "X1",
            Strength.B if any(place.sure for place in places) else Strength.C,
            pair,
            len(places),
            legal=LEGAL,
            innocent=tuple(
                dict.fromkeys((*innocent.MIXED, *(w for p in places for w in p.innocent)))
            ),
            evidence=tuple(dict.fromkeys(place.evidence for place in places)),
        )
        for pair, places in found.items()
    ]


class _Place(NamedTuple):
    """A place that names another bidder, what may innocently explain it, how sure the name is."""

    evidence: Evidence
    innocent: tuple[str, ...] = ()
    sure: bool = True


def _named_in_texts(
    texts: Sequence[Text],
    known: Mapping[str, Identity],
    marks: Mapping[str, set[str]],
    ground: Sequence[Codes],
) -> dict[tuple[str, ...], list[_Place]]:
    """Return the places of each pair in whose texts one names the other."""
    people = {bidder: each.people for bidder, each in known.items()}
    common = [_plain(codes) for codes in ground]
    found: dict[tuple[str, ...], list[_Place]] = defaultdict(list)
    for text in texts:
        folded = _Folded(text.text)
        for owner, start, end in foreign_people(text.text, folded, text.bidder, people, common):
            if not _refers(text.text, start, end):
                place = Evidence(text.bidder, text.file, text.page_at(start), start, end)
                pair = tuple(sorted((text.bidder, owner)))
                found[pair].append(_Place(place, innocent.NAMED))
        for mark, owners in marks.items():
            if text.bidder in owners:
                continue
            for start, end in _occurrences(text.text, folded, mark, known.get(text.bidder)):
                place = Evidence(text.bidder, text.file, text.page_at(start), start, end)
                for owner in owners:
                    found[tuple(sorted((text.bidder, owner)))].append(_Place(place))
    return found


def _own_marks(identity: Identity) -> set[str]:
    return {_plain(fold(mark)) for mark in identity.names | identity.codes} - {""}


def identities_of(texts: Sequence[Text]) -> dict[str, Identity]:
    """Return what each bid says of its bidder: the file's stem, "投标人：…", the first credit code.

    A name that most bids give themselves is the form's, not a bidder's.
    """
    names: dict[str, set[str]] = defaultdict(set)
    codes: dict[str, str] = {}
    for text in texts:
        own, read = text.text[: text.pictured], text.text[len(text.text[: text.pictured]) :]
        head = "\n".join((own[:_COVER], own[-_COVER:], read[:_COVER]))
        said = Counter(_SAID.findall(head))
        names[text.bidder].update(name for name, _ in said.most_common(1))
        names[text.bidder].add(text.bidder)
        for code in _CODE.findall(head):
            if uscc.is_valid(code):
                codes.setdefault(text.bidder, code)
                break
    holders = Counter(name for given in names.values() for name in given)
    return {
        bidder: Identity(
            frozenset(n for n in given if holders[n] == 1 and _is_name(n)),
            frozenset({codes[bidder]} if bidder in codes else set()),
        )
        for bidder, given in names.items()
    }


def with_own_side(
    finding: Finding, texts: Sequence[Text], known: Mapping[str, Identity]
) -> Finding:
    """Return the finding with, behind its places, one where the named bidder names itself.

    So a reader has a place on both sides; a bidder that names itself nowhere has none.
    """
    named = [b for b in finding.bidders if any(e.bidder != b for e in finding.evidence)]
    places = []
    for bidder in named:
        marks = sorted(known[bidder].names | known[bidder].codes)
        own = [text for text in texts if text.bidder == bidder]
        places += [place for text in own for place in _names_itself(text, marks)][:1]
    return replace(finding, evidence=(*finding.evidence, *places))


def _names_itself(text: Text, marks: Sequence[str]) -> Iterator[Evidence]:
    folded = _Folded(text.text)
    for mark in (_plain(fold(mark)) for mark in marks):
        at = folded.plain.find(mark) if mark else -1
        if at >= 0:
            start, end = folded.span(at, at + len(mark))
            yield Evidence(text.bidder, text.file, text.page_at(start), start, end)


def _is_name(name: str) -> bool:
    return sum("\u3400" <= letter <= "\u9fff" for letter in name) >= _LEAST


def _marks(known: Mapping[str, Identity], ground: Sequence[Codes]) -> dict[str, set[str]]:
    """Return each folded name or code with the bidders that it names."""
    marks: dict[str, set[str]] = defaultdict(set)
    for bidder, identity in known.items():
        for mark in identity.names | identity.codes:
            marks[_plain(fold(mark))].add(bidder)
    common = [_plain(codes) for codes in ground]
    return {m: owners for m, owners in marks.items() if m and not any(m in c for c in common)}


def _plain(codes: Codes) -> str:
    return codes.tobytes().decode("utf-16-le", "surrogatepass")


class _Folded:
    """A folded text; positions are computed only when something is found."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.plain = _plain(fold(text))
        self._where: np.ndarray[tuple[int, ...], np.dtype[np.int64]] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return a stretch of the folded text as code points of the text."""
        if self._where is None:
            self._where = positions(self._text)
        return int(self._where[start]), int(self._where[end - 1]) + 1


def _occurrences(
    text: str, folded: _Folded, mark: str, own: Identity | None
) -> Iterator[tuple[int, int]]:
    """Yield where a foreign mark stands, outside references and the bidder's own longer names."""
    mine = [_plain(fold(name)) for name in own.names] if own else []
    longer = [name for name in mine if mark in name]
    at = folded.plain.find(mark)
    while at >= 0:
        end = at + len(mark)
        around = folded.plain[max(0, at - _LONGEST) : end + _LONGEST]
        if not any(name in around for name in longer):
            start, finish = folded.span(at, end)
            if not _refers(text, start, finish):
                yield start, finish
        at = folded.plain.find(mark, end)


def _refers(text: str, start: int, end: int) -> bool:
    """Return whether what stands there is named for a good reason: earlier work, a supplier."""
    context = text[max(0, start - _BEFORE) : start] + text[end : end + _AFTER]
    return bool(_REFERENCE.search(context))
