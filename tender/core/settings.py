"""Settings of one installation, read once from the environment and the data directory."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LONGEST_SOCKET = 100  # bytes; the kernel takes 107


class Mode(StrEnum):
    """Production refuses everything that exists for the demo."""

    PRODUCTION = "production"
    DEMO = "demo"
    TEST = "test"


@dataclass(frozen=True)
class Settings:
    """What an installation is told from outside; everything else lies in its database."""

    data: Path
    mode: Mode
    platform: str  # the platform's id in opening records and note origins
    site_name: str
    public_url: str
    database_url: str
    redis_url: str
    smtp_url: str  # smtp://user:password@host:port, or empty: mail waits in the outbox
    max_bid_bytes: int
    secret_key: str
    proxies: int = 0  # how many proxies stand before the server and tell whom they speak for

    @property
    def https(self) -> bool:
        """Whether readers reach this platform by https: its cookies then travel no other way."""
        return self.public_url.startswith("https://")

    @property
    def sandbox(self) -> bool:
        """Whether this is a sandbox whose clock may be moved."""
        return self.mode is not Mode.PRODUCTION

    @property
    def store(self) -> Path:
        """The directory of stored files, addressed by SHA-256."""
        return self.data / "store"

    @property
    def platform_keys(self) -> Path:
        """The directory of the platform's own signing keys."""
        return self.data / "platform"

    @property
    def clock_file(self) -> Path:
        """The sandbox clock's file."""
        return self.data / "clock.json"

    @property
    def sandbox_mark(self) -> Path:
        """The file that says that a sandbox has used this data directory."""
        return self.data / "sandbox"


def mark_sandbox(settings: Settings) -> None:
    """Leave a mark in a data directory that a sandbox uses: production refuses it for ever."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.sandbox_mark.touch()


def secret(path: Path) -> str:
    """A secret kept in a file readable by its owner alone, made at the first use."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()


def run_directory(data: Path) -> Path:
    """Where sockets lie: `run` under the data directory, or a short private path instead.

    A socket's path may have 107 bytes at most, which a deep data directory exceeds.
    """
    wanted = data / "run"
    if len(os.fsencode(wanted / "valkey.sock")) <= LONGEST_SOCKET:
        return wanted
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tender-{os.getuid()}-{mark}"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from the environment, with the embedded defaults."""
    data = Path(environ.get("TENDER_DATA", "var")).resolve()
    run = run_directory(data)
    return Settings(
        data=data,
        mode=Mode(environ.get("TENDER_MODE", "production")),
        platform=environ.get("TENDER_PLATFORM", "tender.local"),
        site_name=environ.get("TENDER_NAME", "公共资源交易中心"),
        public_url=environ.get("TENDER_URL", "http://localhost:8000").rstrip("/"),
        database_url=environ.get("DATABASE_URL", f"sqlite:///{data / 'tender.sqlite'}"),
        redis_url=environ.get("REDIS_URL", f"unix://{run / 'valkey.sock'}"),
        smtp_url=environ.get("SMTP_URL", ""),
        max_bid_bytes=int(environ.get("TENDER_MAX_BID_BYTES", str(2 * 1024**3))),
        secret_key=environ.get("TENDER_SECRET_KEY") or secret(data / "secrets" / "web"),
        proxies=int(environ.get("TENDER_PROXIES", "0")),
    )
