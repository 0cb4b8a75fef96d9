"""Numbers that carry a check digit (校验码) and stand in two bids: credit codes, identity numbers.

A number is told from a row of digits by how it is built and by its check digit. A resident
identity number (公民身份号码) that is sound and stands in two bids names one person in both. A
number that is wrong by its own check digit (identity number, credit code 统一社会信用代码) is an
error like any other: two bidders who looked it up by themselves would not both have it wrong in the
same way. Numbers of tender and background are known and never count, and a sound credit code says
nothing here: two bids may name the same supplier.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from evaluation.compare import innocent
from evaluation.compare.corpus import Corpus
from evaluation.compare.normalise import Codes, fold_character
from evaluation.compare.text_findings import evidence_at
from evaluation.screens.finding import Finding, Strength

LEGAL = "REG 40(3)"
LENGTH = 18
_FEW = 8
_ASCII = 0x80
_SHAPE = re.compile(r"(?=(\d{17}[\dx]|[1-9any]\d{7}[0-9a-z]{10}))")
_CREDIT = re.compile(r"信用代码|社会代码|税号|纳税人|机构代码|credit code|taxpayer", re.IGNORECASE)
_PERSON = re.compile(r"身份证|身份号码|证件号|identity|ID\s*(?:card|number|no)", re.IGNORECASE)
_LABEL = 40  # Characters before a number in which its label may stand.
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 "
    "61 62 63 64 65 71 81 82".split()
)
_SEPARATORS = " -\u00a0\u3000"


@dataclass(frozen=True)
class SharedNumber:
    """One number that a few bidders hold: the place where each one first has it.

    `sound` tells whether the check digit is right; a number of a person that is sound, or any
    number that is not.
    """

    number: str
    sound: bool
    places: dict[int, int]  # By bidder.


def shared_numbers(corpus: Corpus, ground: Sequence[Codes]) -> list[SharedNumber]:
    """Return sound identity numbers and wrong numbers that two to eight bidders hold."""
    held: dict[str, list[int]] = defaultdict(list)
    for number, place in _candidates(corpus):
        held[number].append(place)
    found = []
    for number, places in sorted(held.items()):
        if not 2 <= len(_first(corpus, places)) <= _FEW or _known(number, ground):
            continue
        whole = [place for place in places if _stands_alone(corpus, place)]
        sound = _judged(corpus, number.upper(), whole)
        first = _first(corpus, whole)
        if sound is not None and len(first) >= 2:
            found.append(SharedNumber(number.upper(), sound, first))
    return found


def person_findings(corpus: Corpus, shared: Sequence[SharedNumber]) -> list[Finding]:
    """Return a P1 finding per pair whose bids hold the identity number of the same person.

    Law: 招标投标法实施条例 第四十条(三) deems bids collusive that name the same project manager or
    member. What the person is in each bid has to be read there, so the strength is B, not A.
    `value` counts the persons.
    """
    pairs: dict[tuple[int, int], list[SharedNumber]] = defaultdict(list)
    for number in shared:
        if number.sound:
            for pair in combinations(sorted(number.places), 2):
                pairs[pair].append(number)
    return [
        Finding(
            "P1",
            Strength.B,
            (corpus.bidders[one], corpus.bidders[other]),
            len(numbers),
            legal=LEGAL,
            innocent=innocent.PERSONS,
            evidence=tuple(
                evidence_at(corpus, unit_at(corpus, place), place, place + LENGTH)
                for number in numbers
                for place in (number.places[one], number.places[other])
            ),
        )
        for (one, other), numbers in pairs.items()
    ]


def unit_at(corpus: Corpus, place: int) -> int:
    """Return the unit that holds a place."""
    return int(corpus.unit_of(np.array([place]))[0])


def _candidates(corpus: Corpus) -> Iterator[tuple[str, int]]:
    """Yield what is built like such a number in the folded texts, with its place."""
    for unit in range(len(corpus.texts)):
        first, last = int(corpus.starts[unit]), int(corpus.starts[unit + 1])
        plain = corpus.codes[first:last] < _ASCII
        edges = np.flatnonzero(np.diff(plain, prepend=False, append=False))
        starts, ends = edges[::2], edges[1::2]
        long = ends - starts >= LENGTH
        for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True):
            run = corpus.codes[first + start : first + end].astype(np.uint8).tobytes().decode()
            for match in _SHAPE.finditer(run):
                yield match[1], first + start + match.start()


def _first(corpus: Corpus, places: Sequence[int]) -> dict[int, int]:
    """Return the first place of each bidder."""
    found: dict[int, int] = {}
    for place in places:
        found.setdefault(int(corpus.unit_bidder[unit_at(corpus, place)]), place)
    return found


def _known(number: str, ground: Sequence[Codes]) -> bool:
    wanted = np.array(list(map(ord, number)), np.uint16).tobytes()
    return any(wanted in codes.tobytes() for codes in ground)


def _stands_alone(corpus: Corpus, place: int) -> bool:
    """Return whether the extracted text has the number by itself, not inside a longer one.

    Inside it only spaces, hyphens and invisible characters may stand, which folding has dropped.
    """
    text, start, end = _span(corpus, place)
    between = (c for c in text[start:end] if not fold_character(c))
    return (
        all(c in _SEPARATORS or not c.isprintable() for c in between)
        and not _continues(text[max(0, start - 3) : start][::-1])
        and not _continues(text[end : end + 3])
    )


def _continues(beside: str) -> bool:
    """Return whether the nearest visible character is a digit or a Latin letter."""
    for character in beside:
        if character.isprintable():
            folded = fold_character(character)
            return bool(folded) and folded.isascii()
        if character in "\t\r\n\f":
            return False
    return False


def _span(corpus: Corpus, place: int) -> tuple[str, int, int]:
    unit = unit_at(corpus, place)
    start, end = corpus.exact_span(unit, place, place + LENGTH)
    return corpus.texts[unit].text, start, end


def _judged(corpus: Corpus, number: str, places: Sequence[int]) -> bool | None:
    """Return whether the number is sound, None if it is no such number or says nothing."""
    before = [text[max(0, start - _LABEL) : start] for text, start, _ in _spans(corpus, places)]
    if ric.is_valid(number):
        return True
    if uscc.is_valid(number):
        return None
    if any(map(_CREDIT.search, before)):
        return False
    if number[:17].isdigit() and number[17] in "0123456789X":
        return False if _built_as_identity(number) or any(map(_PERSON.search, before)) else None
    return False if _built_as_credit(number) else None


def _spans(corpus: Corpus, places: Sequence[int]) -> Iterator[tuple[str, int, int]]:
    return (_span(corpus, place) for place in places)


def _built_as_identity(number: str) -> bool:
    """Return whether place and date of birth are real; one row of digits in 600,000 has both."""
    try:
        ric.get_birth_place(number)
        return 1900 <= ric.get_birth_date(number).year < 2100
    except (ValidationError, ValueError, KeyError):
        return False


def _built_as_credit(number: str) -> bool:
    """Return whether a number with letters has a registrar, a region and the right alphabet."""
    try:
        uscc.validate(number[:17] + uscc.calc_check_digit(number[:17]))
    except (ValidationError, ValueError):
        return False
    return number[0] in "159" and number[2:4] in _PROVINCES
