"""Articles of law as the rules cite them: "TBL 24" is art. 24 of the Tendering and Bidding Law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tender.core.i18n import N_
from tender.core.wording import Wording, say


@dataclass(frozen=True)
class Statute:
    """A law or regulation in the version the rules were taken from.

    `in_force` is the first day of that version; rules that give no date of their own use it.
    """

    code: str
    name: str
    in_force: date

    def wording(self) -> Wording:
        """The statute's name; English msgid, Chinese in the catalogue."""
        return Wording(self.name)


@dataclass(frozen=True)
class Article:
    """One article of one statute; `number` is empty where the whole text is meant."""

    statute: Statute
    number: str

    def wording(self) -> Wording:
        """How a reader is told: 招标投标法第24条, Tendering and Bidding Law art. 24."""
        if not self.number:
            return self.statute.wording()
        return say(
            N_("%(statute)s art. %(number)s"), statute=self.statute.wording(), number=self.number
        )

    def __str__(self) -> str:
        """As the data cites it."""
        return f"{self.statute.code} {self.number}".strip()


def read_article(text: str, statutes: Mapping[str, Statute]) -> Article:
    """An article from its short form; KeyError for a statute that the data does not name."""
    code, _, number = text.partition(" ")
    return Article(statutes[code], number)


def wordings(articles: tuple[Article, ...]) -> tuple[Wording, ...]:
    """Articles in a row, to be joined by the reader's language."""
    return tuple(article.wording() for article in articles)
