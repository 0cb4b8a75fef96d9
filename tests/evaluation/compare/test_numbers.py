"""Numbers with a check digit in two bids: one person, one wrong code, or nothing."""

from __future__ import annotations

import pytest

from evaluation.compare.background import ground_of_texts
from evaluation.compare.compare import Document, Options, compare_documents
from evaluation.compare.extracted import Extracted
from evaluation.screens.finding import Finding, Strength

PERSON = "11010519491231002X"
WRONG_PERSON = "110105194912310021"
CODE, WRONG_CODE = "91110000600037341L", "91110000600037341K"
# Built like neither: no such day, no such place.
ACCOUNT = "622848001234567890"


def found(one: str, other: str, ground: str = "") -> dict[str, Finding]:
    texts = {"甲": f"本公司施工组织\n{one}\n完", "乙": f"进度计划表。{other}，结束", "丙": "无"}
    documents = [Document(b, f"{b}.txt", Extracted(text)) for b, text in texts.items()]
    findings = compare_documents(documents, ground_of_texts([ground]), Options())
    for finding in findings:
        places = [texts[e.bidder][e.start : e.end] for e in finding.evidence]
        assert len(places) == 2
        assert all(place.strip() for place in places)
    return {finding.code: finding for finding in findings}


def test_the_identity_number_of_one_person_in_two_bids_is_asked_about():
    finding = found(f"项目经理 {PERSON}", f"身份证号：{PERSON.lower()}")["P1"]
    assert (finding.strength, finding.legal) == (Strength.B, "REG 40(3)")
    assert set(finding.bidders) == {"甲", "乙"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"统一社会信用代码：{WRONG_CODE}", f"供应商税号 {WRONG_CODE}"),
        (f"代码{WRONG_CODE}", f"({WRONG_CODE.lower()})"),
        (f"号码 {WRONG_PERSON}", f"安全员 {WRONG_PERSON}"),
        (f"身份证号 {PERSON[:-1]}1", f"身份证号 {PERSON[:6]}\u200b{WRONG_PERSON[6:]}"),
        ("税号 ９１１１００００６０００３７３４１Ｋ", f"税号 {WRONG_CODE[:8]} {WRONG_CODE[8:]}"),
    ],
)
def test_a_number_that_its_check_digit_proves_wrong_is_a_shared_error(one, other):
    findings = found(one, other)
    assert set(findings) == {"T2"}
    assert findings["T2"].strength is Strength.B


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"账号 {ACCOUNT}", f"账号 {ACCOUNT}"),
        (f"信用代码 {CODE}", f"保险公司税号 {CODE}"),
        (f"税号 {WRONG_CODE}", f"税号 {WRONG_CODE[:-1]}M"),
        (f"序号 7{WRONG_PERSON}", f"序号 7{WRONG_PERSON}"),
        ("合同 110105194999310021", "合同 110105194999310021"),
    ],
)
def test_sound_codes_random_numbers_and_parts_of_longer_ones_say_nothing(one, other):
    assert found(one, other) == {}


def test_a_wrong_number_of_the_tender_itself_is_nobodys():
    line = f"统一社会信用代码：{WRONG_CODE}"
    assert found(line, line, ground=f"招标人{line}") == {}
    assert found(f"联系人 {PERSON}", f"联系人 {PERSON}", ground=f"身份证 {PERSON}") == {}
