"""Secret sharing: any threshold of the shares gives the secret, fewer say nothing."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.errors import Malformed
from keys.shamir import combine, split


def _multiply(a: int, b: int) -> int:
    """Multiply by the schoolbook, as a second implementation to compare with."""
    product = 0
    for i in range(8):
        product ^= (a << i) * (b >> i & 1)
    for i in range(15, 7, -1):
        product ^= (0x11B << (i - 8)) * (product >> i & 1)
    return product


@st.composite
def sharings(draw):
    t = draw(st.integers(2, 6))
    n = draw(st.integers(t, 8))
    length = draw(st.integers(1, 33))
    rows = st.binary(min_size=length, max_size=length)
    return draw(rows), draw(st.lists(rows, min_size=t - 1, max_size=t - 1)), n


@given(sharings())
def test_every_threshold_of_shares_gives_the_secret(sharing):
    secret, coefficients, n = sharing
    shares = dict(enumerate(split(secret, coefficients, n), start=1))
    for chosen in combinations(shares, len(coefficients) + 1):
        assert combine({x: shares[x] for x in chosen}) == secret


@given(sharings())
def test_shares_are_the_polynomial_s_values(sharing):
    secret, coefficients, n = sharing
    for x, share in enumerate(split(secret, coefficients, n), start=1):
        for place, value in enumerate(share):
            expected, power = 0, 1
            for row in (secret, *coefficients):
                expected ^= _multiply(row[place], power)
                power = _multiply(power, x)
            assert value == expected


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_fewer_shares_than_the_threshold_fit_every_secret(secret, other):
    coefficients = [bytes(range(32)), bytes(range(32, 64))]
    shares = split(secret, coefficients, 3)
    fitting = combine({0 + 1: shares[0], 2: shares[1], 3: shares[2]})
    assert fitting == secret
    # With two shares fixed, the third can be chosen so that any other secret comes out.
    weight = combine({1: bytes(32), 2: bytes(32), 3: b"\1" * 32})[0]
    inverse = next(x for x in range(256) if _multiply(x, weight) == 1)
    forged = bytes(
        share ^ _multiply(a ^ b, inverse)
        for share, a, b in zip(shares[2], secret, other, strict=True)
    )
    assert combine({1: shares[0], 2: shares[1], 3: forged}) == other


@pytest.mark.parametrize(
    "shares", [{}, {0: b"a", 1: b"b"}, {1: b"a", 2: b"bc"}, {256: b"a", 1: b"b"}]
)
def test_shares_that_cannot_be_are_refused(shares):
    with pytest.raises(Malformed):
        combine(shares)


def test_coefficients_must_be_as_long_as_the_secret():
    with pytest.raises(Malformed):
        split(b"ab", [b"a"], 3)
