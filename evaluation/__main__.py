"""Collusion screens on plain files, without the platform: `python -m evaluation`.

Supervisors and researchers run this on files they hold. It imports pure files only, and each
command's files only when that command is asked for, so `compare` needs nothing of `screen`.
"""

from __future__ import annotations

import sys
from importlib import import_module

COMMANDS = {
    "screen": ("evaluation.screens.cli", "price screens over a table of bids"),
    "compare": ("evaluation.compare.cli", "similarity between the bids of one tender"),
}


def main(argv: list[str]) -> int:
    """Hand the arguments after the command's name to that command; return its exit status."""
    if not argv or argv[0] not in COMMANDS:
        asked_for_help = bool(argv) and argv[0] in ("-h", "--help")
        out = sys.stdout if asked_for_help else sys.stderr
        print("usage: python -m evaluation COMMAND ...", file=out)
        for name, (_, what) in COMMANDS.items():
            print(f"  {name:8} {what}; `python -m evaluation {name} --help`", file=out)
        return 0 if asked_for_help else 2
    module, _ = COMMANDS[argv[0]]
    status: int = import_module(module).main(argv[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
