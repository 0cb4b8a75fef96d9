"""Search by bigrams: finds two-character words that FTS5's trigrams miss, village names whole."""

from __future__ import annotations

import unicodedata


def bigrams(text: str) -> str:
    """The bigrams of a text as a space-separated, sorted column; `query` builds the match."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: set[str] = set()
    for word in folded.split():
        found.add(word[:2])
        found.update(word[i : i + 2] for i in range(len(word) - 1))
    return " " + " ".join(sorted(found)) + " "
