"""Signed statements verify under the right key alone, and checking raises."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys.encoding import b64u, unb64u
from keys.errors import Forged, Malformed, Refused
from keys.statements import (
    check_ecdsa,
    check_ed25519,
    ed25519_public,
    p256_point,
    p256_public,
    sign_ecdsa,
    sign_ed25519,
)
from keys.x25519 import agree, check_public, public_of

STATEMENT = {"v": "test/v1", "n": 5, "list": ["文", {}]}
FIELD = 2**255 - 19


def _signers():
    edwards, nist = Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    return [
        (sign_ed25519, check_ed25519, edwards, edwards.public_key().public_bytes_raw()),
        (sign_ecdsa, check_ecdsa, nist, p256_point(nist.public_key())),
    ]


@pytest.mark.parametrize("i", [0, 1])
def test_a_signed_statement_verifies_under_its_key_alone(i):
    sign, check, key, public = _signers()[i]
    signed = sign(STATEMENT, key)
    check(signed, public)
    check(signed, key.public_key())
    assert {**signed, "signature": None} == {**STATEMENT, "signature": None}
    with pytest.raises(Forged):
        check(signed, _signers()[i][3])


@pytest.mark.parametrize("i", [0, 1])
@pytest.mark.parametrize("change", [{"n": 6}, {"more": 1}, {"list": []}, {"v": "test/v2"}])
def test_a_changed_statement_does_not_verify(i, change):
    sign, check, key, public = _signers()[i]
    with pytest.raises(Forged):
        check({**sign(STATEMENT, key), **change}, public)


@pytest.mark.parametrize("i", [0, 1])
@pytest.mark.parametrize("signature", [None, "", "AAAA", b64u(bytes(63)), b64u(bytes(65)), 5])
def test_a_signature_that_cannot_be_one_is_malformed(i, signature):
    _, check, _, public = _signers()[i]
    with pytest.raises(Malformed):
        check({**STATEMENT, "signature": signature}, public)


@pytest.mark.parametrize("i", [0, 1])
@pytest.mark.parametrize("raw", [bytes(64), b"\xff" * 64])
def test_zeros_and_ones_are_no_signature(i, raw):
    _, check, _, public = _signers()[i]
    with pytest.raises(Forged):
        check({**STATEMENT, "signature": b64u(raw)}, public)


def test_signing_again_replaces_the_signature():
    sign, _, key, _ = _signers()[0]
    assert sign({**sign(STATEMENT, key), "n": 9}, key) == sign({**STATEMENT, "n": 9}, key)


@pytest.mark.parametrize(
    "y", [0, 1, FIELD - 1, FIELD, FIELD + 1, 2**255 - 1, 2**255, 2**255 + 1, 2**256 - 1]
)
def test_weak_or_doubly_spelt_ed25519_keys_are_refused(y):
    with pytest.raises(Malformed):
        ed25519_public(y.to_bytes(32, "little"))


def test_a_weak_ed25519_key_would_accept_what_nobody_signed():
    """Why they are refused: under the neutral element, R = B and s = 1 sign every message."""
    with pytest.raises(Malformed):
        check_ed25519(
            {**STATEMENT, "signature": b64u(b"\x58" + b"\x66" * 31 + b"\1" + bytes(31))},
            b"\1" + bytes(31),
        )


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
def test_bidders_sign_with_p256_alone(curve):
    with pytest.raises(Malformed):
        sign_ecdsa(STATEMENT, ec.generate_private_key(curve))


def test_points_off_the_curve_or_in_another_form_are_refused():
    point = p256_point(ec.generate_private_key(ec.SECP256R1()).public_key())
    for raw in (b"", b"\0", point[:64], b"\x06" + point[1:], b"\4" + bytes(64), point[:33]):
        with pytest.raises(Malformed):
            p256_public(raw)
    assert p256_point(p256_public(point)) == point


LOW_ORDER = [
    0,
    1,
    FIELD - 1,
    0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
    0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
]


@pytest.mark.parametrize("u", [*LOW_ORDER, FIELD, FIELD + 1, FIELD + 9, 2**255 + 9, 2**256 - 1])
def test_low_order_and_doubly_spelt_x25519_keys_are_refused(u):
    with pytest.raises(Malformed):
        check_public(u.to_bytes(32, "little"))


@pytest.mark.parametrize("u", LOW_ORDER)
def test_agreement_with_a_key_of_low_order_is_refused(u):
    with pytest.raises(Refused):
        agree(b"\7" * 32, u.to_bytes(32, "little"))


def test_honest_x25519_keys_agree():
    ours, theirs = b"\x11" * 32, b"\x22" * 32
    check_public(public_of(ours))
    assert agree(ours, public_of(theirs)) == agree(theirs, public_of(ours))
    assert unb64u(b64u(public_of(ours)), 32) == public_of(ours)
