"""Sealing refuses what an opening would void, and intake sees what it can without a key."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys import canary
from keys.cobblestone import sealed_size
from keys.encoding import padme
from keys.envelope import MAX_ENVELOPE, check_header_for, seal
from keys.errors import KeysError, Malformed, Refused
from keys.header import parse_header
from keys.records import Part
from keys.verdict import FilesVerdict, Verdict
from tests.keys import sealing
from tests.keys.sealing import BIDDER, SEQUENCE, craft, judge_crafted, manifest_of


@pytest.fixture(scope="module")
def case():
    return sealing.make_case(3, 2)


def _seal(case, **changes):
    given = {
        "bidder": BIDDER,
        "sequence": SEQUENCE,
        "prices_fen": case.prices,
        "out_files": io.BytesIO(),
        **changes,
    }
    return seal(case.record, **given)


def test_a_signed_bid_opens_with_everything_in_it(case, tmp_path):
    signer = sealing.bidder_key()
    crafted, _ = sealing.honest(case, [b"a", b""], signer)
    judgement = judge_crafted(case, crafted, tmp_path)
    manifest = manifest_of(judgement)
    assert (judgement.verdict, judgement.files) == (Verdict.OPENED, FilesVerdict.OPENED)
    assert manifest.prices_fen == case.prices
    assert manifest.terms == {"days": 30}
    assert [each.name for each in manifest.files] == ["文件0.pdf", "文件1.pdf"]
    assert manifest.signature is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**53 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=5,
)


@given(
    price=st.integers(0, 2**53 - 1),
    terms=st.dictionaries(st.text("abc", max_size=3), json_values, max_size=3),
    names=st.lists(st.text(max_size=30), max_size=3),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sealed_opens(case, tmp_path, price, terms, names):
    out = io.BytesIO()
    sealed = _seal(
        case,
        prices_fen={"1": price},
        terms=terms,
        files=[(name, io.BytesIO(name.encode())) for name in names],
        out_files=out,
    )
    crafted = sealing.Crafted(sealed.envelope, out.getvalue() if names else None)
    judgement = judge_crafted(case, crafted, tmp_path)
    manifest = manifest_of(judgement)
    assert (dict(manifest.prices_fen), dict(manifest.terms)) == ({"1": price}, terms)
    assert [each.name for each in manifest.files] == names


def test_two_envelopes_of_one_bid_have_nothing_in_common(case):
    one, other = _seal(case).envelope, _seal(case).envelope
    assert parse_header(one).ephemeral != parse_header(other).ephemeral
    assert not set(parse_header(one).boxes) & set(parse_header(other).boxes)


def test_sizes_say_little(case):
    assert len({len(_seal(case, terms={"a": "x" * n}).envelope) for n in (0, 100, 3000)}) == 1
    sizes = {_seal(case, files=[("a", io.BytesIO(bytes(n)))]).files_size for n in (0, 1, 65536)}
    assert sizes == {sealed_size(65536)}
    large = _seal(case, files=[("a", io.BytesIO(bytes(1_000_000)))])
    assert large.files_size == sealed_size(padme(1_000_000))


@pytest.mark.parametrize(
    "changes",
    [
        {"bidder": "no spaces"},
        {"bidder": ""},
        {"bidder": "x" * 65},
        {"sequence": -1},
        {"sequence": True},
        {"prices_fen": {}},
        {"prices_fen": {"2": 5}},
        {"prices_fen": {"1": 5, "2": 5}},
        {"prices_fen": {"1": 5.0}},
        {"prices_fen": {"1": True}},
        {"prices_fen": {"1": 2**53}},
        {"terms": {"a": 0.5}},
        {"terms": {"价": 1}},
        {"terms": {"a": "\ud800"}},
        {"terms": {"a": "x" * 1024 * 1024}},
        {"files": [("\udcff", io.BytesIO(b""))]},
        {"files": [("a", io.BytesIO(b""))], "out_files": None},
    ],
)
def test_sealing_refuses_what_an_opening_would_void(case, changes):
    with pytest.raises(KeysError):
        _seal(case, **changes)


def test_no_price_is_sealed_into_a_technical_part():
    case = sealing.make_case(2, 2, part=Part.TECHNICAL)
    with pytest.raises(Malformed):
        _seal(case, prices_fen={"1": 5})
    assert _seal(case, prices_fen={}).files_digest is None


def test_intake_accepts_its_own_opening_bidder_and_sequence_alone(case):
    envelope = _seal(case).envelope
    assert len(envelope) < MAX_ENVELOPE
    check_header_for(case.record, envelope, BIDDER, SEQUENCE)
    other = sealing.make_case(3, 2).record
    for record, bidder, sequence in (
        (other, BIDDER, SEQUENCE),
        (case.record, "another", SEQUENCE),
        (case.record, BIDDER, SEQUENCE + 1),
    ):
        with pytest.raises(Refused):
            check_header_for(record, envelope, bidder, sequence)


def test_intake_refuses_another_number_of_shares(case):
    def spoil(header):
        return type(header)(header.opening, header.context, header.ephemeral, header.boxes[:2])

    with pytest.raises(Refused):
        check_header_for(case.record, craft(case, spoil=spoil).envelope, BIDDER, SEQUENCE)


@pytest.mark.parametrize("length", [0, 4095, 4097, 1024 * 1024 + 32768])
def test_intake_refuses_a_form_of_impossible_length(case, length):
    crafted = craft(case, form=bytes(length))
    with pytest.raises(Malformed):
        check_header_for(case.record, crafted.envelope, BIDDER, SEQUENCE)


@given(st.data())
@settings(max_examples=60)
def test_a_header_has_one_spelling(case, data):
    raw = bytearray(parse_header(craft(case).envelope).to_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    try:
        header = parse_header(bytes(raw))
    except Malformed:
        return
    assert header.to_bytes() == bytes(raw)


@given(st.binary(max_size=400))
def test_rubbish_is_no_header_and_raises_malformed_alone(data):
    for start in (b"", b"sealed-bid/v1\n", b"sealed-bid/v1\nsuite x25519-aes256\n"):
        for end in (b"", b"\n---\n"):
            with pytest.raises(Malformed):
                parse_header(start + data + end)


@pytest.mark.parametrize("part", list(Part))
def test_the_canary_proves_a_machine_that_computes_rightly(part):
    canary.prove(sealing.make_case(4, 3, part=part).record)
