"""Signed notes against the published examples, and every way in which they can be false."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from keys import notes
from keys.errors import Forged, KeysError, Malformed

ORIGIN = "county.example/ledger"
PLATFORM = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PLATFORM_KEY = notes.platform_key(ORIGIN, notes.public_bytes(PLATFORM))
WITNESS_KEY = notes.witness_key(notes.public_bytes(WITNESS))
WHEN = datetime(2026, 3, 2, 1, 0, 5, tzinfo=UTC)
ROOT = bytes(range(32))


def signed(size: int = 7) -> str:
    return notes.sign_checkpoint(ORIGIN, size, ROOT, PLATFORM)


def cosigned() -> notes.Note:
    note = notes.parse_note(signed())
    line = notes.parse_signature(notes.cosign(note.text, WITNESS, WHEN))
    return notes.with_lines(note, [line])


def test_the_published_example_of_a_signed_note_verifies():
    key = notes.parse_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = notes.parse_note(
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
        "qdngotpRZb6KE6RyyBwJnAM=\n"
    )
    (line,) = note.signatures
    assert line.key_id == key.key_id
    Ed25519PublicKey.from_public_bytes(key.public).verify(line.blob, note.text.encode())
    assert str(key).startswith("PeterNeumann+c74f20a3+ARpc2Qc")


def test_the_published_example_of_a_cosigned_checkpoint_parses():
    text = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "\u2014 example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOA"
        "YQ8=\n"
        "\u2014 witness.example.com/w1 "
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"
        "mbIUBkBIfZ+qnA==\n"
    )
    note = notes.parse_note(text)
    assert str(note) == text
    assert notes.parse_checkpoint(note.text).size == 20852163
    assert len(note.signatures[0].blob) == 64
    seconds = int.from_bytes(note.signatures[1].blob[:8], "big")
    assert seconds == 1679315147


def test_a_checkpoint_states_what_was_signed():
    found = notes.check_checkpoint(signed(), PLATFORM_KEY)
    assert (found.origin, found.size, found.root) == (ORIGIN, 7, ROOT)
    assert notes.parse_brief(found.brief) == (7, ROOT)
    assert notes.parse_key(str(PLATFORM_KEY)) == PLATFORM_KEY
    assert notes.parse_key(str(WITNESS_KEY)) == WITNESS_KEY


def test_a_cosignature_tells_when():
    assert notes.check_cosignature(cosigned(), WITNESS_KEY) == WHEN
    notes.check_checkpoint(cosigned(), PLATFORM_KEY)


def test_witness_lines_are_added_once():
    note = cosigned()
    assert notes.with_lines(note, note.signatures) == note


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n7\n", "\n8\n"),
        lambda text: text.replace("\n7\n", "\n07\n"),
        lambda text: text.replace("\n7\n", "\n-7\n"),
        lambda text: text.replace(ORIGIN, "other.example/ledger"),
        lambda text: text.replace("\n\n", "\n"),
        lambda text: text.replace("\n\n", "\nextension\n\n"),
        lambda text: text.replace("\u2014", "-"),
        lambda text: text[:-1],
        lambda text: text + "\n",
        lambda text: text + "trailing\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.split("\n\n")[0] + "\n\n",
        lambda text: "",
        lambda text: text + "\ud800",
        lambda text: text * 1000,
    ],
)
def test_a_changed_checkpoint_is_refused(change):
    with pytest.raises(KeysError):
        notes.check_checkpoint(change(signed()), PLATFORM_KEY)


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_byte_of_a_cosigned_note_can_change(place, flip):
    raw = bytearray(str(cosigned()).encode())
    raw[place % len(raw)] ^= flip
    with pytest.raises((KeysError, UnicodeDecodeError)):
        check_all(bytes(raw))


def check_all(raw: bytes) -> None:
    note = notes.parse_note(raw.decode())
    notes.check_checkpoint(note, PLATFORM_KEY)
    notes.check_cosignature(note, WITNESS_KEY)


def test_a_key_counts_only_under_its_own_name_and_kind():
    other = notes.platform_key("other.example", PLATFORM_KEY.public)
    with pytest.raises(Forged):
        notes.check_checkpoint(signed(), other)
    with pytest.raises(Forged):
        notes.check_cosignature(notes.parse_note(signed()), notes.witness_key(PLATFORM_KEY.public))


def test_a_platform_signature_is_no_cosignature():
    """The two are signed over different bytes, even with the same key and name."""
    note = notes.parse_note(signed())
    seconds = int(WHEN.timestamp()).to_bytes(8, "big")
    fake = notes.NoteKey(ORIGIN, notes.COSIGNATURE, PLATFORM_KEY.public)
    line = notes.NoteSignature(ORIGIN, fake.key_id, seconds + note.signatures[0].blob)
    with pytest.raises(Forged):
        notes.check_cosignature_line(note.text, line, fake)


@pytest.mark.parametrize(
    "name", ["", "{", "cosignature/v1", "two words", "a+b", "a\nb", "名", "x" * 129]
)
def test_a_name_that_could_be_mistaken_is_refused(name):
    with pytest.raises(Malformed):
        notes.sign_checkpoint(name, 1, ROOT, PLATFORM)


def test_a_cosignature_beyond_all_calendars_is_refused():
    line = cosigned().signatures[1]
    far = notes.NoteSignature(line.name, line.key_id, b"\xff" * 8 + line.blob[8:])
    with pytest.raises(Forged):
        notes.check_cosignature_line(cosigned().text, far, WITNESS_KEY)


@pytest.mark.parametrize(
    "text",
    [
        "name+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode(),
        "name+zz+AA==",
        "name",
        str(PLATFORM_KEY)[:-4],
        str(PLATFORM_KEY).replace("+", "+0", 1),
    ],
)
def test_a_false_verifier_key_is_refused(text):
    with pytest.raises(Malformed):
        notes.parse_key(text)
