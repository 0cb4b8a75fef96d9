"""Seats of a panel by speciality, filled in the order of the draw without wasting anybody.

An expert with two fields must not block the only seat of the next one: whoever comes in turn is
seated if all seated so far and he can be placed together. That rule has a property that makes
replacements fair: take one expert out, compute again, and everybody else keeps a seat while at
most one more gets one (the seats form a transversal matroid, and the draw is its greedy basis).
"""

from __future__ import annotations

from collections.abc import Mapping


class Seats:
    """The seats of one draw while they are being filled."""

    def __init__(self, quotas: Mapping[str, int]) -> None:
        self._quotas = dict(quotas)
        self._fields: dict[str, frozenset[str]] = {}
        self.taken: dict[str, str] = {}

    def take(self, expert: str, fields: frozenset[str]) -> bool:
        """Seat an expert if there is a way; those seated before may change field, not lose a seat.

        `fields` are his specialities; those without a quota are of no use here.
        """
        self._fields[expert] = fields & frozenset(self._quotas)
        return self._place(expert, set())

    def left(self) -> dict[str, int]:
        """Seats still empty, by speciality; none that are full."""
        taken = list(self.taken.values())
        left = {code: count - taken.count(code) for code, count in self._quotas.items()}
        return {code: count for code, count in left.items() if count}

    def _place(self, expert: str, tried: set[str]) -> bool:
        for code in sorted(self._fields[expert] - tried):
            if code in self.left():
                self.taken[expert] = code
                return True
        for code in sorted(self._fields[expert] - tried):
            tried.add(code)
            for other in [name for name, held in self.taken.items() if held == code]:
                if self._place(other, tried):
                    self.taken[expert] = code
                    return True
        return False
