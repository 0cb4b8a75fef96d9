"""Every branch of the verdict has a planted fault, and no subset of custodians changes it."""

import json
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys.encoding import b64u, canonical, unb64u
from keys.header import build_header, context, derive
from keys.manifest import MAX_SIZE, Manifest, pad_form
from keys.records import Part
from keys.shamir import split
from keys.statements import p256_point, sign_ecdsa
from keys.verdict import FilesVerdict, Judgement, Verdict, judge
from tests.keys import sealing
from tests.keys.sealing import BIDDER, SEQUENCE, craft, every_judgement, judge_crafted

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def case():
    return sealing.make_case(4, 2)


def _bidder_fault(case, crafted, tmp_path, reason=None):
    judgement = every_judgement(case, crafted, tmp_path)
    assert (judgement.verdict, judgement.manifest) == (Verdict.BIDDER_FAULT, None)
    assert judgement.files is FilesVerdict.NONE
    if reason is not None:
        assert judgement.reason == reason


@pytest.mark.parametrize("part", list(Part))
def test_an_honest_bid_opens_whoever_releases(part, tmp_path):
    case = sealing.make_case(5, 3, part=part)
    crafted, _ = sealing.honest(case, [])
    judgement = every_judgement(case, crafted, tmp_path)
    assert (judgement.verdict, judgement.reason) == (Verdict.OPENED, None)
    assert sealing.manifest_of(judgement).prices_fen == case.prices


@pytest.mark.parametrize(("n", "t"), [(2, 2), (16, 2), (16, 16)])
def test_the_smallest_and_largest_circles_of_custodians_open(n, t, tmp_path):
    case = sealing.make_case(n, t)
    crafted, _ = sealing.honest(case, [])
    releases = case.releases[-t:]
    assert judge_crafted(case, crafted, tmp_path, releases).verdict is Verdict.OPENED
    assert judge_crafted(case, crafted, tmp_path, releases[1:]).verdict is Verdict.NOT_RELEASED


# Step 1: what is stored.


@pytest.mark.parametrize(
    "leaf", [{"sha256": "0" * 64}, {"size": 1}, {"size": 0, "sha256": "f" * 64}]
)
def test_bytes_that_differ_from_the_leaf_are_custody_fault_even_without_releases(
    case, leaf, tmp_path
):
    crafted = craft(case)
    for count in (0, 4):
        judgement = judge_crafted(case, crafted, tmp_path, case.releases[:count], **leaf)
        assert judgement == Judgement(Verdict.CUSTODY_FAULT, "envelope_differs")


def test_a_lost_envelope_is_custody_fault(case):
    judgement = judge(
        case.record, [], None, bidder=BIDDER, sequence=SEQUENCE, sha256="0" * 64, size=9
    )
    assert judgement == Judgement(Verdict.CUSTODY_FAULT, "envelope_missing")


# Step 2: who released.


def test_too_few_releases_are_not_released_whatever_the_bytes(case, tmp_path):
    for envelope in (craft(case).envelope, b"", b"rubbish"):
        for count in (0, 1):
            for releases in combinations(case.releases, count):
                crafted = sealing.Crafted(envelope)
                judgement = judge_crafted(case, crafted, tmp_path, releases)
                assert judgement == Judgement(Verdict.NOT_RELEASED, "too_few_releases")


def test_one_custodian_counts_once_however_its_key_is_spelt(case, tmp_path):
    private = case.privates[0]
    unclamped = bytes([private[0] ^ 7]) + private[1:]
    twice = [{"private_key": b64u(each)} for each in (private, unclamped, private)]
    judgement = judge_crafted(case, craft(case), tmp_path, twice)
    assert judgement.verdict is Verdict.NOT_RELEASED
    judgement = judge_crafted(case, craft(case), tmp_path, [*twice[1:2], case.releases[3]])
    assert judgement.verdict is Verdict.OPENED


def test_nothing_of_a_release_is_read_but_its_private_key(case, tmp_path):
    bare = [{"private_key": b64u(each)} for each in case.privates[:2]]
    wrong = [
        {**each.to_object(), "key_id": "x", "signature": None, "opening": 5, "v": []}
        for each in case.releases[2:]
    ]
    for releases in (bare, wrong, [bare[0], wrong[1]], iter(bare)):
        assert judge_crafted(case, craft(case), tmp_path, releases).verdict is Verdict.OPENED


def test_what_yields_no_key_of_the_record_does_not_count(case, tmp_path):
    good = b64u(case.privates[0])
    rubbish = [
        *(None, 5, [], {}, "", b"x", object(), good + "=", good[:-1], good + "A", [good]),
        *({"private_key": each} for each in (None, 7, [good], {"a": good}, good + "\n")),
        {"private_key": b64u(bytes(32))},
        {"private_key": b64u(case.privates[1] + b"\0")},
        {"private": b64u(case.privates[1])},
    ]
    releases = [*rubbish, {"private_key": good}]
    judgement = judge_crafted(case, craft(case), tmp_path, releases)
    assert judgement.verdict is Verdict.NOT_RELEASED
    judgement = judge_crafted(case, craft(case), tmp_path, [*releases, b64u(case.privates[1])])
    assert judgement.verdict is Verdict.OPENED


