"""Passages side by side (段落对照): the text around each evidence, with what both have marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from evaluation.compare.corpus import Text
from evaluation.compare.mixed_seals import STAMP
from evaluation.findings.inputs.exhibits import (
    MOST_ROWS,
    Cell,
    Exhibit,
    Piece,
    Row,
    cell_of,
)
from evaluation.screens.finding import Evidence, Finding
from tender.core.i18n import N_

PASSAGES = N_("Passages that both have")
ERRORS = N_("The same rare error on both sides")
NAMES = N_("Where one bid names the other bidder")
SEALS = N_("Seals of the other bidder")
_AROUND = 80
_LONGEST = 1200
_LEAST = 2  # Single characters that agree are chance.

Texts = Mapping[tuple[str, str], Text]
Scans = Mapping[tuple[str, str, int], str]  # Digest of pixels by bidder, file and page.


def passages(finding: Finding, texts: Texts) -> Exhibit:
    """T1: both sides of each shared passage, what agrees inside it marked as the same."""
    rows = []
    for number, (one, other) in enumerate(_pairs(finding), start=1):
        inner = _agreeing(_inside(one, texts), _inside(other, texts))
        cells = {
            side.bidder: _cell(side, texts, marks)
            for side, marks in zip((one, other), inner, strict=True)
        }
        rows.append(_row(finding, cells, N_("Passage %(n)s"), number))
    return _exhibit(PASSAGES, finding, rows, len(finding.evidence) // 2)


def errors(finding: Finding, texts: Texts, title: str = ERRORS) -> Exhibit:
    """T2 and P1: what both have, each in its own sentence."""
    rows = []
    for number, (one, other) in enumerate(_pairs(finding), start=1):
        cells = {
            side.bidder: _cell(side, texts, [Piece(_inside(side, texts), "odd")])
            for side in (one, other)
        }
        rows.append(_row(finding, cells, N_("Place %(n)s"), number))
    return _exhibit(title, finding, rows, len(finding.evidence) // 2)


def names(
    finding: Finding, places: Sequence[Evidence], texts: Texts, own: Sequence[Evidence] = ()
) -> Exhibit:
    """X1: where a bid holds the other bidder's name or code, and where that one names itself."""
    rows = []
    others = {place.bidder: _named(place, texts) for place in own}
    for number, place in enumerate(places[:MOST_ROWS], start=1):
        cells = others | {place.bidder: _named(place, texts)}
        rows.append(_row(finding, cells, N_("Place %(n)s"), number))
    return _exhibit(NAMES, finding, rows, len(places))


def seals(
    finding: Finding,
    places: Sequence[Evidence],
    texts: Texts,
    own: Sequence[Evidence],
    scans: Scans,
) -> Exhibit:
    """X1: seals that name the other bidder, as they were read, with the scanned page if any."""
    rows = []
    others = {place.bidder: _named(place, texts) for place in own}
    for number, place in enumerate(places[:MOST_ROWS], start=1):
        kind, _, said = (place.record or "").partition(": ")
        picture = scans.get((place.bidder, place.file or "", place.page or 0), "")
        cell = cell_of(place, Piece(sound(said), "odd"))
        if kind == STAMP:
            cell = replace(cell, picture=picture, pictured=True)
        label = N_("Stamp %(n)s") if kind == STAMP else N_("Electronic signature %(n)s")
        rows.append(_row(finding, others | {place.bidder: cell}, label, number))
    return _exhibit(SEALS, finding, rows, len(places))


def _named(place: Evidence, texts: Texts) -> Cell:
    return _cell(place, texts, [Piece(_inside(place, texts), "odd")])


def sound(text: str) -> str:
    """A text without halves of characters and without controls, fit to be kept and shown.

    Pages, and what was read in pictures, begin with a form feed.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    whole = whole.replace("\f", "\n")
    return "".join(c if c >= " " or c in "\n\t" else "\ufffd" for c in whole)


def _pairs(finding: Finding) -> Iterator[tuple[Evidence, Evidence]]:
    pieces = finding.evidence[: 2 * MOST_ROWS]
    return iter(zip(pieces[::2], pieces[1::2], strict=False))


def _row(finding: Finding, cells: Mapping[str, Cell], label: str, number: int) -> Row:
    shown = tuple(cells.get(bidder, Cell()) for bidder in finding.bidders)
    return Row(shown, label, {"n": number})


def _exhibit(title: str, finding: Finding, rows: Sequence[Row], total: int) -> Exhibit:
    return Exhibit(title, finding.bidders, tuple(rows), more=max(0, total - len(rows)))


def _span(place: Evidence) -> tuple[int, int]:
    return place.start or 0, place.end or 0


def _inside(place: Evidence, texts: Texts) -> str:
    start, end = _span(place)
    text = texts[place.bidder, place.file or ""].text
    return text[start : min(end, start + _LONGEST)]


def _cell(place: Evidence, texts: Texts, inner: Sequence[Piece]) -> Cell:
    start, end = _span(place)
    text = texts[place.bidder, place.file or ""].text
    shown = min(end, start + _LONGEST)
    cut = [Piece(" […] ")] if shown < end else []
    before = Piece(text[max(0, start - _AROUND) : start].lstrip("\f"))
    after = Piece(text[end : end + _AROUND])
    pieces = (before, *inner, *cut, after)
    cell = cell_of(place, *(Piece(sound(piece.text), piece.mark) for piece in pieces))
    return replace(cell, pictured=texts[place.bidder, place.file or ""].is_pictured(start))


def _agreeing(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Cut both passages into pieces that agree and pieces that do not."""
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    at = [0, 0]
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    for block in blocks:
        if 0 < block.size < _LEAST:
            continue
        for side, text, start in ((0, one, block.a), (1, other, block.b)):
            sides[side].append(Piece(text[at[side] : start]))
            sides[side].append(Piece(text[start : start + block.size], "same"))
            at[side] = start + block.size
    return sides
