"""statement/v1: exact bytes, strict limits, and lists as a bidder's office keeps them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.bid_lists import read_partners, read_team
from keys.bid_statement import BidStatement, Computer, Member, Partner, new_salt
from keys.encoding import canonical
from keys.errors import Malformed

WHOLE = BidStatement(
    salt=new_salt(),
    team=(Member("张三", "11010519491231002X", "京1112020", "项目经理"), Member("李四")),
    consortium=(Partner("白水建筑有限公司", "91330800MA28F00001", "地基"),),
    subcontracts=(Partner("南山防水", work="屋面防水"),),
    computer=Computer("3c:7c:3f:11:22:33", "", "WD-1"),
)


def _object(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(WHOLE.to_bytes())
    return found | changes


def test_a_statement_comes_back_from_its_bytes() -> None:
    assert BidStatement.from_bytes(WHOLE.to_bytes()) == WHOLE
    bare = BidStatement(salt=new_salt())
    assert bare.empty
    assert BidStatement.from_bytes(bare.to_bytes()) == bare


def test_two_statements_of_the_same_words_differ_by_their_salt() -> None:
    assert replace(WHOLE, salt=new_salt()).to_bytes() != WHOLE.to_bytes()


MEMBER = {"name": "王", "id_number": "", "certificate": "", "role": ""}
PARTNER = {"name": "南山防水", "code": "", "work": ""}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"v": "statement/v2"}, "statement/v1"),
        ({"salt": "AAAA"}, "32 bytes"),
        ({"salt": None}, "base64url"),
        ({"extra": 1}, "extra"),
        ({"team": {}}, "team is not a list"),
        ({"team": [MEMBER] * 201}, "201 rows"),
        ({"team": [MEMBER, MEMBER | {"name": ""}]}, "team, row 2: the name is empty"),
        ({"team": [MEMBER | {"id_number": 5}]}, "team, row 1: id_number is not a text"),
        ({"team": [MEMBER | {"id_number": "1" * 41}]}, "id_number is longer than 40"),
        ({"team": [MEMBER | {"name": "王\u200b"}]}, "invisible"),
        ({"team": [MEMBER | {"name": "王\n二"}]}, "invisible"),
        ({"team": [MEMBER | {"name": " 王"}]}, "space"),
        ({"team": [{"name": "王"}]}, "team, row 1"),
        ({"team": ["王"]}, "team, row 1"),
        ({"consortium": [PARTNER] * 51}, "51 rows"),
        ({"subcontracts": [PARTNER | {"work": "x" * 501}]}, "subcontracts, row 1: work"),
        ({"computer": {"mac": "", "cpu": ""}}, "computer"),
        ({"computer": []}, "computer"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        BidStatement.from_bytes(canonical(_object(**changes)))


def test_other_spellings_and_large_statements_are_refused() -> None:
    for data in (
        json.dumps(_object(), indent=1).encode(), b"", b"{}", b"null", b"\xff", b"[" * 9000,
        WHOLE.to_bytes() + b"\n", b" " * 70_000,
    ):  # fmt: skip
        with pytest.raises(Malformed):
            BidStatement.from_bytes(data)
    many = tuple(Member("王" * 80, role="员" * 80) for _ in range(200))
    with pytest.raises(Malformed, match="65536 bytes"):
        BidStatement(new_salt(), team=many).to_bytes()


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    try:
        BidStatement.from_bytes(data)
    except Malformed:
        return
    raise AssertionError("a random text is no statement")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_lists_are_read_as_spreadsheets_write_them(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_text(
        "岗位,姓名,身份证号\r\n项目经理, 张三 ,11010519491231002X\r\n,,\r\n安全员,李四,\r\n",
        encoding=encoding,
    )
    assert read_team(tmp_path / "a.csv") == (
        Member("张三", "11010519491231002X", "", "项目经理"), Member("李四", role="安全员"),
    )  # fmt: skip
    (tmp_path / "b.csv").write_text("name,work\n南山防水,屋面\n", encoding=encoding)
    assert read_partners(tmp_path / "b.csv", "subcontracts") == (Partner("南山防水", "", "屋面"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "header is missing"),
        ("张三,110\n", "header is 张三, 110"),
        ("姓名,name\n张三,张三\n", "header is"),
        ("身份证号\n110\n", "must name name"),
        ("姓名,岗位\n张三\n", "line 2: 1 cells under 2"),
        ('姓名\n"张三\n', "not CSV"),
        ("姓名\n" + "张" * 400_000, "1 MiB"),
    ],
)
def test_a_wrong_list_is_named_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(Malformed, match=said):
        read_team(tmp_path / "a.csv")
