"""X1 for seals (混装中的印章): another bidder's stamp or electronic signature inside a bid.

A signature names its signer letter for letter; a stamp is read by a machine, which takes one letter
for another, and clients' stamps bear names like a bidder's. So a name that was read whole counts as
one in the text does. One that was read nearly counts as a statistical sign, if place and trade name
were read but for one letter, no letter was clearly read as another one, and no other bidder's name
is nearly as near. Measured on 200 stamps of 100 to 200 dots an inch, dark and faint: half are read
whole, three in ten nearly; of stamps of others, none was taken for the bidder's that differed in
the place, 1.5 % that differed in the trade name, 7.5 % that differed in one letter of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from evaluation.compare.extracted import DOUBT, Extracted, Seal
from evaluation.compare.normalise import fold

STAMP, SIGNATURE = "stamp", "signature"  # How the record of such a place begins.
_NEAR, _AHEAD = 75.0, 8.0  # Of 100: likeness to the name, and lead over every other bidder's.
_HEAD, _HEAD_NEAR = 6, 83.0  # Letters that hold place and trade name; one of them may be misread.
_LEAST_READ = 0.8  # Share of a name's length that must have been read.


# Titles of papers of earlier work and of joint bids, which others rightly stamp (REG 40(5) means
# papers of the bid itself).
_OF_OTHERS = re.compile(
    r"(?:合同|协议|协议书|通知书|验收报告|验收证明书?|业绩证明)(?:[（(].*[)）])?$"
)
_TITLES, _TITLE = 4, 30  # Lines of a page among which its title is; characters of one.


class Sealed(NamedTuple):
    """A seal with whose bid and which file it stands in, and what its page says."""

    bidder: str
    file: str
    seal: Seal
    page_text: str = ""

    def on_paper_of_others(self) -> bool:
        """Return whether the page is by its title a contract, an award or a joint agreement."""
        lines = [line.strip() for line in self.page_text.splitlines() if line.strip()][:_TITLES]
        return any(len(line) <= _TITLE and _OF_OTHERS.search(line) for line in lines)


def sealed_of(bidder: str, file: str, extracted: Extracted) -> Iterator[Sealed]:
    """Yield the seals of a file, each with what was read on its page."""
    read = {each.page: each.text for each in extracted.writing}
    own = extracted.text.split("\f")
    for seal in extracted.seals:
        text = own[seal.page - 1] if 0 < seal.page <= len(own) else ""
        yield Sealed(bidder, file, seal, text if text.strip() else read.get(seal.page, ""))


class Foreign(NamedTuple):
    """A seal that names another bidder; `whole` where the name was read letter for letter."""

    place: Sealed
    owner: str
    whole: bool

    @property
    def sure(self) -> bool:
        """Whether the name was read whole, on no paper that others rightly stamp too."""
        return self.whole and not self.place.on_paper_of_others()

    def record(self) -> str:
        """Return what is told of the seal: its kind and how it reads."""
        kind = SIGNATURE if self.place.seal.electronic else STAMP
        return f"{kind}: {' / '.join(self.place.seal.text.splitlines())}"


def foreign_seals(
    sealed: Sequence[Sealed], marks: Mapping[str, set[str]], own: Mapping[str, set[str]]
) -> Iterator[Foreign]:
    """Yield each seal that names another bidder than the one whose file it stands in.

    `marks` are folded names and codes with the bidders that they name, without what is common
    ground; `own` are all folded names and codes by bidder.
    """

    @cache
    def named(seal: Seal, bidder: str) -> tuple[tuple[str, bool], ...]:
        read = "\n".join(_folded(line) for line in seal.text.splitlines())
        mine = own.get(bidder, set())
        whole = [mark for mark in {*marks, *mine} if mark in read]
        # The longest name is the seal's: a branch's holds its parent's.
        names = {m for m in whole if not any(m != other and m in other for other in whole)}
        if names & mine:
            return ()
        if names or seal.electronic:
            owners = {owner for mark in names for owner in marks[mark]}
            return tuple((owner, True) for owner in sorted(owners - {bidder}))
        nearest = _nearest(read, marks, mine)
        if not nearest or _is_another(nearest, read, _clear(seal)):
            return ()
        return tuple((owner, False) for owner in sorted(marks[nearest] - {bidder}))

    for place in sealed:
        for owner, whole in named(replace(place.seal, page=0), place.bidder):
            yield Foreign(place, owner, whole)


def _folded(line: str) -> str:
    return fold(line).tobytes().decode("utf-16-le", "surrogatepass")


def _nearest(read: str, marks: Mapping[str, set[str]], mine: set[str]) -> str:
    """Return the one name that a stamp nearly reads as, "" if there is none."""
    likeness = {mark: _likeness(mark, read) for mark in {*marks, *mine}}
    best = max(likeness, key=lambda mark: (likeness[mark], mark), default="")
    if not best or likeness[best] < _NEAR or best not in marks:
        return ""
    others = [like for mark, like in likeness.items() if not marks.get(mark, set()) & marks[best]]
    return "" if likeness[best] - max(others, default=0.0) < _AHEAD else best


def _clear(seal: Seal) -> str:
    """Return the folded reading of a stamp with DOUBT for letters that may be others."""
    clear = seal.clear if len(seal.clear) == len(seal.text) else DOUBT * len(seal.text)
    pairs = zip(seal.text, clear, strict=True)
    return "".join(len(_folded(t)) * DOUBT if c == DOUBT else _folded(t) for t, c in pairs)


def _is_another(mark: str, read: str, clear: str) -> bool:
    """Return whether a letter of the name was clearly read as another one."""
    at = fuzz.partial_ratio_alignment(mark, read)
    first, last = (at.dest_start, at.dest_end) if at and len(read) >= len(mark) else (0, len(read))
    edits = Levenshtein.editops(mark, read[first:last])
    return any(e.tag == "replace" and clear[first + e.dest_pos] != DOUBT for e in edits)


def _likeness(mark: str, read: str) -> float:
    """Return how much of a name stands in what was read, 0..100.

    Firms of one trade differ in place and trade name only, so 0 where those do not stand there.
    """
    if len(read) < _LEAST_READ * len(mark) or fuzz.partial_ratio(mark[:_HEAD], read) < _HEAD_NEAR:
        return 0.0
    return float(fuzz.partial_ratio(mark, read))
