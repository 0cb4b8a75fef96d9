"""Logging reads of personal data from pages: one call where such data is shown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from flask import request

from tender.core.reads import Read, note_reads
from tender.core.web import actor, afterwards, now


def reading(kind: Read, subjects: Iterable[str], about: str | None = None) -> None:
    """Log, once the page has succeeded, that the person signed in saw these subjects' data.

    `about` is the id of the tender that it belongs to.
    """
    seen = frozenset(subjects)
    if seen:
        write = partial(
            note_reads, actor=actor(), kind=kind, subjects=seen, about=about,
            page=request.path, address=request.remote_addr, now=now(),
        )  # fmt: skip
        afterwards(write)
