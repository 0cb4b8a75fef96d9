"""Asking a process of its own (限额子进程): heavy screens under limits of time and memory.

A screen over hostile or merely huge files must neither stop the web server nor eat its memory.
The child knows no database and no password; what it does not finish in time is said to be
unfinished, and the other screens go on. One child serves one screening, because loading its
libraries takes longer than most screens; one that failed is replaced.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.findings.inputs.exhibits import Seen
from tender.core.children import ONE_THREAD, AnsweringChild, ChildGone, ChildLate, Closing
from tender.core.i18n import N_

COMMAND = (sys.executable, "-m", "evaluation.findings.inputs.child")


@dataclass(frozen=True)
class Bounds:
    """Seconds by the clock for one request, and octets of address space of the child."""

    seconds: float = 60.0
    memory: int = 3 << 30


class Unfinished(Exception):
    """A screen that did not finish; the message is a msgid for people.

    `found` is what it had found by then.
    """

    def __init__(self, why: str, found: Sequence[Seen] = ()) -> None:
        super().__init__(why)
        self.found = found


class Child(Closing):
    """A limited process that answers requests (`inputs/child.py`); use it as a context."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._child = AnsweringChild(COMMAND, variables=ONE_THREAD)

    def close(self) -> None:
        """End the process."""
        self._child.close()

    def ask(self, request: dict[str, Any], seconds: float | None = None) -> Any:
        """Have one request done; Unfinished says why it could not be."""
        bounded = request | {"memory": self._bounds.memory}
        try:
            answer = self._child.ask(bounded, seconds or self._bounds.seconds)
        except ChildLate as error:
            raise Unfinished(N_("It took longer than its limit and was stopped.")) from error
        except ChildGone as error:
            raise Unfinished(N_("It ended without an answer.")) from error
        if "unfinished" in answer:
            self._child.close()
            raise Unfinished(answer["unfinished"])
        return answer["done"]
