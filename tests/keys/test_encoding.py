"""The encodings accept one spelling and refuse every other."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import (
    MAX_INTEGER,
    PIECE,
    PieceDigest,
    b64u,
    canonical,
    padme,
    parse,
    parse_timestamp,
    timestamp,
    unb64u,
)
from keys.errors import Malformed

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.text(st.characters(max_codepoint=127), max_size=8)
scalars = st.none() | st.booleans() | st.integers(0, MAX_INTEGER) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)
).filter(lambda value: _depth(value) <= 16)


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


@given(values)
def test_canonical_bytes_parse_to_the_same_value(value):
    assert parse(canonical(value)) == value


@given(values)
def test_any_other_spelling_of_a_value_is_refused(value):
    data = canonical(value)
    for other in (json.dumps(value).encode(), json.dumps(value, indent=1).encode(), data + b"\n"):
        if other != data:
            with pytest.raises(Malformed):
                parse(other)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_parsed_or_refused_but_never_crash(data):
    try:
        value = parse(data)
    except Malformed:
        return
    assert canonical(value) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b"\xed\xa0\x80",
        b'"\\ud800"',
        b'"\\u00e9"',
        b'"\\/"',
        b'"\\u000A"',
        b"1.0",
        b"1e2",
        b"-0",
        b"-1",
        b"01",
        b"9007199254740992",
        b"9" * 5000,
        b"NaN",
        b"Infinity",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        '{"é":1}'.encode(),
        b"{} ",
        b" {}",
        b"[1, 2]",
        b"[" * 17 + b"]" * 17,
        b"[" * 100_000,
    ],
)
def test_json_that_is_not_its_own_canonical_form_is_refused(data):
    with pytest.raises(Malformed):
        parse(data)


def test_sixteen_levels_of_nesting_are_the_most():
    parse(b"[" * 16 + b"]" * 16)
    with pytest.raises(Malformed):
        canonical(json.loads("[" * 17 + "]" * 17))


@pytest.mark.parametrize("value", [1.0, -1, 2**53, "\ud800", {1: 2}, (1,), b"x", {"a": {3}}])
def test_values_without_a_canonical_form_are_not_written(value):
    with pytest.raises(Malformed):
        canonical(value)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (
            '\b\t\n\f\r"\\\x00\x1f\x7f/é😀',
            b'"\\b\\t\\n\\f\\r\\"\\\\\\u0000\\u001f\x7f/\xc3\xa9\xf0\x9f\x98\x80"',
        ),
        ({"b": [], "a": {}, "B": None}, b'{"B":null,"a":{},"b":[]}'),
    ],
)
def test_canonical_json_is_written_as_rfc_8785_says(value, data):
    assert canonical(value) == data


@given(st.binary(max_size=80))
def test_base64url_comes_back(data):
    assert unb64u(b64u(data), len(data)) == data


@pytest.mark.parametrize(
    "text", ["A", "AB", "AA==", "AA\n", " AA", "A+AA", "A/AA", "AA=", "Ａａ", None, 5, b"AA"]
)
def test_base64url_has_one_spelling(text):
    with pytest.raises(Malformed):
        unb64u(text)


def test_base64url_of_another_length_is_refused():
    with pytest.raises(Malformed):
        unb64u(b64u(bytes(31)), 32)


@given(st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(microsecond=0)))
def test_times_come_back(moment):
    assert parse_timestamp(timestamp(moment)) == moment


def test_times_are_written_in_utc():
    china = timezone(timedelta(hours=8))
    assert timestamp(datetime(2026, 12, 1, 9, tzinfo=china)) == "2026-12-01T01:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T01:00:00+00:00",
        "2026-12-01 01:00:00Z",
        "2026-12-01T01:00:00.0Z",
        "2026-12-01T01:00:00z",
        "2026-12-01T24:00:00Z",
        "2026-12-01T01:00:60Z",
        "2026-02-30T01:00:00Z",
        "0000-01-01T00:00:00Z",
        "２０２６-12-01T01:00:00Z",
        "2026-12-01T01:00:00Z\n",
        20261201,
    ],
)
def test_times_have_one_spelling(text):
    with pytest.raises(Malformed):
        parse_timestamp(text)


@given(st.integers(0, 2**60))
def test_padme_adds_at_most_twelve_percent_and_is_stable(length):
    padded = padme(length)
    assert length <= padded <= length * 1.12 + 1
    assert padme(padded) == padded


@given(st.integers(0, 2**50), st.integers(0, 2**50))
def test_padme_keeps_the_order(a, b):
    low, high = sorted((a, b))
    assert padme(low) <= padme(high)


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
def test_the_piece_digest_does_not_depend_on_how_bytes_arrive(length):
    data = bytes(range(256)) * (length // 256 + 1)
    data = data[:length]
    pieces = [data[i : i + PIECE] for i in range(0, length, PIECE)]
    expected = hashlib.sha256(b"".join(hashlib.sha256(each).digest() for each in pieces))
    whole, cut = PieceDigest().update(data), PieceDigest()
    for i in range(0, length, 3_000_001):
        cut.update(data[i : i + 3_000_001])
    assert whole.hexdigest() == cut.hexdigest() == expected.hexdigest()
