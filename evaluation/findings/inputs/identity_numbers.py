"""P1 from text (文件中的身份证号), in the child: one person's number in the files of two bidders.

A number before which every bid has a name of the tender's own people is theirs: contacts and agents
of the centre stand in many bids and sign for none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.compare.background import Ground
from evaluation.compare.corpus import Corpus, build_corpus
from evaluation.compare.numbers import (
    LENGTH,
    SharedNumber,
    person_findings,
    shared_numbers,
    unit_at,
)
from evaluation.findings.inputs import passages
from evaluation.findings.inputs.documents import Answer, Material
from evaluation.findings.inputs.exhibits import PEOPLE

_BEFORE = 24
_OTHER = re.compile(r"\d{6,}")


def screen_people(request: Mapping[str, Any]) -> Answer:
    """P1 with the places of each number on both sides; `own_people` are the tender's."""
    material = Material(request)
    units = [document.text() for document in material.texts]
    if len({unit.bidder for unit in units}) < 2:
        return []
    corpus = build_corpus(units, Ground().known_grams())
    shared = [
        number
        for number in shared_numbers(corpus, material.ground.codes)
        if not _is_of(corpus, number, request["own_people"])
    ]
    texts = {(unit.bidder, unit.file): unit for unit in units}
    return [
        material.seen(finding, passages.errors(finding, texts, PEOPLE))
        for finding in person_findings(corpus, shared)
    ]


def _is_of(corpus: Corpus, number: SharedNumber, names: Sequence[str]) -> bool:
    return all(
        any(name in _before(corpus, place) for name in names) for place in number.places.values()
    )


def _before(corpus: Corpus, place: int) -> str:
    """What stands before a number and behind the number before it."""
    unit = unit_at(corpus, place)
    start, _ = corpus.exact_span(unit, place, place + LENGTH)
    text = corpus.texts[unit].text[max(0, start - _BEFORE) : start]
    return _OTHER.split(unicodedata.normalize("NFKC", text).replace(" ", ""))[-1]
