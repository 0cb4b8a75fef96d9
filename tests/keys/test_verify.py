"""`verify` passes a true county and fails on each planted fault, by name, without a traceback."""

import io
import json
import os
import random
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from keys import encoding, entries, notes
from keys.plainfiles import Keys
from keys.records import release
from keys.statements import sign_ed25519
from keys.verify import main, verify
from keys.verify_report import Report
from tests.keys.plain_county import County, lively_county, write

ROOT = Path(__file__).parents[2]


def failures(folder, **options):
    """The failed checks of a directory."""
    report = Report(out=io.StringIO())
    verify(folder, report, **options)
    return report.failures


@pytest.fixture(scope="module")
def true_county(tmp_path_factory):
    county = lively_county()
    folder = county.export(tmp_path_factory.mktemp("county") / "true")
    assert failures(folder) == []
    return county, folder


@pytest.fixture
def county(true_county):
    return true_county[0]


@pytest.fixture
def folder(true_county, tmp_path):
    """A copy of the true county's files, to be tampered with."""
    return Path(shutil.copytree(true_county[1], tmp_path / "copy", symlinks=True))


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


def test_a_public_export_without_files_and_one_of_one_tender_verify(county, tmp_path):
    assert failures(county.export(tmp_path / "public", with_files=False)) == []
    assert failures(county.export(tmp_path / "one", tender="tender-2")) == []
    one = county.export(tmp_path / "two", tender="tender-1")
    assert failures(one) == []
    assert len(list((one / "openings").iterdir())) == 3


def main_opening(county):
    return next(each for each in county.openings.values() if each.releases)


def place(county, folder):
    return folder / "openings" / main_opening(county).id


def edit(path, change):
    path.write_bytes(change(path.read_bytes()))


def edit_json(path, change):
    value = json.loads(path.read_bytes())
    path.write_bytes(encoding.canonical(change(value)))


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


def test_a_witness_that_nobody_knows_fails(county, folder):
    note = notes.parse_note((folder / "ledger/checkpoint").read_text("utf-8"))
    line = notes.parse_signature(notes.cosign(note.text, county.key, county.now))
    text = str(notes.with_lines(note, [line]))
    (folder / "ledger/checkpoint").write_text(text, "utf-8")
    assert any("known custodian" in line for line in failures(folder))


@pytest.mark.parametrize(("kept", "held"), [(2, False), (3, True)])
def test_more_than_half_of_the_custodians_must_have_cosigned(county, folder, kept, held):
    (folder / "ledger/checkpoint").write_text(str(county.checkpoint(kept)), "utf-8")
    found = failures(folder)
    assert (found == []) is held
    assert all(line.startswith("witnesses of") for line in found)


def test_a_signed_checkpoint_over_other_lines_fails(county, folder):
    for note in (county.checkpoint(5, size=county.tree.size - 1), other_root(county)):
        (folder / "ledger/checkpoint").write_text(str(note), "utf-8")
        assert any("covers exactly" in line for line in failures(folder))


def other_root(county):
    text = notes.sign_checkpoint("county.example/ledger", county.tree.size, bytes(32), county.key)
    return notes.parse_note(text)


def without_custodian(value):
    value["custodians"].pop(0)
    return value


def set_in(name, new):
    def change(value):
        value[name] = new
        return value

    return change


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


def test_keys_from_elsewhere_are_compared(county, folder, tmp_path):
    pinned = county.keys()
    assert failures(folder, pinned=pinned) == []
    other = County(seed=2)
    assert failures(folder, pinned=other.keys())[0].startswith("keys:")
    fewer = dict(list(pinned.custodians.items())[1:])
    less = Keys(pinned.origin, pinned.platform_name, pinned.platform, fewer, ())
    assert "not a pinned one" in failures(folder, pinned=less)[0]
    write(tmp_path / "pinned.json", other.keys().to_bytes())
    assert main([str(folder), "--keys", str(tmp_path / "pinned.json")]) == 1
    assert main([str(folder), "--keys", str(tmp_path / "none")]) == 2


FILES_OF_AN_OPENING = ["record.json", "record.sig", "accepts.jsonl", "releases.jsonl"]


@pytest.mark.parametrize("name", [*FILES_OF_AN_OPENING, "verdicts.json"])
def test_a_missing_file_of_an_opening_fails(county, folder, name):
    (place(county, folder) / name).unlink()
    assert any("missing" in line for line in failures(folder))


