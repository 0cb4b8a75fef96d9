"""Who speaks for a bidder (投标人的人员与联系方式), as plain values that need no other library."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_LEAST_DIGITS = 10  # A shorter number is a local one, or no telephone at all.


class Post(StrEnum):
    """Under which title a bidder registered somebody, or itself where it is a person."""

    HEAD = "head"  # 法定代表人
    AGENT = "agent"  # 委托代理人
    SELF = "self"  # 自然人投标人


@dataclass(frozen=True)
class People:
    """Who speaks for a bidder: telephone numbers and mailboxes, and (post, name)."""

    contacts: frozenset[str] = frozenset()
    people: frozenset[tuple[Post, str]] = frozenset()


def usable_contact(text: str) -> str:
    """Return a telephone number or mailbox fit to be looked for, empty if it is neither."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if "@" in plain:
        return plain.lower() if len(plain) >= 8 and " " not in plain else ""
    digits = re.sub(r"\D", "", plain)
    digits = digits.removeprefix("00") if digits.startswith("0086") else digits
    digits = digits.removeprefix("86") if len(digits) > 11 else digits
    return digits if len(digits) >= _LEAST_DIGITS and len(set(digits)) > 2 else ""
