"""`python -m demo`: the demo county, or with `--once` whole lives that end by themselves."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from demo import once


def main() -> int:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(prog="./manage demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="play whole lives, verify, and end")
    parser.add_argument("--data", type=Path, help="with --once: where the plain files go")
    given = parser.parse_args()
    return once.play(given.data)


if __name__ == "__main__":
    sys.exit(main())
