"""Whoever owns the database can change rows; everybody who computes the ledger again finds it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from keys.plainfiles import Folder, Keys
from keys.verify_ledger import read_ledger
from keys.verify_report import Report
from tender.core.platform import Platform
from tender.ledger import checkpoints
from tender.ledger.audit import LedgerBroken, audit
from tender.ledger.signing import note_key
from tests.tender.ledger.lines import add, served, sign, unguard


@pytest.fixture
def signed(platform: Platform) -> Platform:
    """Eight lines under two checkpoints; each meeting has a name of its own."""
    for number in range(5):
        add(platform, subject=f"meeting-{number}")
    sign(platform)
    for number in range(5, 8):
        add(platform, subject=f"meeting-{number}")
    sign(platform)
    return platform


def stranger(platform: Platform, place: Path) -> list[str]:
    """The failures that the public verifier finds in what is served."""
    (place / "ledger").mkdir(parents=True)
    with platform.database.read() as session:
        newest = checkpoints.newest(session)
        assert newest is not None
        note = checkpoints.with_witnesses(session, newest)
    name = platform.settings.platform
    keys = Keys(name, name, note_key(platform.settings).public, {}, ())
    lines = "".join(f"{line}\n" for line in served(platform, newest.size))
    (place / "ledger" / "entries.jsonl").write_text(lines, encoding="utf-8")
    (place / "ledger" / "checkpoint").write_text(note, encoding="utf-8")
    report = Report(io.StringIO())
    read_ledger(report, Folder(place), keys)
    return report.failures


def ours(platform: Platform) -> str:
    """What the platform's own audit says, empty if all is well."""
    try:
        with platform.database.read() as session:
            audit(session, platform.settings)
    except LedgerBroken as broken:
        return str(broken)
    return ""


def test_an_untouched_ledger_satisfies_both(signed: Platform, tmp_path: Path) -> None:
    assert stranger(signed, tmp_path / "files") == []
    assert ours(signed) == ""


COPY = (
    "UPDATE ledger_entry SET line = other.line, leaf = other.leaf "
    "FROM (SELECT line, leaf FROM ledger_entry WHERE seq = 3) AS other WHERE seq = 4"
)
EDIT = "UPDATE ledger_entry SET line = replace(line, {}) WHERE seq = {}"
FAULTS = {
    "an edited line": [EDIT.format("'meeting-3', 'meeting-9'", 3)],
    "an earlier beginning": [EDIT.format("'2026-12-01', '2026-11-01'", 0)],
    "a removed line": ["DELETE FROM ledger_entry WHERE seq = 3"],
    "a cut end": ["DELETE FROM ledger_entry WHERE seq = 7"],
    "a doubled line": [COPY],
    "lines in another order": [
        "UPDATE ledger_entry SET seq = 99 WHERE seq = 2",
        "UPDATE ledger_entry SET seq = 2 WHERE seq = 3",
        "UPDATE ledger_entry SET seq = 3 WHERE seq = 99",
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_by_the_stranger_and_by_us(
    signed: Platform, tmp_path: Path, fault: str
) -> None:
    unguard(signed, *FAULTS[fault])
    assert stranger(signed, tmp_path / "files") != []
    assert "broken at entry" in ours(signed)


def test_hiding_a_line_again_is_found(signed: Platform, tmp_path: Path) -> None:
    unguard(signed, "UPDATE ledger_entry SET hidden_by = 'x' WHERE seq = 3")
    (failure,) = stranger(signed, tmp_path / "files")
    assert "hidden" in failure


def test_a_changed_tree_cannot_grow_into_a_checkpoint_that_fits(signed: Platform) -> None:
    other = "(SELECT leaf FROM ledger_entry WHERE seq = 0)"
    unguard(signed, f"UPDATE ledger_node SET hash = {other} WHERE level = 3")
    add(signed)
    sign(signed)
    assert "another root" in ours(signed)


def test_lines_under_a_signed_checkpoint_that_vanish_are_missed(signed: Platform) -> None:
    unguard(signed, "DELETE FROM ledger_entry WHERE seq >= 5")
    assert "are missing" in ours(signed)
