"""Every branch of the verdict has a planted fault, and no subset of custodians changes it."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys.encoding import b64u
from keys.header import context, derive
from keys.manifest import Manifest, pad_form
from keys.records import Part
from keys.shamir import split
from keys.verdict import Judgement, Verdict, gather, judge
from tests.keys import sealing
from tests.keys.sealing import (
    BIDDER,
    SEQUENCE,
    craft,
    every_judgement,
    expect_bidder_fault,
    judge_crafted,
)


@pytest.fixture(scope="module")
def case():
    return sealing.make_case(4, 2)


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


def test_gathered_keys_judge_their_own_record_and_no_other(case, tmp_path):
    gathered = gather(case.record, case.releases)
    assert judge_crafted(case, craft(case), tmp_path, gathered).verdict is Verdict.OPENED
    other = gather(replace(case.record, minimum=case.record.minimum + 1), case.releases)
    assert judge_crafted(case, craft(case), tmp_path, other).verdict is Verdict.NOT_RELEASED


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
def test_a_header_outside_the_grammar_isexpect_bidder_fault(case, spoil, tmp_path):
    expect_bidder_fault(case, craft(case, spoil=spoil), tmp_path)


def _flip(data, place=0):
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize("i", range(4))
def test_one_wrong_box_is_bidder_fault_for_every_subset(case, i, tmp_path):
    def spoil(header):
        boxes = [_flip(box) if j == i else box for j, box in enumerate(header.boxes)]
        return replace(header, boxes=tuple(boxes))

    expect_bidder_fault(case, craft(case, spoil=spoil), tmp_path, "shares")


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
def test_a_header_that_its_key_does_not_make_isexpect_bidder_fault(case, spoil, tmp_path):
    expect_bidder_fault(case, craft(case, spoil=spoil), tmp_path, "shares")


def test_a_header_for_another_opening_isexpect_bidder_fault(case, tmp_path):
    other = sealing.make_case(4, 2)
    expect_bidder_fault(case, craft(other), tmp_path, "opening")
    twin = replace(case, record=replace(case.record, tender="T-2"))
    expect_bidder_fault(case, craft(twin), tmp_path, "opening")


def test_shares_from_two_polynomials_are_bidder_fault_for_every_subset(case, tmp_path):
    """The bidder hopes that custodian 4 opens its bid and the others do not, or the reverse."""
    coefficients = [bytes(range(32))]

    def two_faced(dek):
        return [*split(dek, coefficients, 3), split(bytes(32), coefficients, 4)[3]]

    expect_bidder_fault(case, craft(case, shares=two_faced), tmp_path, "shares")


def test_coefficients_that_are_not_the_key_s_own_areexpect_bidder_fault(case, tmp_path):
    crafted = craft(case, shares=lambda dek: split(dek, [b"\5" * 32], 4))
    expect_bidder_fault(case, crafted, tmp_path, "shares")


def test_boxes_made_by_the_book_open(case, tmp_path):
    """So the two tests above plant one fault each, and no other."""

    def by_the_book(dek):
        bound = context(BIDDER, case.record.opening_id, SEQUENCE)
        opening = bytes.fromhex(case.record.opening_id)
        return split(dek, [derive(dek, opening, bound, "coefficient 1")], 4)

    judgement = every_judgement(case, craft(case, shares=by_the_book), tmp_path)
    assert judgement.verdict is Verdict.OPENED


def test_an_envelope_of_another_bidder_or_sequence_than_the_leaf_s_isexpect_bidder_fault(
    case, tmp_path
):
    copied = craft(case, sealing.plain_manifest(case, bidder="another"), bidder="another")
    expect_bidder_fault(case, copied, tmp_path, "context")
    replayed = craft(case, sealing.plain_manifest(case, sequence=4), sequence=4)
    expect_bidder_fault(case, replayed, tmp_path, "context")


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
    expect_bidder_fault(case, sealing.Crafted(bytes(envelope)), tmp_path)


def test_the_padding_of_a_form_is_the_rule_s(case):
    assert len(pad_form(b"x")) == 4096
    assert len(pad_form(b"x" * 4097)) == 4352


def test_context_is_the_hash_of_who_where_and_which(case):
    name = case.record.opening_id
    assert context("a", name, 1) != context("a", name, 2)
    assert context("a", name, 1) != context("b", name, 1)
