"""Records, acceptances and releases are read strictly; a record needs all its custodians."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.encoding import b64u, canonical, sha256_hex, unb64u
from keys.errors import Forged, KeysError, Malformed, Refused
from keys.pins import Pins
from keys.records import (
    Acceptance,
    After,
    OpeningRecord,
    Part,
    Release,
    accept,
    check_acceptances,
    check_release,
    release,
)
from tests.keys.sealing import OPENS, make_case


@pytest.fixture(scope="module")
def case():
    return make_case(3, 2)


def _locker():
    return b64u(Ed25519PrivateKey.generate().public_key().public_bytes_raw())


def _after(**changes):
    return {"opening": "ab" * 32, "lockers": [_locker(), _locker()], "threshold": 2, **changes}


def test_a_record_is_its_own_canonical_bytes(case):
    data = case.record.to_bytes()
    assert OpeningRecord.from_bytes(data) == case.record
    assert case.record.opening_id == sha256_hex(data)
    with pytest.raises(Malformed):
        OpeningRecord.from_bytes(data + b"\n")


def test_a_price_record_may_wait_for_locked_scores(case):
    value = {**case.record.to_object(), "part": "price", "after": _after()}
    record = OpeningRecord.from_bytes(canonical(value))
    assert record.after == After("ab" * 32, tuple(value["after"]["lockers"]), 2)
    assert record.to_object() == value


@pytest.mark.parametrize("part", ["whole", "technical", "draw"])
def test_no_other_part_waits_for_scores(case, part):
    with pytest.raises(Malformed):
        OpeningRecord.from_object({**case.record.to_object(), "part": part, "after": _after()})


SAME = _locker()


@pytest.mark.parametrize(
    "after",
    [
        {},
        False,
        _after(more=1),
        _after(opening="AB" * 32),
        _after(opening=None),
        _after(lockers=[]),
        _after(lockers=[SAME, SAME]),
        _after(lockers=[b64u(bytes(32)), SAME]),
        _after(lockers=[{}, []]),
        _after(lockers=SAME),
        _after(threshold=0),
        _after(threshold=3),
        _after(threshold=True),
    ],
)
def test_after_is_read_strictly(case, after):
    with pytest.raises(Malformed):
        OpeningRecord.from_object({**case.record.to_object(), "part": "price", "after": after})


@pytest.mark.parametrize(
    "changes",
    [
        {"v": "opening/v2"},
        {"v": None},
        {"extra": 1},
        {"platform": ""},
        {"platform": 5},
        {"tender": None},
        {"lot": ""},
        {"lot": "x" * 65},
        {"lot": "标段"},
        {"lot": 1},
        {"part": "other"},
        {"part": {}},
        {"not_before": "2026-12-01T01:00:00+08:00"},
        {"not_before": 0},
        {"minimum": 0},
        {"minimum": "3"},
        {"minimum": True},
        {"minimum": None},
        {"threshold": 1},
        {"threshold": 4},
        {"threshold": True},
        {"custodians": {}},
        {"custodians": [None, None]},
    ],
)
def test_a_record_with_one_wrong_field_is_refused(case, changes):
    with pytest.raises(Malformed):
        OpeningRecord.from_object({**case.record.to_object(), **changes})


@pytest.mark.parametrize("missing", ["v", "after", "minimum", "custodians"])
def test_a_record_without_one_of_its_keys_is_refused(case, missing):
    value = case.record.to_object()
    del value[missing]
    with pytest.raises(Malformed):
        OpeningRecord.from_object(value)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": None},
        {"identity": b64u(bytes(32))},
        {"identity": b64u(bytes(31))},
        {"key_id": b64u(bytes(15))},
        {"key_id": b64u(bytes(17))},
        {"key": b64u(bytes(32))},
        {"key": b64u(b"\xff" * 32)},
        {"key": b64u((2**255 - 19 + 9).to_bytes(32, "little"))},
        {"key": "x"},
        {"more": 1},
    ],
)
def test_a_custodian_with_one_wrong_field_is_refused(case, changes):
    value = case.record.to_object()
    value["custodians"][1] = {**value["custodians"][1], **changes}
    with pytest.raises(Malformed):
        OpeningRecord.from_object(value)


@pytest.mark.parametrize("name", ["identity", "key_id", "key"])
def test_nothing_of_a_custodian_may_repeat(case, name):
    value = case.record.to_object()
    value["custodians"][2][name] = value["custodians"][0][name]
    with pytest.raises(Malformed):
        OpeningRecord.from_object(value)


@pytest.mark.parametrize(("n", "t"), [(1, 1), (17, 3)])
def test_a_record_has_two_to_sixteen_custodians(n, t):
    with pytest.raises(Malformed):
        make_case(n, t)


def test_all_custodians_pinned_and_accepting_is_enough(case):
    check_acceptances(case.record, case.accepts, case.pins)
    for each in case.accepts:
        assert Acceptance.from_bytes(canonical(each.to_object())) == each


def test_one_acceptance_missing_or_double_is_refused(case):
    for accepts in (case.accepts[:-1], [], [*case.accepts, case.accepts[0]]):
        with pytest.raises(Refused):
            check_acceptances(case.record, accepts, case.pins)


def test_an_acceptance_of_another_record_or_key_is_refused(case):
    other = replace(case, record=replace(case.record, tender="T-2"))
    swapped = replace(case.accepts[0], key=case.record.custodians[1].key)
    unsigned = replace(case.accepts[0], signature=b64u(bytes(64)))
    stranger = make_case(3, 2).accepts[0]
    for wrong in (other.accepts[0], swapped, unsigned, stranger):
        with pytest.raises(Forged):
            check_acceptances(case.record, [wrong, *case.accepts[1:]], case.pins)


def test_an_acceptance_signed_by_another_custodian_is_refused(case):
    turned = replace(case, identities=case.identities[::-1])
    with pytest.raises(KeysError):
        _ = turned.accepts


def test_custodians_of_the_platform_s_own_making_are_refused(case):
    """The attack that pins are for: five keys that all belong to the operator."""
    custodians = dict(case.pins.custodians)
    del custodians[case.record.custodians[2].identity]
    with pytest.raises(Refused):
        check_acceptances(case.record, case.accepts, Pins("ets.example", custodians))


def test_a_pinned_key_under_another_name_is_refused(case):
    custodians = {**case.pins.custodians, case.record.custodians[0].identity: "another"}
    with pytest.raises(Refused):
        check_acceptances(case.record, case.accepts, Pins("ets.example", custodians))


def test_another_platform_s_record_is_refused(case):
    with pytest.raises(Refused):
        check_acceptances(case.record, case.accepts, replace(case.pins, platform="evil.example"))


def test_a_custodian_signs_only_with_its_own_identity(case):
    with pytest.raises(Forged):
        accept(case.record, case.record.custodians[0].key_id, case.identities[1])
    with pytest.raises(Refused):
        accept(case.record, b64u(bytes(16)), case.identities[0])
    with pytest.raises(Refused):
        release(case.record, bytes(32), case.identities[0], released_at=OPENS, checkpoint="")


def test_releases_come_back_and_verify(case):
    for each, custodian in zip(case.releases, case.record.custodians, strict=True):
        assert Release.from_bytes(canonical(each.to_object())) == each
        assert check_release(case.record, each) == custodian


@pytest.mark.parametrize(
    "changes",
    [
        {"private_key": b64u(bytes(32))},
        {"checkpoint": "7 abc"},
        {"opening": "0" * 64},
        {"key_id": b64u(bytes(16))},
        {"signature": b64u(bytes(64))},
    ],
)
def test_a_release_with_one_changed_field_does_not_verify(case, changes):
    value = {**case.releases[0].to_object(), **changes}
    with pytest.raises((Forged, Refused)):
        check_release(case.record, Release.from_object(value))


@pytest.mark.parametrize(
    "changes",
    [
        {"v": "release/v2"},
        {"more": 1},
        {"private_key": b64u(bytes(31))},
        {"checkpoint": None},
        {"released_at": "now"},
        {"signature": ""},
        {"opening": "x"},
    ],
)
def test_a_release_is_read_strictly(case, changes):
    with pytest.raises(Malformed):
        Release.from_object({**case.releases[0].to_object(), **changes})


def test_pins_may_be_written_by_hand(case):
    listed = ",".join(
        f'{{"name": "{name}", "identity": "{identity}"}}'
        for identity, name in case.pins.custodians.items()
    )
    data = f'\ufeff{{ "platform": "ets.example",\r\n "custodians": [{listed}] }}\n'
    assert Pins.from_json(data.encode()) == case.pins


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"platform":"a","custodians":{}}',
        b'{"platform":"","custodians":[]}',
        b'{"platform":"a","custodians":[],"more":1}',
        b'{"platform":"a","custodians":[{"name":"x"}]}',
        b'{"platform":"a","custodians":[{"name":"x","identity":"AAAA"}]}',
        f'{{"platform":"a","custodians":[{{"name":"","identity":"{SAME}"}}]}}'.encode(),
        (
            f'{{"platform":"a","custodians":[{{"name":"a","identity":"{SAME}"}},'
            f'{{"name":"b","identity":"{SAME}"}}]}}'
        ).encode(),
    ],
    ids=range(10),  # The fresh keys in the data would name the cases differently on every run.
)
def test_pins_that_are_not_right_are_refused(data):
    with pytest.raises(Malformed):
        Pins.from_json(data)


def test_parts_know_whether_they_are_priced():
    assert [part for part in Part if part.priced] == [Part.WHOLE, Part.PRICE]
    assert unb64u(SAME, 32)
