"""The words of the product: every msgid that code and templates hand to gettext."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from tender.core.i18n import LOCALE

ROOT = Path(__file__).parents[1]
PYTHON = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2)}
PAGES = {"_": None, "gettext": None, "ngettext": (1, 2)}
NOT_WORDS = frozenset({"en", "text", "%(problem)s"})  # examples in docstrings; a passed-on text


def _texts(found: object) -> Iterator[str]:
    for text in found if isinstance(found, tuple | list) else (found,):
        if isinstance(text, str) and text and text not in NOT_WORDS:
            yield text


def msgids() -> dict[str, str]:
    """Every msgid, with one place where it stands."""
    words: dict[str, str] = {}
    for room in ("tender", "evaluation"):
        rows = extract_from_dir(str(ROOT / room), [("**.py", "python")], keywords=PYTHON)
        for name, _line, found, _comments, _context in rows:
            words.update(dict.fromkeys(_texts(found), f"{room}/{name}"))
    rows = extract_from_dir(
        str(ROOT / "templates"), [("**.html", "jinja2.ext:babel_extract")], keywords=PAGES
    )
    for name, _line, found, _comments, _context in rows:
        words.update(dict.fromkeys(_texts(found), f"templates/{name}"))
    return words


def translations() -> Iterator[tuple[str, str, str]]:
    """Every (file, msgid, Chinese) of the catalogues."""
    for path in sorted((LOCALE / "zh").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if isinstance(message.id, str) and message.id:
                    yield path.name, message.id, str(message.string)