# Step 3: the header.


def _text(old, new, count=-1):
    return lambda header: header.to_bytes().replace(old, new, count)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda header: b"",
        lambda header: b"\xff" * 700,
        lambda header: header.to_bytes()[:-4],
        lambda header: b" " + header.to_bytes(),
        lambda header: header.to_bytes().upper(),
        _text(b"sealed-bid/v1", b"sealed-bid/v2"),
        _text(b"x25519-aes256", b"none"),
        _text(b"\n", b"\r\n"),
        _text(b"\nshare 1 ", b"\nshare 01 "),
        _text(b"\nshare 2 ", b"\nshare 3 "),
        _text(b"\nephemeral ", b"\nephemeral  "),
        _text(b"\n---\n", b"\n\n---\n"),
        _text(b"\n---\n", b"\ncomment x\n---\n"),
        _text(b"\n---\n", b"=\n---\n"),
        _text(b"\n---\n", b"\n--- \n"),
        lambda header: replace(header, opening=bytes(32)).to_bytes().replace(b"0", b"A"),
    ],
)
def test_a_header_outside_the_grammar_is_bidder_fault(case, spoil, tmp_path):
    _bidder_fault(case, craft(case, spoil=spoil), tmp_path)


def _flip(data, place=0):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize("i", range(4))
def test_one_wrong_box_is_bidder_fault_for_every_subset(case, i, tmp_path):
    def spoil(header):
        boxes = [_flip(box) if j == i else box for j, box in enumerate(header.boxes)]
        return replace(header, boxes=tuple(boxes))

    _bidder_fault(case, craft(case, spoil=spoil), tmp_path, "shares")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda header: replace(header, boxes=header.boxes[:-1]),
        lambda header: replace(header, boxes=header.boxes[:2]),
        lambda header: replace(header, boxes=(*header.boxes, bytes(48))),
        lambda header: replace(header, boxes=header.boxes[::-1]),
        lambda header: replace(header, context=_flip(header.context)),
        lambda header: replace(header, ephemeral=_flip(header.ephemeral)),
        lambda header: replace(header, ephemeral=bytes(32)),
        lambda header: replace(header, ephemeral=b"\1" + bytes(31)),
        # The same point in another spelling: the top bit is ignored by X25519.
        lambda header: replace(
            header, ephemeral=header.ephemeral[:31] + bytes([header.ephemeral[31] | 0x80])
        ),
    ],
)
def test_a_header_that_its_key_does_not_make_is_bidder_fault(case, spoil, tmp_path):
    _bidder_fault(case, craft(case, spoil=spoil), tmp_path, "shares")


def test_a_header_for_another_opening_is_bidder_fault(case, tmp_path):
    other = sealing.make_case(4, 2)
    _bidder_fault(case, craft(other), tmp_path, "opening")
    twin = replace(case, record=replace(case.record, tender="T-2"))
    _bidder_fault(case, craft(twin), tmp_path, "opening")


def test_shares_from_two_polynomials_are_bidder_fault_for_every_subset(case, tmp_path):
    """The bidder hopes that custodian 4 opens its bid and the others do not, or the reverse."""
    coefficients = [bytes(range(32))]

    def two_faced(dek):
        return [*split(dek, coefficients, 3), split(bytes(32), coefficients, 4)[3]]

    _bidder_fault(case, craft(case, shares=two_faced), tmp_path, "shares")


def test_coefficients_that_are_not_the_key_s_own_are_bidder_fault(case, tmp_path):
    crafted = craft(case, shares=lambda dek: split(dek, [b"\5" * 32], 4))
    _bidder_fault(case, crafted, tmp_path, "shares")


def test_boxes_made_by_the_book_open(case, tmp_path):
    """So the two tests above plant one fault each, and no other."""

    def by_the_book(dek):
        bound = context(BIDDER, case.record.opening_id, SEQUENCE)
        opening = bytes.fromhex(case.record.opening_id)
        return split(dek, [derive(dek, opening, bound, "coefficient 1")], 4)

    judgement = every_judgement(case, craft(case, shares=by_the_book), tmp_path)
    assert judgement.verdict is Verdict.OPENED


def test_an_envelope_of_another_bidder_or_sequence_than_the_leaf_s_is_bidder_fault(case, tmp_path):
    copied = craft(case, sealing.plain_manifest(case, bidder="another"), bidder="another")
    _bidder_fault(case, copied, tmp_path, "context")
    replayed = craft(case, sealing.plain_manifest(case, sequence=4), sequence=4)
    _bidder_fault(case, replayed, tmp_path, "context")


