"""Shamir's secret sharing over GF(2^8), polynomial 0x11b, byte by byte, the secret at x = 0.

The only primitive of our own, because no maintained library has it. All bytes of a share are
worked on at once inside one integer; secret bytes meet only XOR, AND, shifts and a multiplication
by the constant 0x1b, and what is branched on (custodian numbers and weights) is public. So there
is no table to leak through a cache and no loop that depends on a secret.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from keys.errors import Malformed

MAX_SHARES = 255


def split(secret: bytes, coefficients: Sequence[bytes], shares: int) -> list[bytes]:
    """Return the shares for x = 1..`shares`; threshold is one more than `coefficients`.

    `coefficients[k-1]` is that of x^k and as long as the secret; the caller makes them unguessable.
    """
    if not 1 <= shares <= MAX_SHARES or any(len(each) != len(secret) for each in coefficients):
        raise Malformed("shamir", "shares must be 1 to 255, coefficients as long as the secret")
    result = []
    for x in range(1, shares + 1):
        value = 0
        for coefficient in reversed([secret, *coefficients]):
            value = _times(value, x, len(secret)) ^ int.from_bytes(coefficient, "big")
        result.append(value.to_bytes(len(secret), "big"))
    return result


def combine(shares: Mapping[int, bytes]) -> bytes:
    """Return the secret of exactly as many `shares` (x to share) as the threshold.

    Too few or wrong shares give a wrong secret, never an error: the caller must check it.
    """
    lengths = {len(share) for share in shares.values()}
    if len(lengths) != 1 or not all(1 <= x <= MAX_SHARES for x in shares):
        raise Malformed("shamir", "shares must have x from 1 to 255 and one length")
    (length,) = lengths
    secret = 0
    for x, share in shares.items():
        secret ^= _times(int.from_bytes(share, "big"), _weight(x, tuple(shares)), length)
    return secret.to_bytes(length, "big")


@lru_cache(maxsize=1024)
def _weight(x: int, numbers: tuple[int, ...]) -> int:
    """Return the public Lagrange weight at 0 of share `x` among shares with these numbers."""
    weight = 1
    for other in numbers:
        if other != x:
            weight = _product(weight, _product(other, _inverse(other ^ x)))
    return weight


def _times(vector: int, factor: int, length: int) -> int:
    """Multiply each of the `length` bytes of `vector` by the public `factor`."""
    ones = int.from_bytes(bytes([1]) * length, "big")
    result = 0
    while factor:
        if factor & 1:
            result ^= vector
        high = (vector >> 7) & ones
        vector = ((vector & (ones * 0x7F)) << 1) ^ (high * 0x1B)
        factor >>= 1
    return result


def _product(a: int, b: int) -> int:
    return _times(a, b, 1)


def _inverse(value: int) -> int:
    """Return value^254 (2 + 4 + ... + 128), the inverse, as value^255 is 1 unless value is 0."""
    result = 1
    for _ in range(7):
        value = _product(value, value)
        result = _product(result, value)
    return result
