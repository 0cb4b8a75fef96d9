"""One file with everything of an installation, and the way back.

The archive is a plain tar: the database as one consistent snapshot, then every file of the data
directory, then MANIFEST with the SHA-256 of each. The database is taken first, so every file that
it names is there. It holds the platform's signing key and its secrets, so it is readable by its
owner alone and must be kept like them; it holds no key that opens a bid, because the platform has
none (custodians' directories are never taken, a custodian restored from a backup could sign twice).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import URL, make_url

from tender.core.errors import DomainError, Kind
from tender.core.files import fsync_directory
from tender.core.i18n import N_
from tender.core.settings import Settings

VERSION = "backup/v1"
MANIFEST = "MANIFEST"
LEFT_OUT = {"run", "logs", "custodians", "opening", "restoring"}
SQLITE_NAME = "database.sqlite"
POSTGRES_NAME = "database.dump"


class BackupRefused(DomainError):
    """A backup that could not be made or may not be restored here."""

    def __init__(self, code: str, message: str, **params: object) -> None:
        super().__init__(Kind.CONFLICT, f"backup.{code}", message, fields=None, **params)


class _Hashing(io.RawIOBase):
    """A reader that hashes what passes; tarfile reads from it."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source = source
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        """It reads."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read and hash."""
        got = self.source.read(len(buffer))
        buffer[: len(got)] = got
        self.digest.update(got)
        return len(got)


def _postgres_program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        homes = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
        newest = sorted(homes, key=lambda path: int(path.parts[-3]))
        if not newest:
            raise BackupRefused(
                "no_program",
                N_("%(name)s is missing. Install postgresql-client and try again."),
                name=name,
            )
        found = str(newest[-1])
    return found


def _ran(command: list[str], settings: Settings) -> None:
    """Run one of PostgreSQL's programs; the password goes by environment: all see arguments."""
    password = make_url(settings.database_url).password
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["-"])[-1]
        raise BackupRefused(
            "program_failed",
            N_("%(name)s failed: %(why)s"),
            name=Path(command[0]).name,
            why=last,
        )


