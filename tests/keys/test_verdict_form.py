"""Step 3 of the verdict: whatever is wrong with form or manifest is the bidder's fault."""

import json

import pytest

from keys.encoding import b64u, canonical, unb64u
from keys.header import build_header
from keys.manifest import MAX_SIZE
from keys.records import Part
from keys.statements import p256_point, sign_ecdsa
from keys.verdict import Verdict
from tests.keys import sealing
from tests.keys.sealing import SEQUENCE, craft, expect_bidder_fault, judge_crafted

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def case():
    return sealing.make_case(4, 2)


@pytest.mark.parametrize("cut", [0, 1, 24, 71, 72, -1])
def test_a_form_that_is_cut_off_isexpect_bidder_fault(case, cut, tmp_path):
    envelope = craft(case).envelope
    size = len(build_header(case.record, bytes(32), bytes(32)).to_bytes())
    body = envelope[size:]
    crafted = sealing.Crafted(envelope[:size] + body[:cut])
    expect_bidder_fault(case, crafted, tmp_path, "decryption")


@pytest.mark.parametrize("place", [0, 30, 100, -1])
def test_a_form_with_a_flipped_bit_isexpect_bidder_fault(case, place, tmp_path):
    envelope = bytearray(craft(case).envelope)
    size = len(build_header(case.record, bytes(32), bytes(32)).to_bytes())
    envelope[size + place if place >= 0 else place] ^= 1
    expect_bidder_fault(case, sealing.Crafted(bytes(envelope)), tmp_path, "decryption")


def test_a_form_longer_than_any_manifest_s_isexpect_bidder_fault(case, tmp_path):
    expect_bidder_fault(case, craft(case, form=bytes(MAX_SIZE + 4096)), tmp_path, "form_size")


@pytest.mark.parametrize(
    "pad",
    [
        lambda data: data,
        lambda data: data + bytes(4095 - len(data)),
        lambda data: data + bytes(4097 - len(data)),
        lambda data: data + bytes(4352 - len(data)),
        lambda data: data + bytes(4095 - len(data)) + b"\n",
        lambda data: data + b" " * (4096 - len(data)),
        lambda data: b"\0" + data + bytes(4095 - len(data)),
        lambda data: b"",
        lambda data: bytes(4096),
    ],
)
def test_a_form_whose_length_or_padding_is_off_isexpect_bidder_fault(case, pad, tmp_path):
    form = pad(canonical(sealing.plain_manifest(case)))
    expect_bidder_fault(case, craft(case, form=form), tmp_path)


# Step 3: the manifest.


def _nested(levels):
    value: dict[str, object] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "changes",
    [
        {"v": "manifest/v2"},
        {"extra": 1},
        {"bidder": "another"},
        {"bidder": "no spaces"},
        {"bidder": 5},
        {"opening": "0" * 64},
        {"opening": None},
        {"sequence": SEQUENCE + 1},
        {"sequence": "5"},
        {"sequence": True},
        {"prices_fen": {}},
        {"prices_fen": {"2": 1}},
        {"prices_fen": {"1": 1, "2": 1}},
        {"prices_fen": {"1": "1"}},
        {"prices_fen": {"1": True}},
        {"prices_fen": {"1": None}},
        {"prices_fen": []},
        {"terms": []},
        {"terms": None},
        {"terms": _nested(14), "files": None},
        {"files": {}},
        {"files": [None]},
        {"files": [{"name": "a", "size": 0}], "files_size": 65536},
        {"files": [sealing.entry(b"", size=True)], "files_size": 65536},
        {"files": [sealing.entry(b"", sha256="E" * 64)], "files_size": 65536},
        {"files": [sealing.entry(b"", name=None)], "files_size": 65536},
        {"files": [sealing.entry(b"")], "files_size": 0},
        {"files": [sealing.entry(b"x")], "files_size": 65537},
        {"files": [sealing.entry(b"", size=2**53 - 1)] * 2, "files_size": 2**53 - 1},
        {"files_size": 65536},
        {"files_size": False},
        {"public_key": b64u(b"\4" + bytes(64))},
        {"signature": b64u(bytes(64))},
        {"public_key": b64u(b"\4" + bytes(64)), "signature": b64u(bytes(64))},
        {"public_key": "", "signature": ""},
    ],
)
def test_a_manifest_that_is_not_exact_isexpect_bidder_fault(case, changes, tmp_path):
    manifest = {**sealing.plain_manifest(case), **changes}
    expect_bidder_fault(case, craft(case, manifest), tmp_path)


@pytest.mark.parametrize("missing", ["v", "terms", "files", "signature"])
def test_a_manifest_without_one_of_its_keys_isexpect_bidder_fault(case, missing, tmp_path):
    manifest = sealing.plain_manifest(case)
    del manifest[missing]
    expect_bidder_fault(case, craft(case, manifest), tmp_path, "field")


