"""`verify` passes a true county and fails on tampered ledgers, checkpoints and keys."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from keys import encoding, notes
from keys.plainfiles import Keys
from keys.verify import main
from tests.keys.plain_county import County, write
from tests.keys.plain_faults import edit, edit_json, failures, set_in

ROOT = Path(__file__).parents[2]


def test_a_true_county_verifies_as_a_command(folder):
    done = subprocess.run(
        [sys.executable, "-m", "keys", "verify", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert all(line.startswith("ok ") for line in lines[:-1])
    told = json.loads(lines[-1])
    assert told["verified"] is True
    assert (told["openings"], told["bids"], told["receipts"]) == (5, 5, 5)
    assert told["checks"] == len(lines) - 1
    assert done.stderr == ""


def test_a_public_export_without_files_and_one_of_one_tender_verify(lively, tmp_path):
    assert failures(lively.export(tmp_path / "public", with_files=False)) == []
    assert failures(lively.export(tmp_path / "one", tender="tender-2")) == []
    one = lively.export(tmp_path / "two", tender="tender-1")
    assert failures(one) == []
    assert len(list((one / "openings").iterdir())) == 3


def swapped(data):
    lines = data.split(b"\n")
    lines[3], lines[4] = lines[4], lines[3]
    return b"\n".join(lines)


LEDGER = {
    "a line dropped at the end": lambda d: d[: d[:-1].rindex(b"\n") + 1],
    "a line dropped in the middle": lambda d: b"\n".join(d.split(b"\n")[:5] + d.split(b"\n")[6:]),
    "two lines swapped": swapped,
    "a line doubled": lambda d: d.split(b"\n")[0] + b"\n" + d,
    "a line added": lambda d: d + d.split(b"\n")[0] + b"\n",
    "an empty line": lambda d: d + b"\n",
    "the last line cut": lambda d: d[:-1],
    "windows line ends": lambda d: d.replace(b"\n", b"\r\n"),
    "a price edited": lambda d: d.replace(b'"envelope_size":', b'"envelope_size":1'),
    "a time edited": lambda d: d.replace(b"2026-03-02T01:00:02Z", b"2026-03-02T01:00:01Z"),
    "another version": lambda d: d.replace(b"entry/v1", b"entry/v2", 1),
    "white space": lambda d: d.replace(b'"actor":', b'"actor": ', 1),
    "nothing": lambda d: b"",
    "no UTF-8": lambda d: d.replace(b"platform", b"\xff\xfe\xfd", 1),
    "NUL bytes": lambda d: b"\0" * 100 + b"\n" + d,
    "deep JSON": lambda d: b"[" * 60_000 + b"\n" + d,
    "a line without end": lambda d: d + b"x" * 200_000 + b"\n",
    "a huge number": lambda d: d.replace(b'"seq":1,', b'"seq":' + b"9" * 5000 + b",", 1),
}


@pytest.mark.parametrize("fault", LEDGER)
def test_a_tampered_ledger_fails(folder, fault):
    edit(folder / "ledger/entries.jsonl", LEDGER[fault])
    assert any(line.startswith(("ledger:", "checkpoint:")) for line in failures(folder))


CHECKPOINT = {
    "no platform signature": lambda t: "\n".join(t.split("\n")[:4] + t.split("\n")[5:]),
    "another size": lambda t: t.replace("\n4", "\n5", 1),
    "no signature at all": lambda t: t.split("\n\n")[0] + "\n\n",
    "an extension line": lambda t: t.replace("\n\n", "\nmore\n\n", 1),
    "a witness twice": lambda t: t + t.split("\n")[-2] + "\n",
    "a false witness": lambda t: t[:-9] + ("A" if t[-9] != "A" else "B") + t[-8:],
    "half a file": lambda t: t[: len(t) // 2],
    "nothing": lambda t: "",
}


@pytest.mark.parametrize("fault", CHECKPOINT)
def test_a_tampered_checkpoint_fails(folder, fault):
    path = folder / "ledger/checkpoint"
    path.write_text(CHECKPOINT[fault](path.read_text("utf-8")), "utf-8")
    assert any(line.startswith("checkpoint:") for line in failures(folder))


def test_a_witness_that_nobody_knows_fails(lively, folder):
    note = notes.parse_note((folder / "ledger/checkpoint").read_text("utf-8"))
    line = notes.parse_signature(notes.cosign(note.text, lively.key, lively.now))
    text = str(notes.with_lines(note, [line]))
    (folder / "ledger/checkpoint").write_text(text, "utf-8")
    assert any("known custodian" in line for line in failures(folder))


@pytest.mark.parametrize(("kept", "held"), [(2, False), (3, True)])
def test_more_than_half_of_the_custodians_must_have_cosigned(lively, folder, kept, held):
    (folder / "ledger/checkpoint").write_text(str(lively.checkpoint(kept)), "utf-8")
    found = failures(folder)
    assert (found == []) is held
    assert all(line.startswith("witnesses of") for line in found)


def test_a_signed_checkpoint_over_other_lines_fails(lively, folder):
    for note in (lively.checkpoint(5, size=lively.tree.size - 1), other_root(lively)):
        (folder / "ledger/checkpoint").write_text(str(note), "utf-8")
        assert any("covers exactly" in line for line in failures(folder))


def other_root(lively):
    text = notes.sign_checkpoint("county.example/ledger", lively.tree.size, bytes(32), lively.key)
    return notes.parse_note(text)


def without_custodian(value):
    value["custodians"].pop(0)
    return value


KEYS = {
    "another version": set_in("v", "keys/v2"),
    "an unknown field": set_in("more", 1),
    "another origin": set_in("origin", "other.example"),
    "no custodians": set_in("custodians", []),
    "a custodian missing": without_custodian,
    "roots that are none": set_in("roots", "none"),
    "a tender that is none": set_in("tender", 7),
    "another platform": set_in(
        "platform", {"name": "x", "ed25519": encoding.b64u(bytes(32)), "note": "x"}
    ),
    "no object": lambda value: [],
}


@pytest.mark.parametrize("fault", KEYS)
def test_tampered_keys_fail(folder, fault):
    edit_json(folder / "ledger/keys.json", KEYS[fault])
    assert failures(folder)


def test_another_witness_key_than_the_identity_fails(folder):
    def change(value):
        one, two = value["custodians"][:2]
        one["witness"] = two["witness"]
        return value

    edit_json(folder / "ledger/keys.json", change)
    assert failures(folder)[0].startswith("keys:")


def test_keys_from_elsewhere_are_compared(lively, folder, tmp_path):
    pinned = lively.keys()
    assert failures(folder, pinned=pinned) == []
    other = County(seed=2)
    assert failures(folder, pinned=other.keys())[0].startswith("keys:")
    fewer = dict(list(pinned.custodians.items())[1:])
    less = Keys(pinned.origin, pinned.platform_name, pinned.platform, fewer, ())
    assert "not a pinned one" in failures(folder, pinned=less)[0]
    write(tmp_path / "pinned.json", other.keys().to_bytes())
    assert main([str(folder), "--keys", str(tmp_path / "pinned.json")]) == 1
    assert main([str(folder), "--keys", str(tmp_path / "none")]) == 2