@pytest.mark.parametrize("name", ["entries.jsonl", "checkpoint", "keys.json"])
def test_a_missing_file_of_the_ledger_fails(folder, name):
    (folder / "ledger" / name).unlink()
    assert failures(folder)


def test_a_missing_opening_fails(county, folder):
    shutil.rmtree(place(county, folder))
    assert failures(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.replace(b'"threshold":3', b'"threshold":2'),
        lambda d: d.replace(b'"minimum":3', b'"minimum":1'),
        lambda d: d + b"\n",
        lambda d: b"{}",
        lambda d: d.replace(b'"after":null', b'"after":{}'),
    ],
)
def test_a_tampered_record_fails(county, folder, change):
    edit(place(county, folder) / "record.json", change)
    assert any(line.startswith("record of") for line in failures(folder))


@pytest.mark.parametrize("text", ["", "x", "A" * 86, "=" * 88])
def test_a_tampered_record_signature_fails(county, folder, text):
    (place(county, folder) / "record.sig").write_text(text)
    assert any(line.startswith("record of") for line in failures(folder))


LINES = {
    "dropped": lambda d: d[d.index(b"\n") + 1 :],
    "doubled": lambda d: d + d[: d.index(b"\n") + 1],
    "cut": lambda d: d[:-1],
    "empty line": lambda d: b"\n" + d,
    "no JSON": lambda d: b"x\n" + d,
    "edited": lambda d: d.replace(b'"opening":"', b'"opening":"0', 1),
    "unknown field": lambda d: d.replace(b"{", b'{"a":1,', 1),
    "no UTF-8": lambda d: b"\xff\n" + d,
}


@pytest.mark.parametrize("fault", LINES)
@pytest.mark.parametrize("name", ["accepts", "releases"])
def test_tampered_acceptances_and_releases_fail(county, folder, fault, name):
    edit(place(county, folder) / f"{name}.jsonl", LINES[fault])
    found = failures(folder)
    wanted = {"accepts": "acceptances of", "releases": ("releases of", "verdicts of")}[name]
    assert any(line.startswith(wanted) for line in found)


def test_every_acceptance_and_release_must_be_signed_by_its_custodian(county, folder):
    opening = main_opening(county)
    forged = opening.accepts[0].to_object() | {"signature": opening.accepts[1].signature}
    lines = [forged, *(each.to_object() for each in opening.accepts[1:])]
    path = place(county, folder) / "accepts.jsonl"
    path.write_bytes(b"".join(encoding.canonical(line) + b"\n" for line in lines))
    assert any(line.startswith("acceptances of") for line in failures(folder))


def put_releases(county, folder, releases):
    lines = [encoding.canonical(each.to_object()) + b"\n" for each in releases]
    (place(county, folder) / "releases.jsonl").write_bytes(b"".join(lines))


def made_release(county, number, **changed):
    """A release by custodian `number` of the main opening, with changes, truly signed."""
    opening = main_opening(county)
    given = opening.releases[number]
    return release(
        opening.record,
        encoding.unb64u(given.private_key),
        opening.custodians[number].identity,
        **{"released_at": given.released_at, "checkpoint": given.checkpoint, **changed},
    )


def brief(county, size):
    return notes.Checkpoint("x", size, county.tree.root(size)).brief


def test_releases_that_were_not_due_fail(county, folder):
    opening = main_opening(county)
    closed = opening.closed.seq
    early = {"released_at": opening.deadline - timedelta(seconds=1)}
    for changed, why in (
        (early, "before the deadline"),
        ({"checkpoint": brief(county, closed)}, "before the closing"),
        ({"checkpoint": f"{county.tree.size} {'A' * 43}="}, "another ledger"),
        ({"checkpoint": brief(county, 3)}, "before the closing"),
        ({"checkpoint": f"{county.tree.size + 1} {'A' * 43}="}, "lines"),
        ({"checkpoint": "none"}, ""),
    ):
        releases = [made_release(county, 0, **changed), *opening.releases[1:]]
        put_releases(county, folder, releases)
        found = [line for line in failures(folder) if line.startswith("releases of")]
        assert found
        assert why in found[0]


def test_a_release_typed_in_from_paper_bears_the_platforms_signature(county, folder):
    opening = main_opening(county)
    first = opening.releases[0].to_object()

    def signed_by(key):
        line = sign_ed25519(first, key)
        rest = [each.to_object() for each in opening.releases[1:]]
        path = place(county, folder) / "releases.jsonl"
        path.write_bytes(b"".join(encoding.canonical(each) + b"\n" for each in [line, *rest]))
        return failures(folder)

    assert signed_by(county.key) == []
    assert any(line.startswith("releases of") for line in signed_by(county.custodians[4].identity))


