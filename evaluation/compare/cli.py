"""`python -m evaluation compare`: compare the bids of one tender on plain files.

For supervisors and researchers without the platform. docs/compare.md describes what goes in and
what comes out.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.compare.extracted import Limits
from evaluation.screens.out_file import why_not_writable

if TYPE_CHECKING:
    from evaluation.compare.compare import Result

# How a file of findings begins.
ANSWER = b'{\n "findings": ['


def main(argv: list[str]) -> int:
    """Run the command; 0 if the findings were written, 2 if the arguments cannot be used."""
    options = _parser().parse_args(argv)
    if options.scanned_pages < 0:
        return _refuse(f"--scanned-pages {options.scanned_pages}: is less than 0")
    for name in ("tender", "background", "bids"):
        path = getattr(options, name)
        if path is not None and not path.exists():
            return _refuse(f"--{name} {path}: there is no such file or folder")
    if not options.bids.is_dir():
        return _refuse(f"--bids {options.bids}: is not a folder")
    why = _why_not(options.out, [options.tender, options.background, options.bids])
    if why:
        return _refuse(f"--out {options.out}: {why}")
    # NumPy reads this when it is imported: large pages are zeroed whole and cost a run that touches
    # its arrays once more time than they save.
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    from evaluation.compare.compare import NoBids, compare_folders

    try:
        result = _compare(compare_folders, options)
    except NoBids:
        return _refuse(
            f"--bids {options.bids}: holds no bids. Put one file or folder per bidder there."
        )
    content = json.dumps(result.to_json(), ensure_ascii=False, indent=1)
    options.out.write_text(content + "\n", encoding="utf-8", errors="backslashreplace")
    said = f"{len(result.findings)} findings, {len(result.unread)} files or parts unread"
    if result.bidders < 2:
        said += "; a bid that can be read has no other to be compared with"
    sys.stdout.write(said + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m evaluation compare", description=__doc__)
    parser.add_argument("--tender", type=Path, help="tender document, a file or a folder")
    parser.add_argument("--background", type=Path, help="folder of texts that anybody may copy")
    parser.add_argument("--bids", type=Path, required=True, help="one file or folder per bidder")
    parser.add_argument("--out", type=Path, required=True, help="where to write the findings")
    parser.add_argument("--index", type=Path, help="folder that keeps the background index")
    parser.add_argument(
        "--file-id-rule",
        action="store_true",
        help="a local rule names equal file creation identifiers: H4 is then of strength A",
    )
    parser.add_argument(
        "--scanned-pages",
        type=int,
        metavar="N",
        default=Limits.scanned,
        help="pages of one file that are pictures and are read by machine (default %(default)s)",
    )
    return parser


def _compare(compare_folders: Callable[..., Result], options: argparse.Namespace) -> Result:
    return compare_folders(
        options.bids,
        # A link that the caller names is meant; links inside folders are not followed.
        tender=options.tender.resolve() if options.tender else None,
        background=options.background,
        index=options.index,
        file_id_rule=options.file_id_rule,
        limits=Limits(scanned=options.scanned_pages),
        no_bids=[path for path in (options.out, options.tender, options.background) if path],
    )


def _why_not(out: Path, inputs: Sequence[Path | None]) -> str:
    """Return why the findings cannot be written there; below an input only over earlier ones."""
    place = Path(os.path.realpath(out))
    inside = [path for path in inputs if path and Path(os.path.realpath(path)) in place.parents]
    if inside and out.is_file():
        with out.open("rb") as file:
            if file.read(len(ANSWER)) not in (b"", ANSWER):
                return f"is a file of {inside[0]}. Name another file."
    return why_not_writable(out, inputs)


def _refuse(why: str) -> int:
    sys.stderr.write(f"compare: {why}\n")
    return 2
