"""Names under which people register: what the eye does not see is not in them."""

from __future__ import annotations

import pytest

from tender.core.errors import DomainError
from tender.core.texts import check_texts

GOOD = [
    "清河建筑公司",
    "欧阳·娜娜",
    "𠮷野家（上海）有限公司",
    "Müller & Söhne GmbH",
    "O'Neill",
    "",
    "  甲  ",
]
UNSEEN = [
    "甲\u202e公司", "甲\u200b公司", "甲\u2066公司", "甲\x00", "甲\n乙", "甲\r\nBcc: x",
    "甲\u2028乙",
    "甲\ufeff乙", "\ud800", "甲\x1b[2J", "甲\u00ad乙",
]  # fmt: skip
WRONG = [
    "a@b.cn\nBcc: c@d.cn", "a@b.cn, c@d.cn", "a@b.cn;c@d.cn", "<a@b.cn>", "a b@c.cn", "a@", "@b",
    "a@b@c", "a" * 200 + "@b.cn",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_names_that_people_have_are_taken(text: str) -> None:
    check_texts({"name": (text, 100)}, email="li@example.cn")


@pytest.mark.parametrize("text", UNSEEN)
def test_a_name_with_unseen_characters_is_refused_at_its_field(text: str) -> None:
    with pytest.raises(DomainError) as caught:
        check_texts({"name": (text, 100)})
    assert set(caught.value.fields) == {"name"}


def test_a_text_longer_than_its_column_is_refused_before_the_database_sees_it() -> None:
    check_texts({"phone": ("1" * 30, 30)})
    with pytest.raises(DomainError) as caught:
        check_texts({"phone": ("1" * 31, 30), "name": ("甲", 100)})
    assert set(caught.value.fields) == {"phone"}


@pytest.mark.parametrize("address", WRONG)
def test_one_mail_address_is_one(address: str) -> None:
    with pytest.raises(DomainError) as caught:
        check_texts({}, email=address)
    assert set(caught.value.fields) == {"email"}
