"""P1 from text (文件中的身份证号), in the child: one person's number in the files of two bidders.

What a bid statement says of its team is read along, so that somebody whom one bidder states and
another only mentions is found too; two statements are compared elsewhere.
A number before which every bid has a name of the tender's own people is theirs: contacts and agents
of the centre stand in many bids and sign for none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from evaluation.compare.background import Ground
from evaluation.compare.corpus import Corpus, Text, build_corpus
from evaluation.compare.numbers import (
    LENGTH,
    SharedNumber,
    person_findings,
    shared_numbers,
    unit_at,
)
from evaluation.findings.inputs import passages
from evaluation.findings.inputs.documents import Answer, Material
from evaluation.findings.inputs.exhibits import PEOPLE, Cell
from evaluation.screens.finding import Evidence
from keys.bid_statement import NAME

_BEFORE = 24
_OTHER = re.compile(r"\d{6,}")


def screen_people(request: Mapping[str, Any]) -> Answer:
    """P1 with the places of each number on both sides.

    `own_people` are names of the tender's; `stated` are (name, number) by bidder.
    """
    material = Material(request)
    # A stated member is a text of its own, so that no other member stands around its number. The
    # first place counts: what is stated speaks only where the files are silent.
    units = [document.text() for document in material.texts]
    units += [
        Text(bidder, f"{NAME} {place}", f"{name} {number}")
        for bidder, members in request["stated"].items()
        for place, (name, number) in enumerate(members)
    ]
    if len({unit.bidder for unit in units}) < 2:
        return []
    corpus = build_corpus(units, Ground().known_grams())
    shared = [
        pair
        for number in shared_numbers(corpus, material.ground.codes)
        if not _is_of(corpus, number, request["own_people"])
        for pair in _with_a_file(corpus, number)
    ]
    texts = {(unit.bidder, unit.file): unit for unit in units}
    found = []
    for finding in person_findings(corpus, shared):
        shown = passages.errors(finding, texts, PEOPLE)
        rows = tuple(replace(row, cells=tuple(map(_told_cell, row.cells))) for row in shown.rows)
        told = replace(finding, evidence=tuple(map(_told_place, finding.evidence)))
        found.append(material.seen(told, replace(shown, rows=rows)))
    return found


def _with_a_file(corpus: Corpus, number: SharedNumber) -> Iterator[SharedNumber]:
    """The number for each pair of bidders of whom one at least has it in a file."""
    for pair in combinations(sorted(number.places.items()), 2):
        files = [corpus.texts[unit_at(corpus, place)].file for _, place in pair]
        if not all(map(_is_stated, files)):
            yield replace(number, places=dict(pair))


def _is_stated(file: str | None) -> bool:
    return (file or "").startswith(f"{NAME} ")


def _told_cell(cell: Cell) -> Cell:
    if not _is_stated(cell.file):
        return cell
    return replace(cell, file=NAME, page=None, start=None, end=None)


def _told_place(place: Evidence) -> Evidence:
    return Evidence(place.bidder, record=NAME) if _is_stated(place.file) else place


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
