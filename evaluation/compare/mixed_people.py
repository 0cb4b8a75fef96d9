"""X1 for people (混装中的人员): another bidder's telephone, mailbox, head or agent inside a bid.

A telephone number or a mailbox belongs to somebody; a name does not: in every lot of a dozen bids
some name of one stands somewhere in another. So a name counts only where it stands right behind the
title under which the other bidder registered it (法定代表人, 委托代理人), alone and not as the
beginning of a longer name. The name of a contact, whom no title sets apart, never counts by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from evaluation.compare.normalise import fold
from evaluation.compare.people_marks import People, Post


class Folded(Protocol):
    """A folded text whose stretches are found again in the text."""

    plain: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the folded text as code points of the text."""
        ...


TITLES = {
    Post.HEAD: "法定代表人|法人代表|单位负责人|企业负责人|投标人负责人",
    Post.AGENT: "委托代理人|授权代表|授权委托人|授权代理人|被授权人|投标代表|全权代表",
    Post.SELF: "投标人|竞买人|竞租人|竞价人|报价人|报名人|承租人|申请人|供应商",
}
_FILLING = (
    r"(?:[\s:：()（）\[\]【】_/\\—\-、,，.。·]|姓名|签字|签名|签章|签署|盖章|盖单位章|名称|或|及|其"
    r"|为|是|系|委托代理人|授权代表|授权委托人)"
)
_BEHIND = {post: re.compile(f"(?:{titles}){_FILLING}{{0,24}}$") for post, titles in TITLES.items()}
# What may follow a name without being a part of it.
_AFTER = re.compile(
    r"[\s:：()（）_/\\,，.。;；、]*(?:$|[^\u3400-\u9fff]|签|盖|先生|女士|同志|身份|电话|手机|联系|职务|职称|性别"
    r"|男|女|为|系|是|作为|代表|授权|委托|以|于|住址|地址|日期)"
)
_BEFORE, _SHOWN = 48, 16
_LEAST_NAME = 2
_INSIDE = re.compile(r"[\d \u00a0()+—\-]*")


def foreign_people(
    text: str, folded: Folded, bidder: str, known: Mapping[str, People], ground: Sequence[str]
) -> Iterator[tuple[str, int, int]]:
    """Yield (owner, start, end) for every mark of another bidder's people in a text.

    What the bidder registered itself is its own; what the ground holds is nobody's.
    """
    mine = {folded_name(name) for _, name in known.get(bidder, People()).people}
    for contact, owners in _owners(known, contacts=True).items():
        mark = folded_name(contact[1])
        if bidder in owners or any(mark in each for each in ground):
            continue
        for start, end in _places(folded, mark):
            if _whole(text, start, end, contact[1]):
                yield from ((owner, start, end) for owner in sorted(owners))
    for (post, name), owners in _owners(known, contacts=False).items():
        mark = folded_name(name)
        if bidder in owners or len(mark) < _LEAST_NAME or mark in mine:
            continue
        for start, end in _places(folded, mark):
            if _titled(text, start, end, Post(post)):
                yield from ((owner, start, end) for owner in sorted(owners))


def folded_name(text: str) -> str:
    """Return a name, number or mailbox as it stands in a folded text."""
    return fold(text).tobytes().decode("utf-16-le", "surrogatepass")


def _owners(known: Mapping[str, People], *, contacts: bool) -> dict[tuple[str, str], set[str]]:
    """Return each contact ("", text) or person (post, name) with the bidders who registered it."""
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for bidder, each in known.items():
        for mark in [("", one) for one in each.contacts] if contacts else each.people:
            owners[mark].add(bidder)
    return owners


def _places(folded: Folded, mark: str) -> Iterator[tuple[int, int]]:
    at = folded.plain.find(mark) if mark else -1
    while at >= 0:
        yield folded.span(at, at + len(mark))
        at = folded.plain.find(mark, at + len(mark))


def _whole(text: str, start: int, end: int, contact: str) -> bool:
    """Return whether a contact stands there by itself, not inside a longer number or address."""
    inside = unicodedata.normalize("NFKC", text[start:end])
    beside = unicodedata.normalize("NFKC", text[max(0, start - 1) : start] + text[end : end + 1])
    if "@" in contact:
        return "@" in inside and not re.search(r"[A-Za-z0-9_]", beside)
    return bool(_INSIDE.fullmatch(inside)) and not re.search(r"[0-9A-Za-z]", beside)


def _titled(text: str, start: int, end: int, post: Post) -> bool:
    """Return whether a name stands right behind the title of the post, and ends there."""
    before = unicodedata.normalize("NFKC", text[max(0, start - _BEFORE) : start])
    after = unicodedata.normalize("NFKC", text[end : end + _SHOWN])
    return bool(_BEHIND[post].search(before) and _AFTER.match(after))
