"""`python -m keys verify DIR`: prove an exported directory, offline, without the platform.

Why: nobody needs to trust whoever runs the platform. What the platform says lies in plain files;
this program recomputes all of it from the ledger and the signatures and knows no database and no
clock. Whatever is unknown, unlisted, missing or early fails; nothing is skipped.

The keys that everything rests on are those of DIR/ledger/keys.json. Whoever has them from another
source (the county's printed notice, an earlier export) gives them with --keys, and a directory
that brings other keys fails.
"""

import argparse
import sys
from pathlib import Path

from keys.errors import Forged, Malformed
from keys.plainfiles import Folder, Keys
from keys.verify_documents import verify_attachments, verify_documents, verify_receipts
from keys.verify_ledger import read_ledger
from keys.verify_openings import verify_openings
from keys.verify_report import UNUSABLE, Report, reason, shown

LARGEST_KEYS = 4 * 1024 * 1024
_TOP = frozenset({"ledger", "openings", "receipts", "documents", "attachments"})
_INNER = frozenset({"envelopes", "files"})


def verify(root: Path, report: Report, *, pinned: Keys | None = None) -> None:
    """Check everything under `root`; the outcome is in the report."""
    folder = Folder(root)
    odd = [f"{path} is neither file nor folder" for path in folder.odd]
    report.outcome("layout: plain files and folders only", odd)
    keys: Keys | None = None
    with report.check("keys: the platform's and the custodians' keys"):
        keys = _keys(folder, pinned)
    if keys is None:
        return
    ledger = read_ledger(report, folder, keys)
    counted = verify_openings(report, folder, ledger)
    verify_receipts(report, folder, ledger, counted)
    verify_documents(report, folder, ledger)
    verify_attachments(report, folder, ledger)
    openings = {
        name
        for name, opening in ledger.openings.items()
        if keys.tender is None or opening.record.tender == keys.tender
    }
    report.outcome(
        "layout: nothing is there that the ledger does not name",
        [
            *(f"{path} is not part of the layout" for path in folder.unused()),
            *(
                f"{path}/ is not part of the layout"
                for path in sorted(folder.folders)
                if not _known(path, openings)
            ),
        ],
    )


def _keys(folder: Folder, pinned: Keys | None) -> Keys:
    keys = Keys.from_bytes(folder.read("ledger/keys.json", LARGEST_KEYS))
    if pinned is None:
        return keys
    if (keys.origin, keys.platform_name, keys.platform) != (
        pinned.origin,
        pinned.platform_name,
        pinned.platform,
    ):
        raise Forged("keys", "the platform's key is not the pinned one")
    if not keys.custodians.items() <= pinned.custodians.items():
        raise Forged("keys", "a custodian is not a pinned one")
    if not set(keys.roots) <= set(pinned.roots):
        raise Forged("keys", "a root certificate is not a pinned one")
    return keys


def _known(path: str, openings: set[str]) -> bool:
    parts = path.split("/")
    if parts[0] not in _TOP:
        return False
    if parts[0] != "openings" or len(parts) == 1:
        return len(parts) == 1
    return parts[1] in openings and (len(parts) == 2 or (len(parts) == 3 and parts[2] in _INNER))


def main(arguments: list[str]) -> int:
    """Run `verify DIR [--keys FILE]`; 0 all held, 1 a check failed, 2 unusable input."""
    parser = argparse.ArgumentParser(
        prog="python -m keys verify",
        description="Prove an exported directory offline. Exit 0: all held; 1: a check failed; "
        "2: unusable input.",
    )
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument(
        "--keys", type=Path, help="a keys.json from a source that you trust, to compare with"
    )
    given = parser.parse_args(arguments)
    report = Report()
    try:
        pinned = Keys.from_bytes(given.keys.read_bytes()) if given.keys else None
        if not given.directory.is_dir():
            raise Malformed("directory", f"{given.directory} is not a directory")
        verify(given.directory, report, pinned=pinned)
    except UNUSABLE as error:
        print(f"verify: {shown(reason(error))}", file=sys.stderr)
        return 2
    print(report.summary())
    return 1 if report.failures else 0
