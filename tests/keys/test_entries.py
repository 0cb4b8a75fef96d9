"""Ledger lines and receipts: what is read, what is refused, what a receipt proves."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding, entries, merkle, notes
from keys.errors import Forged, KeysError, Malformed

ORIGIN = "county.example/ledger"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = notes.public_bytes(KEY)
WHEN = datetime(2026, 3, 2, 1, 0, 5, 999, tzinfo=UTC)
BID = {
    "opening": "ab" * 32,
    "bid": "cd" * 16,
    "bidder": "bidder-1",
    "sequence": 1,
    "envelope_sha256": "12" * 32,
    "envelope_size": 5000,
    "files_digest": None,
    "files_size": 0,
    "certificate_sha256": "34" * 32,
}


def entry(seq: int = 0, event: str = "bid.submitted", **changed) -> entries.Entry:
    fields = {**BID, **changed} if event == "bid.submitted" else changed
    return entries.build_entry(
        seq=seq,
        time=WHEN,
        event=event,
        subject="tender-1",
        actor="actor-1",
        nonce=bytes(16),
        fields=fields,
    )


def receipt_in_a_tree(size: int = 5, seq: int = 2):
    lines = [entry(number) for number in range(size)]
    leaves = [line.leaf for line in lines]
    note = notes.sign_checkpoint(ORIGIN, size, merkle.root(leaves), KEY)
    proof = merkle.inclusion_proof(leaves, seq)
    return entries.with_inclusion(entries.make_receipt(lines[seq], KEY), note, proof)


def test_an_entry_is_read_as_it_was_built():
    built = entry()
    assert entries.parse_entry(built.line) == built
    assert encoding.canonical(built.as_object()) == built.line
    assert built.time == WHEN.replace(microsecond=0)
    assert built.leaf == merkle.leaf_hash(built.line)


def test_a_hidden_line_gives_its_leaf():
    built = entry()
    assert entries.parse_line(entries.hidden_line(built.leaf)) == built.leaf
    assert entries.parse_line(built.line) == built


@pytest.mark.parametrize(
    "line",
    [
        b'{"leaf":"00"}',
        b'{"leaf":"' + b"0" * 64 + b'","more":1}',
        b'{"leaf":"' + b"A" * 64 + b'"}',
        b'{"leaf":1}',
        b"{}",
        b"[]",
        b"null",
        b"",
        b"\xff",
        b"[" * 5000,
        entry().line + b" ",
        entry().line + b"\n",
        entry().line.replace(b"entry/v1", b"entry/v2"),
        entry().line.replace(b'"seq":0', b'"seq":-1'),
        entry().line.replace(b'"seq":0', b'"seq":true'),
        entry().line.replace(b'"seq":0', b'"seq":0.0'),
        entry().line.replace(b"bid.submitted", b"bid.opened"),
        entry().line.replace(b"bid.submitted", b"opening.closed"),
        entry().line.replace(b'"sequence":1', b'"sequence":"1"'),
        entry().line.replace(b'"actor":"actor-1"', b'"actor":"two words"'),
        entry().line.replace(b"2026-03-02T", b"2026-02-30T"),
        entry().line.replace(b'"data_sha256":null', b'"data_sha256":"x"'),
        entry().line.replace(b'"nonce":"AAAA', b'"nonce":"AAA'),
        b"x" * 70_000,
    ],
)
def test_a_line_out_of_the_ordinary_is_refused(line):
    with pytest.raises(KeysError):
        entries.parse_line(line)


def test_no_bad_entry_can_be_built():
    with pytest.raises(Malformed):
        entry(bid="short")
    with pytest.raises(Malformed):
        entry(more=1)
    with pytest.raises(Malformed):
        entry(event="award.made", seq2=1.5)
    with pytest.raises(Malformed):
        entries.build_entry(
            seq=0, time=WHEN, event="award.made", subject="a", actor="b", nonce=b"short"
        )
    with pytest.raises(Malformed):
        entry(event="award.made", nonce="x")
    assert entry(event="award.made", lot="1").fields == {"lot": "1"}


def test_personal_data_is_bound_but_not_told():
    digest = entries.personal_digest(bytes(32), {"name": "王小明"})
    assert digest != entries.personal_digest(b"\x01" + bytes(31), {"name": "王小明"})
    assert digest != entries.personal_digest(bytes(32), {"name": "王小红"})
    with pytest.raises(Malformed):
        entries.personal_digest(b"short", {})


def test_a_receipt_proves_its_entry():
    found, checkpoint = entries.check_receipt(receipt_in_a_tree(), PUBLIC, ORIGIN)
    assert found == entry(2)
    assert checkpoint is not None
    assert checkpoint.size == 5


def test_a_receipt_may_wait_for_its_checkpoint_only_if_asked():
    waiting = entries.make_receipt(entry(), KEY)
    assert entries.check_receipt(waiting, PUBLIC, ORIGIN, complete=False) == (entry(), None)
    with pytest.raises(Malformed):
        entries.check_receipt(waiting, PUBLIC, ORIGIN)


def test_receipts_are_for_bids_only():
    with pytest.raises(Malformed):
        entries.make_receipt(entry(event="award.made"), KEY)


def _changed(receipt, path, value):
    copy = encoding.parse(encoding.canonical(receipt))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["v"], "receipt/v2"),
        (["entry", "seq"], 3),
        (["entry", "envelope_size"], 5001),
        (["entry", "time"], "2026-03-02T01:00:04Z"),
        (["entry"], None),
        (["signature"], encoding.b64u(bytes(64))),
        (["signature"], None),
        (["inclusion", "proof"], []),
        (["inclusion", "proof", 0], encoding.b64u(bytes(32))),
        (["inclusion", "proof", 0], 7),
        (["inclusion", "checkpoint"], "none"),
        (["inclusion", "checkpoint"], notes.sign_checkpoint(ORIGIN, 2, bytes(32), KEY)),
        (["inclusion", "checkpoint"], notes.sign_checkpoint("other", 5, bytes(32), KEY)),
        (["inclusion"], None),
        (["inclusion"], {}),
        (["more"], 1),
    ],
)
def test_a_changed_receipt_is_refused(path, value):
    with pytest.raises(KeysError):
        entries.check_receipt(_changed(receipt_in_a_tree(), path, value), PUBLIC, ORIGIN)


def test_another_platform_cannot_give_receipts():
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(Forged):
        entries.check_receipt(receipt_in_a_tree(), notes.public_bytes(other), ORIGIN)