def _sqlite_path(settings: Settings) -> Path | None:
    url = make_url(settings.database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _plain(settings: Settings) -> str:
    return settings.database_url.replace("postgresql+psycopg:", "postgresql:", 1)


def _public_url(settings: Settings) -> str:
    url = make_url(_plain(settings))
    bare = URL.create(
        url.drivername, url.username, None, url.host, url.port, url.database, url.query
    )
    return bare.render_as_string(hide_password=False)


def _snapshot(settings: Settings, working: Path) -> Path:
    """The database as one file, consistent although others write on."""
    path = _sqlite_path(settings)
    if path is None:
        target = working / POSTGRES_NAME
        program = _postgres_program("pg_dump")
        place = f"--dbname={_public_url(settings)}"
        _ran([program, "--format=custom", f"--file={target}", place], settings)
        return target
    target = working / SQLITE_NAME
    reading = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with closing(reading) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target


def _files(settings: Settings) -> Iterator[Path]:
    database = _sqlite_path(settings)
    own = (
        {f"{database.name}{end}" for end in ("", "-wal", "-shm", "-journal")} if database else set()
    )
    for top in sorted(settings.data.iterdir()):
        if top.name in LEFT_OUT or top.name in own:
            continue
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not path.is_symlink() and not path.name.startswith(".new-"):
                yield path


def _add(archive: tarfile.TarFile, path: Path, name: str, digests: dict[str, str]) -> None:
    try:
        source = path.open("rb")
    except FileNotFoundError:
        return  # It was removed after the snapshot, which therefore does not name it.
    with source:
        info = tarfile.TarInfo(name)
        info.size = os.fstat(source.fileno()).st_size
        info.mode = 0o600
        hashing = _Hashing(source)
        archive.addfile(info, io.BufferedReader(hashing, 1 << 20))
        digests[name] = hashing.digest.hexdigest()


def backup(settings: Settings, target: Path) -> int:
    """Write everything to `target`, durable when this returns; gives the number of files.

    An older file of that name is replaced only by a whole one.
    """
    target = target.absolute()
    partial = target.with_name(f".{target.name}.partial")
    working = settings.data / "run" / f"backup-{os.getpid()}"
    working.mkdir(parents=True, mode=0o700)
    digests: dict[str, str] = {}
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            with tarfile.open(fileobj=out, mode="w") as archive:
                snapshot = _snapshot(settings, working)
                _add(archive, snapshot, snapshot.name, digests)
                for path in _files(settings):
                    _add(archive, path, f"data/{path.relative_to(settings.data)}", digests)
                manifest = json.dumps({"v": VERSION, "sha256": digests}, sort_keys=True).encode()
                info = tarfile.TarInfo(MANIFEST)
                info.size = len(manifest)
                archive.addfile(info, io.BytesIO(manifest))
            out.flush()
            os.fsync(out.fileno())
        partial.replace(target)
        fsync_directory(target.parent)
    finally:
        partial.unlink(missing_ok=True)
        shutil.rmtree(working, ignore_errors=True)
    return len(digests)


def _refuse_occupied(settings: Settings) -> None:
    database = _sqlite_path(settings)
    held = [settings.data / name for name in ("store", "platform", "centre", "uploads")]
    held += [database] if database else []
    there = [path for path in held if path.exists()]
    if not there and database is None:
        engine = create_engine(_plain(settings).replace("postgresql:", "postgresql+psycopg:", 1))
        tables = inspect(engine).get_table_names()
        engine.dispose()
        there = [Path(table) for table in tables[:1]]
    if there:
        raise BackupRefused(
            "occupied",
            N_(
                "There is data already: %(path)s. Restore into an empty data directory and an "
                "empty database (TENDER_DATA, DATABASE_URL); nothing is ever overwritten."
            ),
            path=there[0],
        )


def _unpack(source: Path, working: Path) -> None:
    """Unpack into an empty directory; raise unless all is there and nothing was changed."""
    digests: dict[str, str] = {}
    stated: dict[str, Any] = {}
    with tarfile.open(source, mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            path = (working / member.name).resolve()
            if content is None or not path.is_relative_to(working.resolve()):
                raise _damaged(member.name)
            if member.name == MANIFEST:
                stated = json.loads(content.read())
                continue
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            hashing = _Hashing(content)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                shutil.copyfileobj(io.BufferedReader(hashing, 1 << 20), out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            digests[member.name] = hashing.digest.hexdigest()
    expected = stated.get("sha256", {})
    if stated.get("v") != VERSION or digests != expected:
        wrong = [name for name in {*digests, *expected} if digests.get(name) != expected.get(name)]
        raise _damaged(min(wrong) if wrong else MANIFEST)


def _damaged(name: str) -> BackupRefused:
    message = N_("The backup is damaged at %(name)s. Nothing was restored; take another one.")
    return BackupRefused("damaged", message, name=name)


def restore(settings: Settings, source: Path) -> None:
    """Bring everything back into an empty installation; the caller verifies the ledger after it.

    Raises `BackupRefused` and changes nothing if there is data already or the file is damaged.
    """
    _refuse_occupied(settings)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    working = settings.data / "restoring"
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(mode=0o700)
    try:
        try:
            _unpack(source, working)
        except (tarfile.TarError, ValueError, EOFError, FileExistsError) as error:
            raise _damaged(source.name) from error
        database = _sqlite_path(settings)
        if not (working / (POSTGRES_NAME if database is None else SQLITE_NAME)).exists():
            raise BackupRefused(
                "other_database",
                N_(
                    "The backup is of another kind of database. "
                    "Set DATABASE_URL to one of its kind."
                ),
            )
        if database is None:
            command = [_postgres_program("pg_restore"), "--no-owner", "--exit-on-error"]
            place = f"--dbname={_public_url(settings)}"
            _ran([*command, place, str(working / POSTGRES_NAME)], settings)
        _move(working / "data", settings.data)
        if database is not None:
            (working / SQLITE_NAME).replace(database)
            fsync_directory(database.parent)
    finally:
        shutil.rmtree(working, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir():
            place.mkdir(exist_ok=True, mode=0o700)
        else:
            path.replace(place)
            fsync_directory(place.parent)
