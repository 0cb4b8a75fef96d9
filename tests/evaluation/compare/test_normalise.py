"""Disguises fold away, and every folded character knows where it came from."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.compare.normalise import fold, fold_character, positions


def folded(text: str) -> str:
    return "".join(map(chr, fold(text).tolist()))


@pytest.mark.parametrize(
    ("disguised", "plain"),
    [
        ("投\u200b标\ufeff文\u2060件", "投标文件"),
        ("投標檔案後面裏", "投标档案后面里"),
        ("ＧＢ５０３００－２０１３", "gb503002013"),
        ("Ноmе раgе", "home page"),  # Cyrillic letters among the Latin ones.
        ("ﬁnal ½ ㎡ ⅷ", "final 12 m2 viii"),
        ("⼀⼆⽇", "一二日"),
        ("混凝土，浇筑。\r\n 养护", "混凝土浇筑养护"),
        ("\U0001d400\U0001d7d9", "A1"),
        ("e\u0301te\u0301", "ete"),
        ("末尾己方", "未尾已方"),
    ],
)
def test_a_disguised_text_folds_like_the_plain_one(disguised, plain):
    assert folded(disguised) == folded(plain)


def test_different_characters_stay_different():
    assert folded("混凝土") != folded("混泥土")
    assert len({fold_character(c) for c in "工程施工质量安全"}) == 7


@given(st.text(max_size=60))
def test_every_folded_character_stands_where_its_position_says(text):
    codes, where = fold(text), positions(text)
    assert len(codes) == len(where)
    assert list(where) == sorted(where)
    for index in set(where.tolist()):
        here = [code for code, place in zip(codes.tolist(), where.tolist(), strict=True)
                if place == index]  # fmt: skip
        assert here == fold(text[index]).tolist()


@given(st.text(max_size=40))
def test_compatibility_forms_fold_alike(text):
    assert folded(unicodedata.normalize("NFKC", text)) == folded(text)


def test_every_compatibility_digit_is_a_digit():
    digits = [chr(c) for c in range(0x110000) if unicodedata.normalize("NFKC", chr(c)) == "7"]
    assert len(digits) > 8
    assert {folded(digit) for digit in digits} == {"7"}