@pytest.mark.parametrize(
    "write",
    [
        lambda manifest: json.dumps(manifest).encode(),
        lambda manifest: b"\xef\xbb\xbf" + canonical(manifest),
        lambda manifest: canonical(manifest) + b"\n",
        lambda manifest: canonical(manifest).replace(b'"terms":{}', b'"terms":{"a":1.0}'),
        lambda manifest: canonical(manifest).replace(b'"terms":{}', b'"terms":{"a":-1}'),
        lambda manifest: canonical(manifest).replace(b'"terms":{}', b'"terms":{"a":"\\ud800"}'),
        lambda manifest: canonical(manifest).replace(b'"terms":{}', '"terms":{"价":1}'.encode()),
        lambda manifest: canonical(manifest).replace(b'"terms":{}', b'"terms":{"a":"\xff"}'),
        lambda manifest: canonical(manifest).replace(
            b'"terms":{}', b'"terms":' + b'{"a":' * 16 + b"{}" + b"}" * 16
        ),
        lambda manifest: canonical(manifest).replace(b'"terms":{}', b'"terms":{},"terms":{}'),
        lambda manifest: canonical(manifest).replace(b"123456", b"9007199254740992"),
        lambda manifest: b"[" * 4000,
        lambda manifest: b"null",
        lambda manifest: b"5",
    ],
)
def test_a_manifest_in_another_spelling_isexpect_bidder_fault(case, write, tmp_path):
    expect_bidder_fault(case, craft(case, write(sealing.plain_manifest(case))), tmp_path)


def test_a_manifest_may_be_one_mebibyte_and_no_longer(case, tmp_path):
    manifest = sealing.plain_manifest(case, terms={"a": ""})
    manifest["terms"]["a"] = "x" * (MAX_SIZE - len(canonical(manifest)))
    judgement = judge_crafted(case, craft(case, manifest), tmp_path)
    assert judgement.verdict is Verdict.OPENED
    manifest["terms"]["a"] += "x"
    judgement = judge_crafted(case, craft(case, manifest), tmp_path)
    assert judgement.verdict is Verdict.BIDDER_FAULT


def test_terms_may_be_fourteen_levels_deep_inside_the_manifest(case, tmp_path):
    manifest = sealing.plain_manifest(case, terms=_nested(14))
    assert judge_crafted(case, craft(case, manifest), tmp_path).verdict is Verdict.OPENED


@pytest.mark.parametrize("part", [Part.TECHNICAL, Part.DRAW])
def test_a_price_in_a_part_without_prices_isexpect_bidder_fault(part, tmp_path):
    case = sealing.make_case(2, 2, part=part)
    manifest = sealing.plain_manifest(case, prices_fen={"1": 5})
    expect_bidder_fault(case, craft(case, manifest), tmp_path, "prices")


def _signed(case, key):
    point = b64u(p256_point(key.public_key()))
    manifest = sealing.plain_manifest(case, public_key=point)
    return sign_ecdsa({name: manifest[name] for name in manifest if name != "signature"}, key)


def test_both_s_and_n_minus_s_of_a_signature_are_valid(case, tmp_path):
    manifest = _signed(case, sealing.bidder_key())
    judgement = judge_crafted(case, craft(case, manifest), tmp_path)
    assert sealing.manifest_of(judgement).signature == manifest["signature"]
    raw = unb64u(manifest["signature"], 64)
    other = P256_ORDER - int.from_bytes(raw[32:], "big")
    manifest["signature"] = b64u(raw[:32] + other.to_bytes(32, "big"))
    assert judge_crafted(case, craft(case, manifest), tmp_path).verdict is Verdict.OPENED


@pytest.mark.parametrize(
    "change",
    [
        {"signature": b64u(bytes(64))},
        {"signature": b64u(b"\xff" * 64)},
        {"signature": b64u(bytes(63))},
        {"signature": None},
        {"public_key": None},
        {"public_key": b64u(p256_point(sealing.bidder_key().public_key()))},
        {"prices_fen": {"1": 1}},
    ],
)
def test_a_bad_signature_isexpect_bidder_fault(case, change, tmp_path):
    manifest = {**_signed(case, sealing.bidder_key()), **change}
    expect_bidder_fault(case, craft(case, manifest), tmp_path)


def test_a_compressed_or_hybrid_point_isexpect_bidder_fault(case, tmp_path):
    key = sealing.bidder_key()
    point = p256_point(key.public_key())
    for other in (bytes([2 | point[-1] & 1]) + point[1:33], bytes([6 | point[-1] & 1]) + point[1:]):
        manifest = sealing.plain_manifest(case, public_key=b64u(other))
        del manifest["signature"]
        expect_bidder_fault(case, craft(case, sign_ecdsa(manifest, key)), tmp_path)
