"""The malware scanner hook: ClamAV where its daemon client is installed, nothing otherwise."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tender.core.errors import DomainError, Kind, invalid
from tender.core.i18n import N_

INFECTED = 1  # clamdscan's exit code for a finding


def scan(path: Path, name: str) -> None:
    """Refuse a file in which the scanner finds something.

    Raises DomainError `file.infected`, or `file.scanner` (503) when an installed scanner fails: a
    scanner that cannot answer must not let files pass.
    """
    program = shutil.which("clamdscan")
    if program is None:
        return
    result = subprocess.run(
        [program, "--fdpass", "--no-summary", str(path)],
        capture_output=True,
        timeout=120,
        check=False,
    )
    if result.returncode == INFECTED:
        raise invalid(
            "file.infected",
            N_("The virus scanner found something in “%(name)s”. It was not kept."),
            name=name,
        )
    if result.returncode != 0:
        raise DomainError(
            Kind.UNAVAILABLE,
            "file.scanner",
            N_("The virus scanner does not answer. Try again in some minutes."),
        )
