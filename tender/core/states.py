"""Transition tables: one place that says which status may follow which, one function that writes.

A test looks for any other assignment to `.status` in the tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from tender.core.errors import conflict
from tender.core.i18n import N_


class HasStatus(Protocol):
    """A model with a status column."""

    status: Any


Transitions = Mapping[StrEnum, frozenset[StrEnum]]


def advance(subject: HasStatus, to: StrEnum, transitions: Transitions) -> None:
    """Move a subject to another status if its table allows it.

    Raises DomainError `state.not_allowed` (409) otherwise. The caller holds the write lock.
    """
    allowed: frozenset[StrEnum] = transitions.get(subject.status, frozenset())
    if to not in allowed:
        raise conflict(
            "state.not_allowed",
            N_("This step is not possible now: the state is “%(now)s”. Reload the page to go on."),
            now=subject.status.value,
        )
    subject.status = to
