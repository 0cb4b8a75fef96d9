"""`verify` fails on tampered receipts, stray files, links, and any changed byte."""

import os
import random
import shutil
from pathlib import Path

import pytest

from keys import encoding, entries
from keys.verify import main
from tests.keys.lively_county import lively_county
from tests.keys.plain_county import write
from tests.keys.plain_faults import edit, edit_json, failures, main_opening, place, set_in

ROOT = Path(__file__).parents[2]


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


def test_a_true_receipt_of_another_ledger_fails(lively, folder):
    """The platform gave a receipt for a line that it then left out."""
    other = lively_county()
    other.key = lively.key
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


def test_a_receipt_before_the_closing_fails(lively, folder):
    hidden = next(e for e in reversed(lively.lines) if e.event == "bid.submitted")
    assert lively.hidden(hidden)
    path = folder / "receipts" / f"{hidden.fields['bid']}.json"
    path.write_bytes(encoding.canonical(lively.receipt(hidden)))
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


def test_a_stray_folder_fails(lively, folder):
    (folder / "working").mkdir()
    assert any("working/" in line for line in failures(folder))
    (folder / "working").rmdir()
    (place(lively, folder) / "secrets").mkdir()
    assert any("secrets/" in line for line in failures(folder))


@pytest.mark.parametrize("target", ["/etc/passwd", "../../nowhere", "."])
def test_links_and_pipes_fail_and_are_not_followed(lively, folder, target):
    (folder / "receipts" / "link").symlink_to(target)
    assert any("neither file nor folder" in line for line in failures(folder))
    (folder / "receipts" / "link").unlink()
    os.mkfifo(folder / "receipts" / "pipe")
    assert any("neither file nor folder" in line for line in failures(folder))
    (folder / "receipts" / "pipe").unlink()
    verdicts = place(lively, folder) / "verdicts.json"
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


def test_one_attachment_in_two_tenders_is_in_the_export_of_each(tmp_path):
    county = lively_county()
    (digest,) = county.attachments
    county.add("attachment.published", name="copy.txt", tender="tender-2", sha256=digest)
    for number, tender in enumerate(("tender-1", "tender-2", None)):
        folder = county.export(tmp_path / str(number), tender=tender)
        assert failures(folder) == []
        assert len(list((folder / "attachments").iterdir())) == 1
