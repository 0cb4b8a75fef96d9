"""What `verify` says: one line a check, a JSON summary last; a failed check is never skipped."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from keys.errors import KeysError

UNUSABLE = (
    *(KeysError, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(RecursionError, OverflowError, ArithmeticError, MemoryError),
)
"""What hostile input can raise; all of it is a failed check, never a traceback."""

MOST_LINES_A_CHECK = 20


def shown(value: object) -> str:
    """Give a text from the outside on one printable line of bounded length."""
    text = str(value)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:300]


def reason(error: BaseException) -> str:
    """Give in one line why something is unusable or false."""
    if isinstance(error, KeysError):
        return error.message
    return f"unusable ({type(error).__name__}: {error})"


@contextmanager
def noting(faults: list[str], what: str) -> Iterator[None]:
    """Add a fault, instead of raising, if what runs inside fails."""
    try:
        yield
    except UNUSABLE as error:
        faults.append(f"{what}: {reason(error)}")


@dataclass
class Report:
    """The checks so far; `out` receives each line as it is known."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    passed: int = 0
    failures: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    def ok(self, what: str) -> None:
        """Note a check that passed."""
        self.passed += 1
        print(f"ok {shown(what)}", file=self.out)

    def fail(self, what: str, why: object) -> None:
        """Note a check that failed, and why."""
        line = f"{shown(what)}: {shown(why)}"
        self.failures.append(line)
        print(f"FAIL {line}", file=self.out)

    def outcome(self, what: str, faults: list[str]) -> None:
        """Note a check that looked at many things: one line for each fault, or one ok."""
        for fault in faults[:MOST_LINES_A_CHECK]:
            self.fail(what, fault)
        if len(faults) > MOST_LINES_A_CHECK:
            self.fail(what, f"and {len(faults) - MOST_LINES_A_CHECK} more of this kind")
        if not faults:
            self.ok(what)

    @contextmanager
    def check(self, what: str) -> Iterator[None]:
        """Run a check: it passed unless it raises."""
        try:
            yield
        except UNUSABLE as error:
            self.fail(what, reason(error))
        else:
            self.ok(what)

    def summary(self) -> str:
        """Give the JSON summary: the counts, the facts, the first failures."""
        return json.dumps(
            {
                "verified": not self.failures,
                "checks": self.passed + len(self.failures),
                "failed": len(self.failures),
                **self.facts,
                "failures": self.failures[:MOST_LINES_A_CHECK],
            },
            ensure_ascii=False,
        )