# Step 3: the form.


@pytest.mark.parametrize("cut", [0, 1, 24, 71, 72, -1])
def test_a_form_that_is_cut_off_is_bidder_fault(case, cut, tmp_path):
    envelope = craft(case).envelope
    size = len(build_header(case.record, bytes(32), bytes(32)).to_bytes())
    body = envelope[size:]
    crafted = sealing.Crafted(envelope[:size] + body[:cut])
    _bidder_fault(case, crafted, tmp_path, "decryption")


@pytest.mark.parametrize("place", [0, 30, 100, -1])
def test_a_form_with_a_flipped_bit_is_bidder_fault(case, place, tmp_path):
    envelope = bytearray(craft(case).envelope)
    size = len(build_header(case.record, bytes(32), bytes(32)).to_bytes())
    envelope[size + place if place >= 0 else place] ^= 1
    _bidder_fault(case, sealing.Crafted(bytes(envelope)), tmp_path, "decryption")


def test_a_form_longer_than_any_manifest_s_is_bidder_fault(case, tmp_path):
    _bidder_fault(case, craft(case, form=bytes(MAX_SIZE + 4096)), tmp_path, "form_size")


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
def test_a_form_whose_length_or_padding_is_off_is_bidder_fault(case, pad, tmp_path):
    form = pad(canonical(sealing.plain_manifest(case)))
    _bidder_fault(case, craft(case, form=form), tmp_path)


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
def test_a_manifest_that_is_not_exact_is_bidder_fault(case, changes, tmp_path):
    manifest = {**sealing.plain_manifest(case), **changes}
    _bidder_fault(case, craft(case, manifest), tmp_path)


@pytest.mark.parametrize("missing", ["v", "terms", "files", "signature"])
def test_a_manifest_without_one_of_its_keys_is_bidder_fault(case, missing, tmp_path):
    manifest = sealing.plain_manifest(case)
    del manifest[missing]
    _bidder_fault(case, craft(case, manifest), tmp_path, "field")


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
def test_a_manifest_in_another_spelling_is_bidder_fault(case, write, tmp_path):
    _bidder_fault(case, craft(case, write(sealing.plain_manifest(case))), tmp_path)


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
def test_a_price_in_a_part_without_prices_is_bidder_fault(part, tmp_path):
    case = sealing.make_case(2, 2, part=part)
    manifest = sealing.plain_manifest(case, prices_fen={"1": 5})
    _bidder_fault(case, craft(case, manifest), tmp_path, "prices")


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
def test_a_bad_signature_is_bidder_fault(case, change, tmp_path):
    manifest = {**_signed(case, sealing.bidder_key()), **change}
    _bidder_fault(case, craft(case, manifest), tmp_path)


def test_a_compressed_or_hybrid_point_is_bidder_fault(case, tmp_path):
    key = sealing.bidder_key()
    point = p256_point(key.public_key())
    for other in (bytes([2 | point[-1] & 1]) + point[1:33], bytes([6 | point[-1] & 1]) + point[1:]):
        manifest = sealing.plain_manifest(case, public_key=b64u(other))
        del manifest["signature"]
        _bidder_fault(case, craft(case, sign_ecdsa(manifest, key)), tmp_path)


# Properties.


@given(st.binary(max_size=900))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rubbish_is_judged_and_never_raises(case, tmp_path, data):
    for envelope in (data, craft(case).envelope[:603] + data):
        judgement = judge_crafted(case, sealing.Crafted(envelope), tmp_path)
        assert judgement.verdict is Verdict.BIDDER_FAULT


junk = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text("aZ0-é", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(Manifest.__dataclass_fields__)), junk))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_in_a_manifest_s_fields_is_judged_and_never_raises(case, tmp_path, changes):
    crafted = craft(case, {**sealing.plain_manifest(case), **changes})
    judgement = judge_crafted(case, crafted, tmp_path)
    assert judgement.verdict in (Verdict.OPENED, Verdict.BIDDER_FAULT)


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_flipped_bit_anywhere_is_bidder_fault_for_every_subset(case, tmp_path, data):
    envelope = bytearray(craft(case).envelope)
    place = data.draw(st.integers(0, len(envelope) - 1))
    envelope[place] ^= 1 << data.draw(st.integers(0, 7))
    _bidder_fault(case, sealing.Crafted(bytes(envelope)), tmp_path)


def test_the_padding_of_a_form_is_the_rule_s(case):
    assert len(pad_form(b"x")) == 4096
    assert len(pad_form(b"x" * 4097)) == 4352


def test_context_is_the_hash_of_who_where_and_which(case):
    name = case.record.opening_id
    assert context("a", name, 1) != context("a", name, 2)
    assert context("a", name, 1) != context("b", name, 1)
