"""Attachments are judged by ending, first bytes, size and scanner; refused ones leave nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tender.core.errors import DomainError
from tender.core.files import StoredFile, blob_path, keep_upload, store_blob
from tender.core.platform import Platform
from tests.tender import factories as make

PDF = b"%PDF-1.7\nhello"
PNG = b"\x89PNG\r\n\x1a\n...."
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SCANNER = """#!/bin/sh
# Answers as clamdscan does: 1 for a finding, 2 when its daemon does not answer.
for path; do :; done
[ -e "{home}/down" ] && exit 2
grep -q "EICAR-STANDARD-ANTIVIRUS-TEST-FILE" "$path" && exit 1
exit 0
"""


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    made = make.platform(tmp_path / "data")
    yield made
    made.database.close()


@pytest.fixture
def scanner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scanner on PATH that knows the EICAR test file; a file `down` beside it stops it."""
    home = tmp_path / "scanner"
    home.mkdir()
    program = home / "clamdscan"
    program.write_text(SCANNER.format(home=home))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    return home


def _keep(platform: Platform, name: str, data: bytes) -> StoredFile:
    with platform.database.write() as session:
        return keep_upload(
            session, platform.settings.store, name=name, chunks=[data], actor_id="somebody",
            now=make.START,
        )  # fmt: skip


def _refused(platform: Platform, name: str, data: bytes) -> str:
    with pytest.raises(DomainError) as refusal:
        _keep(platform, name, data)
    with platform.database.read() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0
    store = platform.settings.store
    assert [path for path in store.rglob("*") if path.is_file()] == []
    return refusal.value.code


def test_a_good_file_is_kept_under_its_hash(platform: Platform, scanner: Path) -> None:
    stored = _keep(platform, "图纸.PDF", PDF)
    assert (stored.name, stored.media_type, stored.size) == ("图纸.PDF", "application/pdf", 14)
    assert blob_path(platform.settings.store, stored.sha256).read_bytes() == PDF
    again = _keep(platform, "same.pdf", PDF)
    assert again.sha256 == stored.sha256
    assert again.id != stored.id


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("run.exe", b"MZ"), ("page.html", b"<script>"), ("picture.svg", b"<svg/>"), ("none", PDF),
        ("drawing.pdf", PNG), ("drawing.pdf", b""), ("photo.jpg", PDF), ("table.xlsx", b"<html>"),
        ("two.pdf.exe", PDF),
    ],
)  # fmt: skip
def test_a_wrong_type_is_refused_and_leaves_nothing(
    platform: Platform, name: str, data: bytes
) -> None:
    assert _refused(platform, name, data) == "file.type"


def test_a_name_never_leaves_its_directory(platform: Platform) -> None:
    assert _keep(platform, "../../etc/passwd.txt", b"x").name == "passwd.txt"
    assert _keep(platform, "C:\\Windows\\a.txt", b"x").name == "a.txt"


def test_an_infected_file_is_refused_and_leaves_nothing(platform: Platform, scanner: Path) -> None:
    assert _refused(platform, "letter.txt", EICAR) == "file.infected"
    assert _refused(platform, "drawing.pdf", PDF + EICAR) == "file.infected"
    _keep(platform, "letter.txt", EICAR.replace(b"EICAR", b"HARMLESS"))


def test_a_scanner_that_does_not_answer_lets_nothing_pass(
    platform: Platform, scanner: Path
) -> None:
    (scanner / "down").touch()
    assert _refused(platform, "drawing.pdf", PDF) == "file.scanner"


def test_a_refused_file_takes_no_earlier_one_of_the_same_bytes_with_it(
    platform: Platform, scanner: Path
) -> None:
    kept = _keep(platform, "drawing.pdf", PDF)
    (scanner / "down").touch()
    with pytest.raises(DomainError):
        _keep(platform, "drawing.pdf", PDF)
    assert blob_path(platform.settings.store, kept.sha256).read_bytes() == PDF


def test_too_many_bytes_are_refused_before_they_fill_the_disk(platform: Platform) -> None:
    store, taken = platform.settings.store, []

    def flood() -> Iterator[bytes]:
        for number in range(1000):
            taken.append(number)
            yield b"x" * 1024

    with pytest.raises(DomainError) as refusal:
        store_blob(store, flood(), limit=10 * 1024)
    assert refusal.value.code == "file.too_large"
    assert len(taken) == 11
    assert [path for path in store.rglob("*") if path.is_file()] == []
