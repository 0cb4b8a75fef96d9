"""Search by terms: single characters, bigrams and facets in one inverted table.

Why not the databases' own search: FTS5's trigrams find nothing for words of two characters,
dictionaries cut village names, and each engine would need its own dialect. Here a notice is
posted under every character, every pair of neighbours (柳溪 in 柳溪村) and its facets (kind,
direction, township, village). A search walks the postings of its rarest term, newest first, by
the primary key, and checks the other terms there, so it costs the same with a hundred notices
and with a million. Pairs may stand apart in a text, so the caller also looks for the whole word.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from sqlalchemy import BigInteger, Index, Integer, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tender.core.db import Base

LONGEST_WORD = 40
MOST_WORDS = 6


class SearchTerm(Base):
    """How many tenders carry a term: tells the rarest one of a search."""

    __tablename__ = "search_term"

    term: Mapped[str] = mapped_column(String(120), primary_key=True)
    tenders: Mapped[int] = mapped_column(Integer)


class SearchPosting(Base):
    """One tender (by its running number) under one of its terms."""

    __tablename__ = "search_posting"
    __table_args__ = (Index("ix_search_posting_seq", "seq"),)

    term: Mapped[str] = mapped_column(String(120), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


def fold(text: str) -> str:
    """Text as it is searched: full and half width, upper and lower case are the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def words_of(text: str) -> tuple[str, ...]:
    """The words of a search, folded; what is beyond six words or forty characters is cut."""
    return tuple(word[:LONGEST_WORD] for word in fold(text).split()[:MOST_WORDS])


def facet(name: str, value: str) -> str:
    """The term of a facet; `=` and a name in front keep it apart from words."""
    return f"{name}={fold(value)}"[:120]


def terms_of(text: str) -> set[str]:
    """All terms under which a text is found: its characters and its pairs of neighbours."""
    found: set[str] = set()
    for word in fold(text).split():
        found.update(word)
        found.update(word[i : i + 2] for i in range(len(word) - 1))
    return found


def wanted_terms(words: Collection[str]) -> set[str]:
    """The terms that a text must carry to hold these words: pairs, or the only character."""
    found: set[str] = set()
    for word in words:
        found.update(word[i : i + 2] for i in range(len(word) - 1))
        if len(word) == 1:
            found.add(word)
    return found


def rarest_first(session: Session, terms: Collection[str]) -> list[str] | None:
    """The terms ordered by how few tenders carry them; None if one is carried by none."""
    query = select(SearchTerm.term, SearchTerm.tenders).where(SearchTerm.term.in_(terms))
    counts = {term: count for term, count in session.execute(query) if count > 0}
    if len(counts) < len(set(terms)):
        return None
    return sorted(counts, key=lambda term: (counts[term], term))


def post(session: Session, seq: int, terms: set[str]) -> None:
    """Post a tender under exactly these terms, whatever it was posted under before."""
    query = select(SearchPosting.term).where(SearchPosting.seq == seq)
    before = set(session.scalars(query))
    gone, new = before - terms, terms - before
    if gone:
        session.execute(
            delete(SearchPosting).where(SearchPosting.seq == seq, SearchPosting.term.in_(gone))
        )
    session.add_all(SearchPosting(term=term, seq=seq) for term in sorted(new))
    _count(session, gone, -1)
    _count(session, new, 1)
    session.flush()


def _count(session: Session, terms: set[str], step: int) -> None:
    known = {
        row.term: row
        for row in session.scalars(select(SearchTerm).where(SearchTerm.term.in_(terms)))
    }
    for term in sorted(terms):
        if term in known:
            known[term].tenders += step
        else:
            session.add(SearchTerm(term=term, tenders=step))


def facets(session: Session, name: str) -> list[str]:
    """Every value that a facet has, for a choice on a page."""
    query = (
        select(SearchTerm.term)
        .where(SearchTerm.term > f"{name}=", SearchTerm.term < f"{name}>", SearchTerm.tenders > 0)
        .order_by(SearchTerm.term)
    )
    return [term.removeprefix(f"{name}=") for term in session.scalars(query)]