@pytest.mark.parametrize("fault", ["missing", "changed", "cut", "extra", "stray", "swapped"])
def test_tampered_envelopes_fail(county, folder, fault):
    envelopes = sorted((place(county, folder) / "envelopes").iterdir())
    one, two = envelopes[:2]
    if fault == "missing":
        one.unlink()
    elif fault == "changed":
        edit(one, lambda d: d[:-1] + bytes([d[-1] ^ 1]))
    elif fault == "cut":
        edit(one, lambda d: d[:-1])
    elif fault == "extra":
        shutil.copy(one, one.with_name("0" * 32 + ".sealed"))
    elif fault == "stray":
        shutil.copy(one, one.with_name("note.txt"))
    else:
        data = one.read_bytes()
        one.write_bytes(two.read_bytes())
        two.write_bytes(data)
    assert any(line.startswith("verdicts of") for line in failures(folder))


def test_an_envelope_of_a_bid_that_did_not_count_fails(county, folder):
    opening = main_opening(county)
    counted = {entry.fields["bid"] for entry in county.standing(opening)}
    (bid, *_) = [each for each in opening.envelopes if each not in counted]
    path = place(county, folder) / f"envelopes/{bid}.sealed"
    path.write_bytes(opening.envelopes[bid])
    assert any("none of a bid that counted" in line for line in failures(folder))


@pytest.mark.parametrize("fault", ["missing", "changed", "cut", "all missing", "extra"])
def test_tampered_files_fail(county, folder, fault):
    (one,) = (place(county, folder) / "files").iterdir()
    if fault == "missing":
        one.unlink()
    elif fault == "all missing":
        shutil.rmtree(one.parent)
    elif fault == "extra":
        shutil.copy(one, one.with_name("0" * 32 + ".sealed"))
    else:
        edit(one, lambda d: d[:-1] + (b"" if fault == "cut" else bytes([d[-1] ^ 1])))
    assert failures(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bid", "0" * 32),
        ("bidder", "bidder-x"),
        ("sequence", 9),
        ("sequence", True),
        ("sha256", "0" * 64),
        ("size", 1),
        ("verdict", "not_released"),
        ("verdict", None),
        ("files", "custody_fault"),
        ("prices_fen", {"1": 1}),
        ("prices_fen", {}),
        ("more", 1),
    ],
)
def test_any_field_of_a_verdict_that_differs_fails(county, folder, name, value):
    path = place(county, folder) / "verdicts.json"

    def change(rows):
        rows[0][name] = value
        return rows

    edit_json(path, change)
    assert any(line.startswith("verdicts of") for line in failures(folder))


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: [],
        lambda rows: rows[1:],
        lambda rows: [*rows, rows[0]],
        lambda rows: {"rows": rows},
        lambda rows: None,
        lambda rows: [rows],
    ],
)
def test_rows_missing_or_doubled_fail(county, folder, change):
    edit_json(place(county, folder) / "verdicts.json", change)
    assert any(line.startswith("verdicts of") for line in failures(folder))


@pytest.mark.parametrize("data", [b"", b"[1.5]", b"[", b"\xff", b"[]\n\n", b"[" * 9999, b"[1e999]"])
def test_verdicts_that_are_no_json_fail(county, folder, data):
    (place(county, folder) / "verdicts.json").write_bytes(data)
    assert any(line.startswith("verdicts of") for line in failures(folder))


def receipts(folder):
    return sorted((folder / "receipts").iterdir())


def test_a_missing_receipt_fails(folder):
    receipts(folder)[0].unlink()
    assert any("no receipt" in line for line in failures(folder))


RECEIPTS = {
    "renamed": lambda path: path.rename(path.with_name("0" * 32 + ".json")),
    "misnamed": lambda path: path.rename(path.with_name("receipt.json")),
    "no JSON": lambda path: path.write_bytes(b"{"),
    "edited": lambda path: edit(path, lambda d: d.replace(b'"sequence":', b'"sequence":1')),
    "signature": lambda path: edit_json(path, set_in("signature", "A" * 86)),
    "no inclusion": lambda path: edit_json(path, set_in("inclusion", None)),
    "unknown field": lambda path: edit_json(path, set_in("more", 1)),
    "version": lambda path: edit_json(path, set_in("v", "receipt/v2")),
}


