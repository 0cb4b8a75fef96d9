"""What the commands of `python -m keys` share: exit codes, one-line errors, output, input files."""

import argparse
import json
import re
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

from keys.errors import Malformed


class Exit(IntEnum):
    """The exit codes of every command."""

    DONE = 0
    CHECK_FAILED = 1
    UNUSABLE = 2


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line on standard error, exit 2."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit."""
        complain(f"{self.prog}: {message}")
        raise SystemExit(Exit.UNUSABLE)


def complain(message: str) -> None:
    """Write one line to standard error, whatever the message holds."""
    sys.stderr.write(_visible(message) + "\n")


def answer(value: Any) -> None:
    """Write one JSON line in UTF-8 to standard output.

    Names in a bid come from strangers, so characters that could steer a terminal are escaped.
    """
    line = _visible(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    sys.stdout.buffer.write(line.encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


def read_input(path: Path, what: str) -> bytes:
    """Return the bytes of a file named on the command line, or raise Malformed saying which."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Malformed("unreadable", f"{what} {path}: {error.strerror}") from error


def digits(text: str) -> int:
    """Read a decimal integer of plain digits; an argparse type."""
    if not re.fullmatch(r"[0-9]{1,16}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of plain digits")
    return int(text)


def hex_digest(text: str) -> str:
    """Read a SHA-256 in hexadecimal; an argparse type."""
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not 64 hexadecimal digits")
    return text.lower()


def _visible(text: str) -> str:
    return "".join(
        each if each.isprintable() else json.dumps(each, ensure_ascii=True)[1:-1] for each in text
    )
