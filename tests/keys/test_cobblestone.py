"""Cobblestone-256 against a second implementation written from the specification."""

import hashlib

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.cobblestone import (
    CHUNK,
    Decryptor,
    Encryptor,
    open_bytes,
    opened_size,
    seal_bytes,
    sealed_size,
)
from keys.errors import Forged

KEY = hashlib.sha256(b"key").digest()
LENGTHS = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5]


def _open_by_the_specification(key: bytes, context: bytes, sealed: bytes) -> bytes:
    salt, commitment, body = sealed[:24], sealed[24:56], sealed[56:]
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    okm = HKDFExpand(SHA512(), 76, info).derive(key)
    assert okm[44:] == commitment
    opened = b""
    for number, start in enumerate(range(0, len(body) + 1, CHUNK + 16)):
        nonce = int.from_bytes(okm[32:44], "big") ^ number
        chunk = body[start : start + CHUNK + 16]
        opened += AESGCM(okm[:32]).decrypt(nonce.to_bytes(12, "big"), chunk, b"")
    return opened


@pytest.mark.parametrize("length", LENGTHS)
def test_what_is_sealed_opens_by_the_specification(length):
    data = b"\xa5" * length
    sealed = seal_bytes(KEY, b"context", data)
    assert _open_by_the_specification(KEY, b"context", sealed) == data
    assert open_bytes(KEY, b"context", sealed) == data
    assert len(sealed) == sealed_size(length)


@given(st.integers(0, 10**13))
def test_sizes_are_each_other_s_inverse(length):
    assert opened_size(sealed_size(length)) == length


def test_sizes_that_nothing_seals_to_are_known():
    possible = {sealed_size(length) for length in range(2 * CHUNK)}
    for size in range(max(possible)):
        assert (opened_size(size) is not None) == (size in possible)


@given(st.lists(st.integers(1, 40_000), max_size=6))
@settings(max_examples=30)
def test_a_stream_may_come_in_any_cuts(cuts):
    data = bytes(sum(cuts))
    sealed, opened = b"", b""
    encryptor, decryptor = Encryptor(KEY, b""), Decryptor(KEY, b"")
    for cut in cuts:
        sealed += encryptor.update(bytes(cut))
    sealed += encryptor.finalize()
    for cut in [*cuts, len(sealed)]:
        opened += decryptor.update(sealed[:cut])
        sealed = sealed[cut:]
    assert opened + decryptor.finalize() == data


@pytest.mark.parametrize("place", [0, 23, 24, 55, 56, 16_471, 16_472, -1])
def test_one_flipped_bit_is_found(place):
    sealed = bytearray(seal_bytes(KEY, b"", bytes(CHUNK + 10)))
    sealed[place] ^= 1
    with pytest.raises(Forged):
        open_bytes(KEY, b"", bytes(sealed))


@pytest.mark.parametrize("length", [0, 24, 56, 71, 72, 56 + CHUNK + 16, -1])
def test_a_text_that_was_cut_off_is_found(length):
    sealed = seal_bytes(KEY, b"", bytes(2 * CHUNK + 10))
    with pytest.raises(Forged):
        open_bytes(KEY, b"", sealed[:length])


def test_another_key_or_context_opens_nothing():
    sealed = seal_bytes(KEY, b"a", b"data")
    for key, context in ((bytes(32), b"a"), (KEY, b"b")):
        with pytest.raises(Forged):
            open_bytes(key, context, sealed)
