"""`verify` fails on tampered records, acceptances, releases, envelopes and verdicts."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from keys import encoding, notes
from keys.records import release
from keys.statements import sign_ed25519
from tests.keys.plain_faults import edit, edit_json, failures, main_opening, place

ROOT = Path(__file__).parents[2]


FILES_OF_AN_OPENING = ["record.json", "record.sig", "accepts.jsonl", "releases.jsonl"]


@pytest.mark.parametrize("name", [*FILES_OF_AN_OPENING, "verdicts.json"])
def test_a_missing_file_of_an_opening_fails(lively, folder, name):
    (place(lively, folder) / name).unlink()
    assert any("missing" in line for line in failures(folder))


@pytest.mark.parametrize("name", ["entries.jsonl", "checkpoint", "keys.json"])
def test_a_missing_file_of_the_ledger_fails(folder, name):
    (folder / "ledger" / name).unlink()
    assert failures(folder)


def test_a_missing_opening_fails(lively, folder):
    shutil.rmtree(place(lively, folder))
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
def test_a_tampered_record_fails(lively, folder, change):
    edit(place(lively, folder) / "record.json", change)
    assert any(line.startswith("record of") for line in failures(folder))


@pytest.mark.parametrize("text", ["", "x", "A" * 86, "=" * 88])
def test_a_tampered_record_signature_fails(lively, folder, text):
    (place(lively, folder) / "record.sig").write_text(text)
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
def test_tampered_acceptances_and_releases_fail(lively, folder, fault, name):
    edit(place(lively, folder) / f"{name}.jsonl", LINES[fault])
    found = failures(folder)
    wanted = {"accepts": "acceptances of", "releases": ("releases of", "verdicts of")}[name]
    assert any(line.startswith(wanted) for line in found)


def test_every_acceptance_and_release_must_be_signed_by_its_custodian(lively, folder):
    opening = main_opening(lively)
    forged = opening.accepts[0].to_object() | {"signature": opening.accepts[1].signature}
    lines = [forged, *(each.to_object() for each in opening.accepts[1:])]
    path = place(lively, folder) / "accepts.jsonl"
    path.write_bytes(b"".join(encoding.canonical(line) + b"\n" for line in lines))
    assert any(line.startswith("acceptances of") for line in failures(folder))


def put_releases(lively, folder, releases):
    lines = [encoding.canonical(each.to_object()) + b"\n" for each in releases]
    (place(lively, folder) / "releases.jsonl").write_bytes(b"".join(lines))


def made_release(lively, number, **changed):
    """A release by custodian `number` of the main opening, with changes, truly signed."""
    opening = main_opening(lively)
    given = opening.releases[number]
    return release(
        opening.record,
        encoding.unb64u(given.private_key),
        opening.custodians[number].identity,
        **{"released_at": given.released_at, "checkpoint": given.checkpoint, **changed},
    )


def brief(lively, size):
    return notes.Checkpoint("x", size, lively.tree.root(size)).brief


def test_releases_that_were_not_due_fail(lively, folder):
    opening = main_opening(lively)
    closed = opening.closed.seq
    early = {"released_at": opening.deadline - timedelta(seconds=1)}
    for changed, why in (
        (early, "before the deadline"),
        ({"checkpoint": brief(lively, closed)}, "before the closing"),
        ({"checkpoint": f"{lively.tree.size} {'A' * 43}="}, "another ledger"),
        ({"checkpoint": brief(lively, 3)}, "before the closing"),
        ({"checkpoint": f"{lively.tree.size + 1} {'A' * 43}="}, "lines"),
        ({"checkpoint": "none"}, ""),
    ):
        releases = [made_release(lively, 0, **changed), *opening.releases[1:]]
        put_releases(lively, folder, releases)
        found = [line for line in failures(folder) if line.startswith("releases of")]
        assert found
        assert why in found[0]


def test_a_release_typed_in_from_paper_bears_the_platforms_signature(lively, folder):
    opening = main_opening(lively)
    first = opening.releases[0].to_object()

    def signed_by(key):
        line = sign_ed25519(first, key)
        rest = [each.to_object() for each in opening.releases[1:]]
        path = place(lively, folder) / "releases.jsonl"
        path.write_bytes(b"".join(encoding.canonical(each) + b"\n" for each in [line, *rest]))
        return failures(folder)

    assert signed_by(lively.key) == []
    assert any(line.startswith("releases of") for line in signed_by(lively.custodians[4].identity))


@pytest.mark.parametrize("fault", ["missing", "changed", "cut", "extra", "stray", "swapped"])
def test_tampered_envelopes_fail(lively, folder, fault):
    envelopes = sorted((place(lively, folder) / "envelopes").iterdir())
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


def test_an_envelope_of_a_bid_that_did_not_count_fails(lively, folder):
    opening = main_opening(lively)
    counted = {entry.fields["bid"] for entry in lively.standing(opening)}
    (bid, *_) = [each for each in opening.envelopes if each not in counted]
    path = place(lively, folder) / f"envelopes/{bid}.sealed"
    path.write_bytes(opening.envelopes[bid])
    assert any("none of a bid that counted" in line for line in failures(folder))


@pytest.mark.parametrize("fault", ["missing", "changed", "cut", "all missing", "extra"])
def test_tampered_files_fail(lively, folder, fault):
    (one,) = (place(lively, folder) / "files").iterdir()
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
def test_any_field_of_a_verdict_that_differs_fails(lively, folder, name, value):
    path = place(lively, folder) / "verdicts.json"

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
def test_rows_missing_or_doubled_fail(lively, folder, change):
    edit_json(place(lively, folder) / "verdicts.json", change)
    assert any(line.startswith("verdicts of") for line in failures(folder))


@pytest.mark.parametrize("data", [b"", b"[1.5]", b"[", b"\xff", b"[]\n\n", b"[" * 9999, b"[1e999]"])
def test_verdicts_that_are_no_json_fail(lively, folder, data):
    (place(lively, folder) / "verdicts.json").write_bytes(data)
    assert any(line.startswith("verdicts of") for line in failures(folder))
