"""X1 for seals (混装中的印章): another bidder's stamp or electronic signature inside a bid.

A signature names its signer letter for letter; a stamp is read by a machine, which takes one letter
for another. So a name that was read whole counts as one in the text does, and one that was read
nearly counts as a statistical sign, and only for the bidder whose name is clearly the nearest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from rapidfuzz import fuzz

from evaluation.compare.extracted import Seal
from evaluation.compare.normalise import fold

STAMP, SIGNATURE = "stamp", "signature"  # How the record of such a place begins.
_NEAR, _AHEAD = 75.0, 8.0  # Of 100: likeness to the name, and lead over every other bidder's.
_HEAD, _HEAD_NEAR = 6, 83.0  # Letters that hold place and trade name; one of them may be misread.
_LEAST_READ = 0.8  # Share of a name's length that must have been read.


class Sealed(NamedTuple):
    """A seal with whose bid and which file it stands in."""

    bidder: str
    file: str
    seal: Seal


class Foreign(NamedTuple):
    """A seal that names another bidder; `sure` where the name was read letter for letter."""

    place: Sealed
    owner: str
    sure: bool

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
    def named(text: str, electronic: bool, bidder: str) -> tuple[tuple[str, bool], ...]:
        read = "\n".join(_folded(line) for line in text.splitlines())
        mine = own.get(bidder, set())
        whole = [mark for mark in {*marks, *mine} if mark in read]
        # The longest name is the seal's: a branch's holds its parent's.
        names = {m for m in whole if not any(m != other and m in other for other in whole)}
        if names & mine:
            return ()
        if names or electronic:
            owners = {owner for mark in names for owner in marks[mark]}
            return tuple((owner, True) for owner in sorted(owners - {bidder}))
        return tuple((owner, False) for owner in _nearest(read, marks, mine) if owner != bidder)

    for place in sealed:
        for owner, sure in named(place.seal.text, place.seal.electronic, place.bidder):
            yield Foreign(place, owner, sure)


def _folded(line: str) -> str:
    return fold(line).tobytes().decode("utf-16-le", "surrogatepass")


def _nearest(read: str, marks: Mapping[str, set[str]], mine: set[str]) -> list[str]:
    """Return the owners of the one name that a stamp nearly reads as."""
    likeness = {mark: _likeness(mark, read) for mark in {*marks, *mine}}
    best = max(likeness, key=lambda mark: likeness[mark], default="")
    if not best or likeness[best] < _NEAR or best not in marks:
        return []
    others = [like for mark, like in likeness.items() if not marks.get(mark, set()) & marks[best]]
    if likeness[best] - max(others, default=0.0) < _AHEAD:
        return []
    return sorted(marks[best])


def _likeness(mark: str, read: str) -> float:
    """Return how much of a name stands in what was read, 0..100.

    Firms of one trade differ in place and trade name only, so 0 where those do not stand there.
    """
    if len(read) < _LEAST_READ * len(mark) or fuzz.partial_ratio(mark[:_HEAD], read) < _HEAD_NEAR:
        return 0.0
    return float(fuzz.partial_ratio(mark, read))
