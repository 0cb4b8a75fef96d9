"""Chinese first, English complete: no msgid without Chinese, no Chinese in the English."""

from __future__ import annotations

import re

from tests.words import msgids, translations

CHINESE = re.compile(r"[\u3400-\u9fff]")
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def test_every_msgid_has_its_chinese() -> None:
    known = {msgid for _, msgid, chinese in translations() if chinese}
    missing = sorted(f"{place}: {text}" for text, place in msgids().items() if text not in known)
    assert missing == []


def test_english_msgids_hold_no_chinese_character() -> None:
    assert [text for text in msgids() if CHINESE.search(text)] == []


def test_a_msgid_is_said_in_one_way_only() -> None:
    said: dict[str, str] = {}
    twice: list[str] = []
    for file, msgid, chinese in translations():
        if said.setdefault(msgid, chinese) != chinese:
            twice.append(f"{file}: {msgid}")
    assert twice == []


def test_the_chinese_has_the_same_places_to_fill() -> None:
    wrong = [
        f"{file}: {msgid}"
        for file, msgid, chinese in translations()
        if set(PLACES.findall(msgid)) != set(PLACES.findall(chinese))
    ]
    assert wrong == []


def test_a_planted_word_without_chinese_is_noticed() -> None:
    known = {msgid for _, msgid, chinese in translations() if chinese}
    assert "A sentence that nobody has translated." not in known
    assert len(msgids()) > 1000
