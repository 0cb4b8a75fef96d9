"""From a document's plain values to HTML: templates, figures, dates and QR codes.

Everything that a person typed is escaped by the template engine, and nothing in it can name a
resource: pictures are made here, kept in `Page.assets`, and known to the renderer by numbers.
An undefined field is an error, never a gap in a document that is about to be sealed.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tender.core import i18n, money, presenting
from tender.core.shanghai import SHANGHAI
from tender.publication.papers.documents import TEMPLATES, DocumentKind, require_fields

# Marks between a label and what follows; they are typography, not words.
PUNCTUATION = {
    "zh": {"colon": "：", "comma": "，", "stop": "。"},
    "en": {"colon": ": ", "comma": ", ", "stop": "."},
}
# What a person types for one field never needs more; a page that does is refused, not cut.
LONGEST_TEXT = 20_000
LONGEST_DOCUMENT = 400_000
# Longer runs without a space (addresses, hashes, mischief) may break anywhere.
LONGEST_WORD = 40
# Controls, and marks that turn the direction of writing: they could show another amount.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_RUN = re.compile(rf"[!-~\u00a1-\u02ff]{{{LONGEST_WORD + 1},}}")
# One QR symbol carries at most this many bytes, so that a phone reads it from paper.
QR_BYTES = 1300
JPEG = b"\xff\xd8\xff"
LARGEST_PICTURES = 6_000_000  # characters of base64 in one document


@dataclass(frozen=True)
class Page:
    """HTML ready to render, with the pictures that it names as `asset:<number>`."""

    html: str
    assets: Mapping[str, bytes]


@dataclass
class Pictures:
    """The pictures of one document; templates call `qr`, and `picture` for those handed over."""

    assets: dict[str, bytes] = field(default_factory=dict)

    def given(self, pictures: Mapping[str, str]) -> dict[str, str]:
        """Take JPEGs in base64 over; gives the name in this document by the one handed over.

        Raises `ValueError` for anything but a JPEG, and beyond all measure.
        """
        if sum(map(len, pictures.values())) > LARGEST_PICTURES:
            raise ValueError("the pictures are too large for a document")
        names = {}
        for place, (given, text) in enumerate(pictures.items()):
            data = base64.b64decode(text, validate=True)
            if not data.startswith(JPEG):
                raise ValueError("a picture of a document is a JPEG")
            names[given] = f"asset:picture-{place}"
            self.assets[names[given]] = data
        return names

    def qr(self, text: str) -> list[str]:
        """QR codes (SVG) that carry `text` whole: one, or a sequence (structured append)."""
        data = text.encode()
        count = -(-len(data) // QR_BYTES)
        if count <= 1:
            error = "m" if len(data) <= 400 else "l"
            symbols = [segno.make(data, error=error, micro=False, boost_error=False)]
        else:
            symbols = list(segno.make_sequence(data, error="l", symbol_count=min(count, 16)))
        return [self._keep(symbol) for symbol in symbols]

    def _keep(self, symbol: segno.QRCode) -> str:
        drawn = io.BytesIO()
        symbol.save(drawn, kind="svg", border=2, xmldecl=False, light="#fff")
        name = f"asset:{len(self.assets)}"
        self.assets[name] = drawn.getvalue()
        return name


def environment(templates: Path) -> Environment:
    """The template engine of the documents, with the filters that the templates use."""
    env = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_with_breaks,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals.update(_=i18n.gettext, ngettext=i18n.ngettext)
    env.filters.update(
        t=said,
        yuan=money.format_yuan,
        capitals=money.capitals,
        day=day,
        moment=moment,
        second=second,
        groups=presenting.groups,
        breakable=breakable,
    )
    return env


def typeset(env: Environment, kind: DocumentKind, language: str, context: dict[str, Any]) -> Page:
    """Fill the template of a kind.

    Raises `ValueError` for fields that are not its own and for text beyond all measure.
    """
    require_fields(kind, context)
    pictures = Pictures()
    names = pictures.given(dict(context.get("pictures", ())))
    context = cleaned({name: value for name, value in context.items() if name != "pictures"})
    with i18n.speaking(language):
        html = env.get_template(TEMPLATES[kind]).render(
            **context,
            **PUNCTUATION[language],
            qr=pictures.qr,
            picture=names.get,
            zh=language == "zh",
        )
    return Page(html, pictures.assets)


def cleaned(context: dict[str, Any]) -> dict[str, Any]:
    """The same values with invisible characters replaced by a visible mark."""
    total = 0

    def clean(value: Any) -> Any:
        nonlocal total
        if isinstance(value, dict):
            return {key: clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [clean(item) for item in value]
        if not isinstance(value, str):
            return value
        total += len(value)
        if len(value) > LONGEST_TEXT or total > LONGEST_DOCUMENT:
            raise ValueError("the text is too long for a document")
        return _INVISIBLE.sub("\ufffd", value)

    result: dict[str, Any] = clean(context)
    return result


def _with_breaks(value: Any) -> Any:
    """Every printed value: endless words get places where a line may end."""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return _RUN.sub(lambda run: breakable(run[0], 12), value)


def said(text: str) -> str:
    """A msgid in the document's language; text that is no msgid as it stands."""
    return i18n.gettext(text) if text else ""


def day(text: str) -> str:
    """A day or moment as a calendar day; text in another form as it stands."""
    found = _parse(text)
    return presenting.day(found) if found else text


def moment(text: str) -> str:
    """A moment with weekday and minute; a bare day as a day; other text as it stands."""
    found = _parse(text)
    if found is None:
        return text
    return presenting.moment(found) if "T" in text else presenting.day(found)


def second(text: str) -> str:
    """A moment to the second, for records."""
    found = _parse(text)
    return presenting.second(found) if found else text


def _parse(text: str) -> datetime | None:
    try:
        if "T" in text:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return datetime.combine(date.fromisoformat(text), time(), SHANGHAI)
    except ValueError:
        return None


def breakable(text: str, every: int = 16) -> str:
    """A long string of digits with places where a line may end (zero-width spaces)."""
    return "\u200b".join(text[at : at + every] for at in range(0, len(text), every))
