"""One centre, one set of loaded fonts and one sealed document, shared by the tests of a process."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from keys.centre import Centre, create_centre
from tender.publication.papers.documents import Document, job
from tender.publication.papers.press import FONTS, TEMPLATES
from tender.publication.papers.produce import SEAL_PURPOSE
from tender.publication.papers.rendering import Typesetter
from tender.publication.papers.sealing import SealKeys, open_keys, seal_pdf
from tests.tender.publication.samples import CENTRE, PLAIN_NOTICE

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
_keep: list[tempfile.TemporaryDirectory[str]] = []


def new_centre(name: str = CENTRE, now: datetime = NOW) -> Centre:
    """An authority of its own in a directory that lives as long as the tests."""
    directory = tempfile.TemporaryDirectory(prefix="centre-")
    _keep.append(directory)
    return create_centre(Path(directory.name) / "centre", name, "a passphrase", now=now)


@cache
def typesetter() -> Typesetter:
    """The loaded fonts and templates."""
    return Typesetter(FONTS, TEMPLATES)


@cache
def centre() -> Centre:
    """The centre whose root the tests pin."""
    return new_centre()


@cache
def keys() -> SealKeys:
    """The centre's open keys."""
    return open_keys(centre())


@cache
def rendered(document: Document = PLAIN_NOTICE, language: str = "zh") -> bytes:
    """A document before it is sealed."""
    order = job(document, language)
    return typesetter().render(document.document, language, order["context"]).pdf


@cache
def artwork() -> bytes:
    """The centre's round seal."""
    return typesetter().seal(CENTRE, SEAL_PURPOSE)


@cache
def sealed() -> bytes:
    """A genuine document of the centre."""
    return seal_with(keys(), now=NOW)


def seal_with(keys: SealKeys, *, now: datetime) -> bytes:
    """The same document sealed by other keys or at another time."""
    return seal_pdf(rendered(), keys, artwork=artwork(), now=now)
