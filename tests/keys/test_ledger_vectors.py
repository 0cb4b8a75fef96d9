"""The ledger's vectors, which other programs read too, hold and are what this program writes."""

import json

import pytest

from keys import encoding, entries, merkle, notes, plainfiles
from keys.deposits import check_deposit, check_destroyed
from keys.errors import KeysError
from keys.records import Acceptance, Release
from tests.keys.ledger_vectors import PATH, vectors, written

FILE = json.loads(PATH.read_text("utf-8"))
PLATFORM = encoding.unb64u(FILE["platform_ed25519"])


def test_the_file_is_what_this_program_writes():
    assert PATH.read_text("utf-8") == written(vectors())


def test_lines_leaves_and_roots():
    leaves = [entries.parse_entry(line.encode()).leaf for line in FILE["lines"]]
    assert [leaf.hex() for leaf in leaves] == FILE["leaves"]
    assert [merkle.root(leaves[:n]).hex() for n in range(len(leaves) + 1)] == FILE["roots"]
    assert entries.parse_line(FILE["hidden_line"].encode()) in leaves


def test_proofs():
    leaves, roots = ([bytes.fromhex(each) for each in FILE[name]] for name in ("leaves", "roots"))
    for case in FILE["inclusion"]:
        proof = [bytes.fromhex(step) for step in case["proof"]]
        index, size = case["index"], case["size"]
        merkle.verify_inclusion(leaves[index], index, size, proof, roots[size])
    for case in FILE["consistency"]:
        proof = [bytes.fromhex(step) for step in case["proof"]]
        old, new = case["old"], case["new"]
        merkle.verify_consistency(old, new, roots[old], roots[new], proof)


def test_checkpoint_and_cosignatures():
    note = notes.parse_note(FILE["checkpoint"])
    stated = notes.check_checkpoint(note, notes.platform_key(FILE["origin"], PLATFORM))
    assert stated.root.hex() == FILE["roots"][stated.size]
    for witness in FILE["witnesses"]:
        key = notes.parse_key(witness["key"])
        assert key == notes.witness_key(encoding.unb64u(witness["identity"]))
        assert encoding.timestamp(notes.check_cosignature(note, key)) == witness["time"]


def test_receipts():
    entry, checkpoint = entries.check_receipt(FILE["receipt"], PLATFORM, FILE["origin"])
    assert entry.line.decode() in FILE["lines"]
    assert checkpoint is not None
    waiting = FILE["receipt_waiting"]
    assert entries.check_receipt(waiting, PLATFORM, FILE["origin"], complete=False)[1] is None


@pytest.mark.parametrize("case", FILE["receipts_refused"], ids=lambda case: case["why"])
def test_receipts_to_be_refused(case):
    with pytest.raises(KeysError):
        entries.check_receipt(case["receipt"], PLATFORM, FILE["origin"])


def test_statements_and_digests():
    Acceptance.from_object(FILE["accept"])
    Release.from_object(FILE["release"])
    assert len(check_deposit(FILE["deposit"]).keys) == 2
    assert check_destroyed(FILE["destroy"])[1] == FILE["deposit"]["batch"]
    assert plainfiles.verdicts_digest(FILE["verdicts"]) == FILE["verdicts_sha256"]
    personal = FILE["personal_data"]
    digest = entries.personal_digest(bytes.fromhex(personal["salt"]), personal["data"])
    assert digest == personal["data_sha256"]
    assert plainfiles.Keys.from_bytes(FILE["keys_json"].encode()).origin == FILE["origin"]
