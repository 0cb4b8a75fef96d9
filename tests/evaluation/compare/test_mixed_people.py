"""X1 for people: numbers, mailboxes, titled names of another bidder; namesakes are left alone."""

from __future__ import annotations

import pytest

from evaluation.compare.corpus import Text
from evaluation.compare.mixed import Identity, mixed_findings
from evaluation.compare.normalise import fold
from evaluation.compare.people_marks import People, Post, usable_contact

KNOWN = {
    "a": Identity(
        frozenset({"青石建设有限公司"}),
        people=People(
            frozenset({"13857001234", "zhang@qingshi.cn"}),
            frozenset({(Post.HEAD, "王伟"), (Post.AGENT, "李小娜")}),
        ),
    ),
    "b": Identity(frozenset({"白水建筑有限公司"}), people=People(frozenset({"13957005678"}))),
}


def found(text: str, ground: str = "") -> list[str]:
    """What stands at the places of a's people in b's text."""
    texts = [Text("a", "a.docx", "王伟 13857001234"), Text("b", "b.docx", text)]
    signs = mixed_findings(texts, [fold(ground)] if ground else [], KNOWN)
    return [text[piece.start : piece.end] for sign in signs for piece in sign.evidence]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("联系电话：138-5700-1234。", "138-5700-1234"),
        ("邮箱 zhang@qingshi.cn", "zhang@qingshi.cn"),
        ("法定代表人（签字或盖章）：王\u200b伟\n日期", "王\u200b伟"),
        ("法定代表人或其委托代理人：王伟（签字）", "王伟"),
        ("授权代表\t李小娜\t电话", "李小娜"),
    ],
)
def test_another_bidders_people_are_found_where_they_stand(text: str, told: str) -> None:
    assert found(text) == [told]


@pytest.mark.parametrize(
    "text",
    [
        "项目经理：王伟，施工员李小娜。",  # namesakes in other posts
        "项目负责人：王伟",
        "法定代表人：王伟明",  # a longer name
        "委托代理人：王伟",  # the head's name, not the agent's
        "账号 62138570012345",  # inside a longer number
        "类似项目业绩：建设单位联系电话 13857001234",  # a reference
        "身份证号 330821138570012349",
        "联系电话 13957005678",  # b's own
        "1385700\n1234",  # two cells of a table
    ],
)
def test_namesakes_longer_numbers_and_references_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_what_the_tender_prints_and_what_both_registered_is_nobodys() -> None:
    assert found("联系电话：13857001234", ground="代理机构 电话13857001234") == []
    same = Identity(frozenset({"白水建筑有限公司"}), people=KNOWN["a"].people)
    texts = [Text("a", "a", "x"), Text("b", "b", "法定代表人：王伟 13857001234")]
    assert mixed_findings(texts, [], {**KNOWN, "b": same}) == []


def test_contacts_are_brought_to_one_form_and_short_ones_not_used() -> None:
    given = ("+86 138-5700-1234", "0086 13857001234", "0570-8888 1234", "8888123", "0" * 11, "x")
    told = ["13857001234", "13857001234", "057088881234", "", "", ""]
    assert [usable_contact(each) for each in given] == told
