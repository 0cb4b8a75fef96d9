"""A backup brings everything back, and nothing that was changed is ever restored."""

import io
import json
import sqlite3
import tarfile
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from tender.core.backup import BackupRefused, backup, restore
from tender.core.files import blob_path, store_blob
from tender.core.migrating import migrate, require_current
from tender.core.platform import Platform, connect
from tender.core.settings import load
from tender.ledger.audit import LedgerBroken, audit
from tender.ledger.checkpoints import sign_checkpoint
from tender.ledger.guarding import KEPT
from tender.ledger.service import append

NOW = datetime(2026, 11, 20, 1, 0, 0, 654321, tzinfo=UTC)  # as a machine's clock tells it


@contextmanager
def installation(data: Path, url: str = ""):
    platform = connect(load({"TENDER_DATA": str(data)} | ({"DATABASE_URL": url} if url else {})))
    yield platform
    platform.database.close()


def add(platform: Platform, count: int) -> None:
    with platform.database.write() as session:
        for number in range(count):
            append(session, "filler", subject=f"s{number}", actor="a", now=NOW, fields=FIELDS)
        sign_checkpoint(session, platform.settings, now=NOW)


FIELDS = {"opening": "0" * 64}


def computed(platform: Platform) -> tuple[int, str]:
    with platform.database.read() as session:
        found = audit(session, platform.settings)
    return found.size, found.root


def filled(platform: Platform) -> str:
    """A ledger of some entries, a stored file, and a custodian's directory beside them."""
    migrate(platform.database)
    add(platform, 5)
    add(platform, 3)
    custodian = platform.settings.data / "custodians" / "one"
    custodian.mkdir(parents=True)
    (custodian / "seed").write_text("a custodian's secret seed")
    digest, _ = store_blob(platform.settings.store, [b"a plan ", b"of a road"])
    return digest


@pytest.fixture
def urls(request: pytest.FixtureRequest, database_url: str, tmp_path: Path):
    """Two databases of one kind: to back up from, and to restore into."""
    if database_url.startswith("sqlite"):
        yield database_url, f"sqlite:///{tmp_path / 'second.sqlite'}"
    else:
        with request.getfixturevalue("postgres").database() as second:
            yield database_url, second


def test_everything_comes_back_and_the_ledger_verifies(urls, tmp_path):
    archive = tmp_path / "all.tar"
    with installation(tmp_path / "one", urls[0]) as first:
        digest = filled(first)
        before = computed(first)
        assert backup(first.settings, archive) >= 3
        key = (first.settings.platform_keys / "ed25519").read_bytes()
    assert archive.stat().st_mode & 0o077 == 0
    assert b"custodian's secret" not in archive.read_bytes()
    with installation(tmp_path / "two", urls[1]) as second:
        restore(second.settings, archive)
        require_current(second.database)
        assert computed(second) == before == (8, before[1])
        assert blob_path(second.settings.store, digest).read_bytes() == b"a plan of a road"
        assert (second.settings.platform_keys / "ed25519").read_bytes() == key
        add(second, 1)
        assert computed(second)[0] == 9


def test_a_backup_during_writes_is_one_consistent_moment(tmp_path):
    archive = tmp_path / "all.tar"
    with installation(tmp_path / "one") as first:
        filled(first)
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                add(first, 1)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            backup(first.settings, archive)
        finally:
            stop.set()
            writer.join()
        after = computed(first)[0]
    with installation(tmp_path / "two") as second:
        restore(second.settings, archive)
        assert 8 <= computed(second)[0] <= after


def test_nothing_is_ever_overwritten(urls, tmp_path):
    archive = tmp_path / "all.tar"
    with installation(tmp_path / "one", urls[0]) as first:
        filled(first)
        backup(first.settings, archive)
        with pytest.raises(BackupRefused, match="empty data directory"):
            restore(first.settings, archive)
        assert computed(first)[0] == 8


