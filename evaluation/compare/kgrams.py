"""Hashes of k-grams (k = 5) and the set of those that belong to the common ground.

Five folded characters are long enough that two texts rarely share them by chance and short enough
that some survive when three characters in ten are edited (0.7^5 = 17 %).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.compare.normalise import Codes

K = 5
Hashes = NDArray[np.uint32]
_CHUNK = 65536  # Small enough that the intermediate rows stay in the processor's cache.
_FIRST, _SECOND, _THIRD = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D)
_MIX = ((15, np.uint32(0x2C1B3C6D)), (13, np.uint32(0x297A2D39)), (16, np.uint32(1)))
# The weight of each character in the sum that `hash_kgrams` builds step by step.
_WEIGHTS = tuple(
    np.uint32(weight & 0xFFFFFFFF)
    for weight in (
        int(_FIRST) * int(_SECOND) * int(_THIRD),
        int(_SECOND) * int(_THIRD),
        int(_FIRST) * int(_THIRD),
        int(_THIRD),
        1,
    )
)
_SMALLEST, _LARGEST = 20, 32
_BLOCK = 1 << 24


def hash_kgrams(codes: Codes) -> Hashes:
    """Return the 32-bit hash of each k-gram; shape (len(codes) - 4,), or empty if shorter.

    Two different k-grams share a hash once in four thousand million; chains of many k-grams are
    asked for, so one such accident cannot make a finding.
    """
    count = max(0, len(codes) - K + 1)
    hashes = np.empty(count, np.uint32)
    rows = np.empty((3, _CHUNK + K), np.uint32)
    for start in range(0, count, _CHUNK):
        length = min(_CHUNK, count - start)
        single = rows[0, : length + 4]
        single[:] = codes[start : start + length + 4]
        double = np.multiply(single[:-1], _FIRST, out=rows[1, : length + 3])
        double += single[1:]
        fourth = np.multiply(double[:-2], _SECOND, out=rows[2, : length + 1])
        fourth += double[2:]
        result = np.multiply(fourth[:-1], _THIRD, out=hashes[start : start + length])
        result += single[4:]
        shifted = rows[1, :length]
        for shift, factor in _MIX:
            np.right_shift(result, shift, out=shifted)
            result ^= shifted
            result *= factor
    return hashes


def hash_columns(columns: Sequence[Codes | None]) -> Hashes:
    """Return the hashes of k-grams given as K columns; a column that is None is a wildcard.

    Without a wildcard they equal those of `hash_kgrams`.
    """
    size = next(column.size for column in columns if column is not None)
    result = np.zeros(size, np.uint32)
    for column, weight in zip(columns, _WEIGHTS, strict=True):
        if column is not None:
            result += column.astype(np.uint32) * weight
    for shift, factor in _MIX:
        result ^= result >> np.uint32(shift)
        result *= factor
    return result


class KnownGrams:
    """The k-grams of tender and background (公共底稿): one bit per slot of a hash table.

    A slot can be taken by another k-gram (at most one in sixteen is taken at all), so a k-gram of
    a copied passage is now and then skipped; its neighbours still carry the chain.
    """

    def __init__(self, parts: Iterable[Hashes] = ()) -> None:
        hashes = [part for part in parts if part.size]
        total = sum(part.size for part in hashes)
        self.empty = total == 0
        self.bits = min(_LARGEST, max(_SMALLEST, (16 * total).bit_length()))
        self._table = np.zeros(1 << (self.bits - 3), np.uint8)
        if self.empty:
            return
        slots = np.sort(np.concatenate(hashes)) >> np.uint32(_LARGEST - self.bits)
        size = min(_BLOCK, 1 << self.bits)
        firsts = np.arange(0, 1 << self.bits, size, dtype=np.uint32)
        edges = [*np.searchsorted(slots, firsts).tolist(), slots.size]
        for number, first in enumerate(firsts):
            marks = np.zeros(size, np.bool_)
            marks[slots[edges[number] : edges[number + 1]] - first] = True
            octets = np.packbits(marks, bitorder="little")
            self._table[number * size // 8 : (number + 1) * size // 8] = octets

    def contains(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Return for each hash whether its k-gram is known."""
        found = np.zeros(hashes.size, np.bool_)
        if self.empty:
            return found
        for start in range(0, hashes.size, _CHUNK):
            slots = hashes[start : start + _CHUNK] >> np.uint32(_LARGEST - self.bits)
            octets = self._table[slots >> np.uint32(3)]
            octets >>= (slots & np.uint32(7)).astype(np.uint8)
            octets &= np.uint8(1)
            found[start : start + _CHUNK] = octets
        return found
