"""Words for people: gettext over the catalogues in `locale/zh`, one file per topic.

English msgids stand in the code, so English is complete by construction; Chinese is the default
language and complete by test. The language is a context variable, so that services, workers and
the web frame speak through the same function without knowing Flask.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
LOCALE = Path(__file__).parent / "locale"

_language: ContextVar[str] = ContextVar("language", default="zh")


def N_(message: str) -> str:  # noqa: N802 - gettext's customary name for a mark
    """Mark a msgid for translation at the time it is shown."""
    return message


@cache
def catalogue(language: str) -> dict[str, str]:
    """All translations of a language: msgid -> text (empty for English)."""
    messages: dict[str, str] = {}
    for path in sorted((LOCALE / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id and isinstance(message.id, str) and message.string:
                    messages[message.id] = str(message.string)
    return messages


def language() -> str:
    """The reader's language, `zh` unless set."""
    return _language.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Run a block in another language (documents, letters)."""
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def set_language(language: str) -> None:
    """Choose the language of the present context; unknown ones fall back to Chinese."""
    _language.set(language if language in LANGUAGES else "zh")


def gettext(message: str, **params: object) -> str:
    """A msgid in the reader's language, its named places filled."""
    text = catalogue(_language.get()).get(message, message)
    return text % params if params else text


def ngettext(singular: str, plural: str, n: int, **params: object) -> str:
    """Singular or plural by English rules; Chinese has one form, under the plural msgid."""
    return gettext(singular if n == 1 and _language.get() == "en" else plural, n=n, **params)


_ = gettext
