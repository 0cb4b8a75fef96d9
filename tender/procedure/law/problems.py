"""What a rule finds wrong with a draft: said before the act, where it can still be put right."""

from __future__ import annotations

from dataclasses import dataclass

from tender.core.wording import Wording
from tender.procedure.law.articles import Article


@dataclass(frozen=True)
class Problem:
    """One thing that breaks a rule.

    `where` is the field or milestone; `wording` says what, and the next step; `to_check` says
    that the rule itself rests on a summary or analogy. A service that must refuse raises the
    DomainError of the same `code`.
    """

    code: str
    where: str
    wording: Wording
    articles: tuple[Article, ...] = ()
    to_check: bool = False

    def text(self) -> str:
        """The sentence in the reader's language."""
        return self.wording.text()
