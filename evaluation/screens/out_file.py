"""Whether the file of --out can be written (结果文件), asked before the work is done."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def why_not_writable(out: Path, inputs: Iterable[Path | None]) -> str:
    """Return why an answer cannot be written there, "" if it can; its folder is made.

    An input is never written over, and an hour of work is not lost to a mistyped name.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if any(path is not None and out.exists() and out.samefile(path) for path in inputs):
            return "is one of the inputs. Name another file."
        with out.open("ab"):
            return ""
    except OSError as error:
        return f"cannot be written ({error.strerror}). Name a file in a folder of yours."
