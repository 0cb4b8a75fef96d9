"""Short texts that people register under: of bounded length, and nothing in them unseen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from tender.core.errors import invalid
from tender.core.i18n import N_

# Controls, marks of direction and of no width, halves of characters, line and paragraph ends:
# with them two names look alike, or one line of a record reads as two.
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
ADDRESS = re.compile(r"[^\s@,;:<>()\"\\]+@[^\s@,;:<>()\"\\]+")


def check_texts(texts: Mapping[str, tuple[str, int]], email: str = "") -> None:
    """Check texts by field, each with its greatest length, and a mail address unless it is empty.

    Raises DomainError `text.form` with what is wrong at each field.
    """
    problems = {}
    for name, (text, longest) in (*texts.items(), ("email", (email, 200))):
        plain = text.strip()
        if len(plain) > longest:
            problems[name] = N_("This text is too long.")
        elif any(unicodedata.category(each) in UNSEEN for each in plain):
            problems[name] = N_("This holds characters that cannot be seen. Type it anew.")
    if email.strip() and not ADDRESS.fullmatch(email.strip()):
        problems["email"] = N_("Write one mail address, such as name@example.cn.")
    if problems:
        raise invalid("text.form", N_("Please correct what is marked below."), problems)