@pytest.mark.parametrize("fault", RECEIPTS)
def test_tampered_receipts_fail(folder, fault):
    RECEIPTS[fault](receipts(folder)[0])
    assert any(line.startswith("receipts:") for line in failures(folder))


def test_a_true_receipt_of_another_ledger_fails(county, folder):
    """The platform gave a receipt for a line that it then left out."""
    other = lively_county()
    other.key = county.key
    entry = main_opening(other)
    line = next(each for each in other.lines if each.event == "bid.submitted")
    assert entry
    forged = entries.build_entry(
        seq=line.seq,
        time=line.time,
        event=line.event,
        subject=line.subject,
        actor=line.actor,
        nonce=b"another nonce...",
        fields=line.fields,
    )
    other.lines[line.seq] = forged
    other.tree = type(other.tree)()
    for each in other.lines:
        other.tree.append(each.leaf)
    path = folder / "receipts" / f"{line.fields['bid']}.json"
    path.write_bytes(encoding.canonical(other.receipt(forged)))
    assert any("not the ledger's line" in line for line in failures(folder))


def test_a_receipt_before_the_closing_fails(county, folder):
    hidden = next(e for e in reversed(county.lines) if e.event == "bid.submitted")
    assert county.hidden(hidden)
    path = folder / "receipts" / f"{hidden.fields['bid']}.json"
    path.write_bytes(encoding.canonical(county.receipt(hidden)))
    assert any("before the closing" in line for line in failures(folder))


STRAY = [
    "stray.txt",
    "ledger/.DS_Store",
    "openings/stray.txt",
    "receipts/readme",
    "documents/other.pdf",
    "attachments/other.txt",
    "var/tender.sqlite",
    "openings/" + "0" * 64 + "/record.json",
    "receipts/deep/er.json",
]


@pytest.mark.parametrize("name", STRAY)
def test_a_stray_file_fails(folder, name):
    write(folder / name, b"{}")
    assert failures(folder)


def test_a_stray_folder_fails(county, folder):
    (folder / "working").mkdir()
    assert any("working/" in line for line in failures(folder))
    (folder / "working").rmdir()
    (place(county, folder) / "secrets").mkdir()
    assert any("secrets/" in line for line in failures(folder))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../nowhere", "."])
def test_links_and_pipes_fail_and_are_not_followed(county, folder, target):
    (folder / "receipts" / "link").symlink_to(target)
    assert any("neither file nor folder" in line for line in failures(folder))
    (folder / "receipts" / "link").unlink()
    os.mkfifo(folder / "receipts" / "pipe")
    assert any("neither file nor folder" in line for line in failures(folder))
    (folder / "receipts" / "pipe").unlink()
    verdicts = place(county, folder) / "verdicts.json"
    verdicts.rename(folder.parent / "moved")
    verdicts.symlink_to(folder.parent / "moved")
    assert any("verdicts.json is missing" in line for line in failures(folder))


@pytest.mark.parametrize("fault", ["missing", "changed", "unknown"])
def test_tampered_attachments_fail(folder, fault):
    (one,) = (folder / "attachments").iterdir()
    if fault == "missing":
        one.unlink()
    elif fault == "changed":
        one.write_bytes(b"other")
    else:
        one.rename(one.with_name("0" * 64))
    assert any(line.startswith("attachments:") for line in failures(folder))


def test_no_byte_of_any_file_can_change(true_county, tmp_path):
    """Seeded bit flips anywhere: each is found, none ends in a traceback."""
    source = random.Random(5)
    folder = Path(shutil.copytree(true_county[1], tmp_path / "flips"))
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size)
    for turn in range(120):
        path = paths[turn % len(paths)]
        data = path.read_bytes()
        spot = source.randrange(len(data))
        flipped = bytes([data[spot] ^ 1 << source.randrange(8)])
        path.write_bytes(data[:spot] + flipped + data[spot + 1 :])
        assert failures(folder), f"{path.name} at {spot}"
        path.write_bytes(data)
    assert failures(folder) == []


@pytest.mark.parametrize("arguments", [["/nonexistent"], ["/etc/passwd"]])
def test_no_directory_is_unusable_input(arguments, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1


def test_an_empty_directory_fails(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert '"verified": false' in capsys.readouterr().out.splitlines()[-1]
