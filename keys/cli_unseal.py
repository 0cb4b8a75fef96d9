"""`python -m keys unseal`: anybody recomputes the verdict on a bid from public files."""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from keys.command import Exit, Parser, answer, complain, hex_digest, read_input
from keys.encoding import sha256_hex
from keys.envelope import MAX_ENVELOPE
from keys.lanes import SLICE
from keys.records import OpeningRecord
from keys.verdict import Absent, Judgement, Leaf, Verdict, judge_leaf, released_keys


def main(arguments: list[str]) -> int:
    """Print the verdict as one JSON line; exit 0 whatever it is, 2 without record or releases.

    Reads no clock and no network. Files are written only if they were opened.
    """
    given = _arguments(arguments)
    record = OpeningRecord.from_bytes(read_input(given.record, "record"))
    releases = _releases(record, given.releases)
    given.out.mkdir(parents=True, exist_ok=True)
    answer(_judge(record, releases, given).to_object())
    return Exit.DONE


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m keys unseal", description="Open and judge a sealed bid.")
    parser.add_argument("--record", type=Path, required=True, help="record.json of the opening")
    parser.add_argument("--releases", type=Path, required=True, help="releases.jsonl")
    parser.add_argument("--sha256", type=hex_digest, help="the envelope's, as in the ledger")
    parser.add_argument("--files", type=Path, help="the encrypted files, if they are at hand")
    parser.add_argument("--files-digest", type=hex_digest, help="piece digest, as in the ledger")
    parser.add_argument("--out", type=Path, required=True, help="where opened files are written")
    parser.add_argument("envelope", type=Path, metavar="ENVELOPE")
    return parser.parse_args(arguments)


def _releases(record: OpeningRecord, path: Path) -> list[Any]:
    """Return what the lines hold that count; every other line is named on standard error."""
    counted = []
    lines = read_input(path, "releases").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and released_keys(record, [value]):
            counted.append(value)
        else:
            complain(f"{path} line {number}: skipped, it releases no key of the record")
    return counted


def _judge(record: OpeningRecord, releases: list[Any], given: argparse.Namespace) -> Judgement:
    try:
        envelope, sha256 = _read_envelope(given.envelope)
    except FileNotFoundError:
        return Judgement(Verdict.CUSTODY_FAULT, "envelope_missing")
    except OSError:
        return Judgement(Verdict.CUSTODY_FAULT, "envelope_unreadable")
    if given.sha256 not in (None, sha256):
        return Judgement(Verdict.CUSTODY_FAULT, "envelope_differs")
    leaf = Leaf(files=True if given.files_digest else None, files_digest=given.files_digest)
    return judge_leaf(record, releases, envelope, leaf, given.files or Absent.LEFT_OUT, given.out)


def _read_envelope(path: Path) -> tuple[bytes, str]:
    """Return the envelope and its SHA-256; of one that is too long only the beginning."""
    with path.open("rb") as stream:
        envelope = stream.read(MAX_ENVELOPE + 1)
        if len(envelope) <= MAX_ENVELOPE:
            return envelope, sha256_hex(envelope)
        whole = hashlib.sha256(envelope)
        while chunk := stream.read(SLICE):
            whole.update(chunk)
    return envelope, whole.hexdigest()
