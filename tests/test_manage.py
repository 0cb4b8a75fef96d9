"""`./manage` on machines that lack something: a clear message, a code, and nothing broken."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import house

SH = shutil.which("dash") or "/bin/sh"
PYTHONS = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A checkout in which nothing was prepared, with a folder of stand-in programs."""
    root = tmp_path / "checkout"
    (root / "stubs").mkdir(parents=True)
    shutil.copy(house.ROOT / "manage", root)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (root / name).write_text("")
    return root


def stub(root: Path, name: str, script: str) -> None:
    path = root / "stubs" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def manage(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{root / 'stubs'}:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(root)}
    return subprocess.run(
        [SH, str(root / "manage"), *words], env=environment, capture_output=True, text=True
    )


def test_an_unknown_word_is_told_with_the_words_that_exist(fresh):
    done = manage(fresh, "deploy")
    assert done.returncode == 2
    assert "there is no command 'deploy'" in done.stderr
    for command in ("demo", "test", "setup", "serve", "worker", "tick", "check", "bench"):
        assert f"\n  {command}" in done.stderr


def test_help_is_no_error(fresh):
    for words in ([], ["help"], ["--help"]):
        done = manage(fresh, *words)
        assert done.returncode == 0
        assert "Usage: ./manage" in done.stdout


@pytest.mark.parametrize("words", [["backup"], ["restore"], ["export"], ["export", "tender"]])
def test_a_missing_argument_is_told_before_anything_is_prepared(fresh, words):
    done = manage(fresh, *words)
    assert done.returncode == 2
    assert f"usage: ./manage {words[0]}" in done.stderr
    assert not (fresh / ".venv").exists()


def test_without_root_the_exact_line_is_printed_and_nothing_is_touched(fresh):
    stub(fresh, "id", "echo 1000")
    stub(fresh, "ldconfig", "echo")
    stub(fresh, "apt-get", f"touch {fresh}/apt-was-called")
    (fresh / "manage").write_text(
        (fresh / "manage").read_text().replace("/sbin/ldconfig", f"{fresh}/stubs/ldconfig")
    )
    done = manage(fresh, "demo")
    assert done.returncode == 3
    line = next(line for line in done.stderr.splitlines() if "apt-get install" in line).strip()
    assert line.startswith("sudo apt-get update && sudo apt-get install --no-install-recommends -y")
    assert "libpango-1.0-0" in line.split()
    assert "libharfbuzz-subset0" in line.split()
    assert not (fresh / "apt-was-called").exists()
    assert not (fresh / ".venv").exists()


def test_an_old_python_is_named(fresh):
    for name in PYTHONS:
        stub(fresh, name, 'case "$1" in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac')
    done = manage(fresh, "setup")
    assert done.returncode == 4
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "Python 3.9.2" in done.stderr
    assert "TENDER_PYTHON" in done.stderr


def test_too_little_room_is_told_before_it_is_filled(fresh):
    stub(fresh, "df", "printf 'Filesystem 1024-blocks Used Available\\nx 9 9 204800\\n'")
    done = manage(fresh, "setup")
    assert done.returncode == 4
    assert "only 200 MB are free" in done.stderr
    assert "2000 MB" in done.stderr
    assert not (fresh / ".venv").exists()


def test_a_disk_that_fills_up_on_the_way_is_told(fresh):
    stub(fresh, "uv", "echo 'write failed: No space left on device' >&2; exit 1")
    stub(fresh, "python3", '[ "$1" = -c ] || { echo "No space left on device" >&2; exit 1; }')
    done = manage(fresh, "setup")
    assert done.returncode == 4
    assert "the disk is full" in done.stderr


def test_a_broken_lock_fails_with_the_installers_own_words(fresh):
    if not os.access(house.ROOT / ".venv" / "bin" / "python", os.X_OK):
        pytest.fail("the tests run outside the environment")
    (fresh / "requirements.lock").write_text("click==8.5.1\n")
    (fresh / ".venv" / "bin").mkdir(parents=True)
    (fresh / ".venv" / "bin" / "python").symlink_to(house.ROOT / ".venv" / "bin" / "python")
    done = manage(fresh, "setup")
    assert done.returncode == 4
    assert "hash" in done.stderr.lower()
    assert not (fresh / ".venv" / ".stamp-requirements").exists()