def rewritten(archive: Path, name: str, change, *, honest: bool) -> Path:
    """A copy of an archive with one member changed, its digest too if `honest`."""
    members: dict[str, bytes] = {}
    with tarfile.open(archive) as old:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            members[member.name] = file.read()
    members[name] = change(members[name])
    manifest = json.loads(members.pop("MANIFEST"))
    if honest:
        manifest["sha256"][name] = sha256(members[name]).hexdigest()
    members["MANIFEST"] = json.dumps(manifest).encode()
    target = archive.with_name("changed.tar")
    with tarfile.open(target, "w") as new:
        for path, content in members.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            new.addfile(info, io.BytesIO(content))
    return target


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    target = tmp_path / "all.tar"
    with installation(tmp_path / "one") as first:
        filled(first)
        backup(first.settings, target)
    return target


@pytest.mark.parametrize("name", ["database.sqlite", "data/platform/ed25519"])
def test_a_changed_byte_is_found_and_nothing_is_restored(archive, tmp_path, name):
    with installation(tmp_path / "two") as second:
        with pytest.raises(BackupRefused, match="damaged at"):
            restore(second.settings, rewritten(archive, name, flipped, honest=False))
        assert not (second.settings.data / "tender.sqlite").exists()
        assert not second.settings.platform_keys.exists()


def test_a_cut_archive_is_refused(archive, tmp_path):
    content = archive.read_bytes()
    with installation(tmp_path / "two") as second:
        for size in (0, 700, len(content) // 2, len(content) - 11000):
            archive.write_bytes(content[:size])
            with pytest.raises(BackupRefused, match="damaged"):
                restore(second.settings, archive)
        archive.write_bytes(content)
        restore(second.settings, archive)


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "data/../../escaped"])
def test_a_name_that_leads_outside_is_refused(tmp_path, name):
    hostile = tmp_path / "hostile.tar"
    with tarfile.open(hostile, "w") as new:
        info = tarfile.TarInfo(name)
        info.size = 2
        new.addfile(info, io.BytesIO(b"hi"))
    with installation(tmp_path / "two") as second, pytest.raises(BackupRefused, match="damaged"):
        restore(second.settings, hostile)
    assert not list(tmp_path.rglob("escaped"))


FAULTS = {
    "edited": "UPDATE ledger_entry SET line = replace(line, 's3', 's4') WHERE seq = 3",
    "dropped": "DELETE FROM ledger_entry WHERE seq = 4",
    "truncated": "DELETE FROM ledger_entry WHERE seq = 7",
    "another column": "UPDATE ledger_entry SET event = 'award.made' WHERE seq = 2",
    "another time": "UPDATE ledger_entry SET time = '2026-11-20 00:00:00.000000' WHERE seq = 2",
    "another root": "UPDATE ledger_checkpoint SET root = zeroblob(32) WHERE size = 5",
    "another note": "UPDATE ledger_checkpoint SET note = replace(note, 'tender', 'render')",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_audit_after_a_restore_finds_a_planted_fault(archive, tmp_path: Path, fault):
    def change(content: bytes) -> bytes:
        path = tmp_path / "planted.sqlite"
        path.write_bytes(content)
        with closing(sqlite3.connect(path)) as connection, connection:
            for table in KEPT:
                connection.execute(f"DROP TRIGGER {table}_unchanged")
                connection.execute(f"DROP TRIGGER {table}_undeleted")
            assert connection.execute(FAULTS[fault]).rowcount >= 1
        return path.read_bytes()

    with installation(tmp_path / "two") as second:
        restore(second.settings, rewritten(archive, "database.sqlite", change, honest=True))
        with pytest.raises(LedgerBroken, match="broken at entry"):
            computed(second)


def test_the_databases_password_is_no_argument_that_all_processes_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program, told = tmp_path / "bin" / "pg_dump", tmp_path / "told"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nprintf "%s " "$@" "and $PGPASSWORD" >{told}\ntouch "${{2#*=}}"\n'
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    url = "postgresql://tender:geheim%40x@db.internal/tender"
    settings = load({"TENDER_DATA": str(tmp_path / "data"), "DATABASE_URL": url})
    backup(settings, tmp_path / "all.tar")
    arguments, password = told.read_text().split(" and ")
    assert "postgresql://tender@db.internal/tender" in arguments
    assert "geheim" not in arguments
    assert password.strip() == "geheim@x"
