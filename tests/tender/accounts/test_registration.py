"""Registering, being returned, correcting and being approved; numbers by their check digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from tender.accounts.models import Organisation, OrganisationKind, Standing
from tender.accounts.registration import check_code
from tender.core.actor import Role
from tender.core.errors import DomainError
from tender.ledger.models import LedgerEntry, PrivateData
from tests.tender.accounts.people import PASSWORD, Town

COMPANY, PERSON = OrganisationKind.COMPANY, OrganisationKind.PERSON
CREDIT = "91350100M000100Y43"  # the example of GB 32100-2015
IDENTITY = "11010519491231002X"  # the example of GB 11643-1999
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def credit_code(body: str) -> str:
    """A credit code with the check digit of GB 32100-2015, worked out here by hand."""
    total = sum(LETTERS.index(each) * weight for each, weight in zip(body, WEIGHTS, strict=True))
    return body + LETTERS[(31 - total % 31) % 31]


def identity_number(body: str) -> str:
    """An identity number with the check digit of GB 11643-1999 (ISO 7064 MOD 11-2)."""
    total = sum(int(each) * 2 ** (17 - place) for place, each in enumerate(body))
    return body + "10X98765432"[total % 11]


def test_the_standards_examples_hold_and_are_kept_in_one_form() -> None:
    assert check_code(COMPANY, CREDIT) == CREDIT
    assert check_code(COMPANY, f" {CREDIT.lower()} ") == CREDIT
    assert check_code(PERSON, IDENTITY) == IDENTITY
    assert check_code(PERSON, IDENTITY.lower()) == IDENTITY
    assert credit_code(CREDIT[:17]) == CREDIT
    assert identity_number(IDENTITY[:17]) == IDENTITY


@given(place=st.integers(0, 17), other=st.sampled_from(LETTERS))
def test_any_one_spoilt_digit_of_a_credit_code_is_found(place: int, other: str) -> None:
    spoilt = CREDIT[:place] + other + CREDIT[place + 1 :]
    if spoilt != CREDIT:
        with pytest.raises(DomainError) as refused:
            check_code(COMPANY, spoilt)
        assert refused.value.code == "bidder.code"


@given(place=st.integers(0, 17), other=st.sampled_from("0123456789X"))
def test_any_one_spoilt_digit_of_an_identity_number_is_found(place: int, other: str) -> None:
    spoilt = IDENTITY[:place] + other + IDENTITY[place + 1 :]
    if spoilt != IDENTITY:
        with pytest.raises(DomainError):
            check_code(PERSON, spoilt)


@given(place=st.integers(0, 15))
def test_two_digits_that_changed_places_are_found(place: int) -> None:
    swapped = IDENTITY[:place] + IDENTITY[place + 1] + IDENTITY[place] + IDENTITY[place + 2 :]
    if swapped != IDENTITY:
        with pytest.raises(DomainError):
            check_code(PERSON, swapped)


@pytest.mark.parametrize("number", ["", "1", "1" * 18, "9" * 400, "²" * 18, "'--", "\x00"])
def test_what_is_no_number_is_refused_without_a_crash(number: str) -> None:
    for kind in (COMPANY, PERSON):
        with pytest.raises(DomainError):
            check_code(kind, number)


def test_a_month_that_does_not_exist_is_refused_though_the_check_digit_fits() -> None:
    with pytest.raises(DomainError):
        check_code(PERSON, identity_number("11010519491331002"))


def _form(place: Town, **changes: str) -> dict[str, str]:
    return {
        "login": place.login("li"), "password": PASSWORD, "person": "李四", "phone": "13800138000",
        "email": "li@example.test", "kind": "company", "name": f"清源建筑{place.tag}",
        "code": _fresh_code(place), "legal_head": "王五", "address": "白石镇1号", **changes,
    }  # fmt: skip


def _fresh_code(place: Town) -> str:
    return credit_code("91350100M" + f"{int(place.tag, 16):08d}"[-8:])


def _register(place: Town, **changes: str) -> tuple[int, str]:
    answer = place.app.test_client().post("/register/bidder", data=_form(place, **changes))
    return answer.status_code, answer.get_data(as_text=True)


def _organisation(place: Town) -> Organisation:
    with place.platform.database.read() as session:
        wanted = Organisation.code == _fresh_code(place)
        return session.scalars(select(Organisation).where(wanted)).one()


def test_a_registration_is_returned_corrected_and_approved(place: Town) -> None:
    place.person("clerk", Role.COUNTY_CLERK)
    clerk = place.signed_in("clerk")
    assert _register(place)[0] == 303
    made = _organisation(place)
    assert made.status is Standing.PENDING
    bidder = place.signed_in("li")
    assert "清源建筑" in clerk.get("/registrations").get_data(as_text=True)
    url = f"/registrations/bidders/{made.id}"
    assert clerk.post(url, data={"decision": "return", "remark": " "}).status_code == 422
    assert _organisation(place).status is Standing.PENDING
    assert clerk.post(url, data={"decision": "return", "remark": "请补充地址"}).status_code == 303
    assert "请补充地址" in bidder.get("/account").get_data(as_text=True)
    form = {"kind": "company", "name": made.name, "code": made.code or "", "address": "白石镇9号"}
    spoilt = {**form, "code": CREDIT[:-1] + "0"}
    assert bidder.post("/account/registration", data=spoilt).status_code == 422
    assert _organisation(place).status is Standing.RETURNED
    assert bidder.post("/account/registration", data=form).status_code == 303
    corrected = _organisation(place)
    assert (corrected.status, corrected.address, corrected.remark) == (
        Standing.PENDING, "白石镇9号", None,
    )  # fmt: skip
    assert clerk.post(url, data={"decision": "approve"}).status_code == 303
    approved = _organisation(place)
    assert approved.status is Standing.APPROVED
    assert approved.approved_at == place.world.clock.now()
    assert bidder.post("/account/registration", data=form).status_code == 409
    assert clerk.post(url, data={"decision": "approve"}).status_code == 409


def test_the_ledger_names_nobody_who_registers(place: Town) -> None:
    assert _register(place)[0] == 303
    made = _organisation(place)
    with place.platform.database.read() as session:
        rows = session.scalars(
            select(LedgerEntry).where(LedgerEntry.subject == made.party_id)
        ).all()
        (row,) = rows
        private = session.get_one(PrivateData, row.seq)
    assert row.event == "bidder.registered"
    for word in (made.name, made.code or "-", "李四", "13800138000"):
        assert word not in row.line
    assert private.data == {"name": made.name, "code": made.code}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": CREDIT[:-1] + "0"}, "code"),
        ({"kind": "person"}, "code"),
        ({"name": " "}, "name"),
        ({"login": "x"}, "login"),
        ({"login": "li si"}, "login"),
        ({"password": "1234567890"}, "password"),
        ({"password": "short"}, "password"),
        ({"person": " "}, "login"),
    ],
)
def test_a_faulty_form_comes_back_with_its_values_and_registers_nobody(
    place: Town, changes: dict[str, str], field: str
) -> None:
    status, text = _register(place, **changes)
    assert status == 422
    assert f'id="{field}"' in text
    assert 'class="error"' in text
    assert "白石镇1号" in text
    assert PASSWORD not in text
    with place.platform.database.read() as session:
        wanted = Organisation.name == f"清源建筑{place.tag}"
        assert session.scalars(select(Organisation).where(wanted)).all() == []


def test_a_number_and_a_login_name_are_registered_once(place: Town) -> None:
    assert _register(place)[0] == 303
    status, _ = _register(place, login=place.login("other"))
    assert status in (409, 422)
    other = credit_code("91350100M" + f"{int(place.tag, 16) + 1:08d}"[-8:])
    status, _ = _register(place, code=other)
    assert status in (409, 422)
    with place.platform.database.read() as session:
        wanted = Organisation.name == f"清源建筑{place.tag}"
        assert len(session.scalars(select(Organisation).where(wanted)).all()) == 1


def test_only_the_county_decides(place: Town) -> None:
    assert _register(place)[0] == 303
    url = f"/registrations/bidders/{_organisation(place).id}"
    place.person("agent", Role.TOWNSHIP_AGENT)
    for who in ("li", "agent"):
        client = place.signed_in(who)
        assert client.post(url, data={"decision": "approve"}).status_code == 403
    assert _organisation(place).status is Standing.PENDING
