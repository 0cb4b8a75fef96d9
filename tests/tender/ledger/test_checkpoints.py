"""Checkpoints grow out of each other, prove every line, and take true witnesses only."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select

from keys import encoding, merkle, notes
from keys.errors import Forged
from tender.core.errors import DomainError
from tender.core.platform import Platform
from tender.ledger import checkpoints
from tender.ledger.models import LedgerCheckpoint, LedgerCosignature, LedgerNode
from tender.ledger.signing import note_key, signing_key
from tender.ledger.ticking import sign_if_grown
from tests.tender.ledger.lines import NOW, add, leaves, sign

SIZES = (1, 2, 5, 8, 13)


def grown(platform: Platform) -> list[LedgerCheckpoint]:
    """A checkpoint at each of the sizes."""
    found = []
    for size in SIZES:
        have = len(leaves(platform))
        add(platform, size - have)
        found.append(sign(platform))
    return found


def test_every_checkpoint_states_the_root_that_a_stranger_computes(platform: Platform) -> None:
    signed = grown(platform)
    every = leaves(platform)
    assert [each.size for each in signed] == list(SIZES)
    for each in signed:
        stated = notes.check_checkpoint(each.note, note_key(platform.settings))
        assert stated.origin == platform.settings.platform
        assert (stated.size, stated.root) == (each.size, merkle.root(every[: each.size]))


def test_each_checkpoint_is_consistent_with_every_earlier_one(platform: Platform) -> None:
    signed = grown(platform)
    with platform.database.read() as session:

        def node(level: int, position: int) -> bytes:
            return session.get_one(LedgerNode, (level, position)).hash

        for at, new in enumerate(signed):
            for old in signed[: at + 1]:
                proof = merkle.prove_consistency(old.size, new.size, node)
                merkle.verify_consistency(old.size, new.size, old.root, new.root, proof)
                if old.size > 1:
                    with pytest.raises(Forged):
                        merkle.verify_consistency(old.size, new.size, bytes(32), new.root, proof)


def test_every_line_is_proven_in_every_checkpoint_that_covers_it(platform: Platform) -> None:
    signed = grown(platform)
    every = leaves(platform)
    with platform.database.read() as session:
        for each in signed:
            for seq in range(each.size):
                proof = checkpoints.prove_inclusion(session, seq, each)
                merkle.verify_inclusion(every[seq], seq, each.size, proof, each.root)
        proof = checkpoints.prove_inclusion(session, 3, signed[-1])
        with pytest.raises(Forged):
            merkle.verify_inclusion(every[4], 3, SIZES[-1], proof, signed[-1].root)


def test_ticking_signs_once_for_all_that_is_new_and_then_rests(platform: Platform) -> None:
    assert sign_if_grown(platform) is False
    add(platform, 3)
    assert [sign_if_grown(platform) for _ in range(3)] == [True, False, False]
    with platform.database.write() as session:
        assert checkpoints.sign_checkpoint(session, platform.settings, now=NOW) is False
        assert session.scalar(select(func.count()).select_from(LedgerCheckpoint)) == 1
    add(platform)
    assert sign_if_grown(platform) is True
    with platform.database.read() as session:
        newest = checkpoints.newest(session)
        assert newest is not None
        assert newest.size == 4


def cosign(platform: Platform, text: str, key: Ed25519PrivateKey, **changes: str) -> None:
    """Hand in a cosignature as an agent does; `changes` replace what is handed in."""
    identity = encoding.b64u(notes.public_bytes(key))
    handed = {"text": text, "identity": identity, **changes}
    if "line" not in handed:
        handed["line"] = notes.cosign(text, key, NOW)
    with platform.database.write() as session:
        checkpoints.add_cosignature(session, **handed, now=NOW)


def test_true_cosignatures_are_kept_once_under_their_own_checkpoint(platform: Platform) -> None:
    keys = [Ed25519PrivateKey.generate() for _ in range(3)]
    add(platform)
    old = sign(platform)
    add(platform)
    new = sign(platform)
    texts = [notes.parse_note(each.note).text for each in (old, new)]
    for key in keys:
        cosign(platform, texts[1], key)
        cosign(platform, texts[1], key)
    # One that arrives late belongs to the checkpoint that it names and to no other.
    cosign(platform, texts[0], keys[0])
    with platform.database.read() as session:
        assert len(checkpoints.witnesses(session, new.size)) == 3
        assert len(checkpoints.witnesses(session, old.size)) == 1
        note = notes.parse_note(checkpoints.with_witnesses(session, new))
        best = checkpoints.covering(session, 0)
        assert best is not None
        assert best.size == new.size
    assert len(note.signatures) == 4
    notes.check_checkpoint(note, note_key(platform.settings))
    for key in keys:
        assert notes.check_cosignature(
            note, notes.witness_key(notes.public_bytes(key))
        ) == NOW.replace(microsecond=0)


def said(note: str) -> str:
    """A note's text without its signatures."""
    return notes.parse_note(note).text


def test_false_cosignatures_are_refused_and_nothing_is_kept(platform: Platform) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    add(platform, 2)
    text = notes.parse_note(sign(platform).note).text
    good = notes.cosign(text, key, NOW)
    name = platform.settings.platform
    longer = notes.sign_checkpoint(name, 9, bytes(32), signing_key(platform.settings))
    fork = notes.sign_checkpoint(name, 2, bytes(32), signing_key(platform.settings))
    stranger = notes.sign_checkpoint("elsewhere.example", 2, bytes(32), other)
    refused = {
        "another's key": (text, {"identity": encoding.b64u(notes.public_bytes(other))}),
        "another's line": (text, {"line": notes.cosign(text, other, NOW)}),
        "a line for other text": (text, {"line": notes.cosign(said(fork), key, NOW)}),
        "a broken line": (text, {"line": good[:-4] + "AAA="}),
        "no line": (text, {"line": ""}),
        "no checkpoint": ("a\nb\nc\n", {"line": good}),
        "a size never signed": (said(longer), {}),
        "a second history": (said(fork), {}),
        "another ledger": (said(stranger), {}),
    }  # fmt: skip
    for what, (handed, changes) in refused.items():
        with pytest.raises(DomainError) as refusal:
            cosign(platform, handed, key, **changes)
        assert refusal.value.code in ("cosignature.invalid", "cosignature.unknown"), what
    with platform.database.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerCosignature)) == 0


def test_a_receipt_is_completed_by_the_checkpoint_that_covers_it(platform: Platform) -> None:
    (seq,) = add(platform)
    with platform.database.read() as session, pytest.raises(DomainError) as waiting:
        checkpoints.complete_receipt(session, {}, seq)
    assert waiting.value.code == "receipt.waiting"
    assert waiting.value.status == 404
    sign(platform)
    with platform.database.read() as session:
        done = checkpoints.complete_receipt(session, {"v": "receipt/v1"}, seq)
    inclusion = done["inclusion"]
    assert isinstance(inclusion, dict)
    assert inclusion["proof"] == []
