"""`./manage demo --once`: whole lives over HTTP, with real custodians, judged by the verifier."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path, str]:
    """The JSON line, the plain files, and what was told."""
    target = tmp_path_factory.mktemp("once") / "files"
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--once", "--data", str(target)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=420,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout), target, done.stderr


def test_every_lot_of_the_four_tenders_comes_to_its_end(
    played: tuple[dict[str, Any], Path, str],
) -> None:
    rows = played[0]["tenders"]
    assert len(rows) == 5 + 1 + 4 + 1
    failed = [row for row in rows if row["winner"] is None]
    assert [row["award_fen"] for row in failed] == [0]
    assert failed[0]["opened"] == 0
    for row in rows:
        assert row["receipts_verified"] is True
        if row["winner"] is not None:
            assert row["bids_received"] == row["opened"] + row["bidder_fault"]
            assert row["award_fen"] > 0
            assert (played[1] / row["award_pdf"]).read_bytes().startswith(b"%PDF-")
    assert played[0]["ledger"]["verified"] is True


def test_the_faulty_the_late_and_the_withdrawn_are_counted(
    played: tuple[dict[str, Any], Path, str],
) -> None:
    first = played[0]["tenders"][0]
    assert first["bidder_fault"] == 2
    assert first["withdrawn"] == 1
    assert first["late_refused"] == 1
    assert first["opened"] == 5
    verdicts = json.loads((played[1] / "openings" / first["id"] / "verdicts.json").read_text())
    assert [row["files"] for row in verdicts].count("bidder_fault") == 1
    winner = max(row["prices_fen"].get("1", 0) for row in verdicts if row["files"] == "opened")
    assert first["award_fen"] == winner * 20


def test_a_works_tender_is_won_by_its_panel(played: tuple[dict[str, Any], Path, str]) -> None:
    works = played[0]["tenders"][-1]
    assert works["kind"] == "construction"
    assert works["bids_received"] == 7
    assert "程序暂停" in played[2]


def test_the_verifier_notices_one_changed_byte_of_an_award_letter(
    played: tuple[dict[str, Any], Path, str],
) -> None:
    letter = played[1] / played[0]["tenders"][0]["award_pdf"]
    kept = letter.read_bytes()
    letter.write_bytes(kept[:-200] + bytes([kept[-200] ^ 1]) + kept[-199:])
    done = subprocess.run(
        [sys.executable, "-m", "keys", "verify", str(played[1])],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    letter.write_bytes(kept)
    assert done.returncode == 1
    assert letter.stem in done.stdout
