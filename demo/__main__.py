"""`python -m demo`: the demo county, or with `--once` whole lives that end by themselves."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from demo import living, once
from demo.county import ROOT
from tender.core.errors import DomainError


def main() -> int:
    """Read the command line and play."""
    parser = argparse.ArgumentParser(prog="./manage demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="play whole lives, verify, and end")
    parser.add_argument("--data", type=Path, help="with --once: where the plain files go")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--https-port", type=int, default=8443)
    given = parser.parse_args()
    try:
        if given.once:
            return once.play(given.data)
        data = given.data or Path(os.environ.get("TENDER_DATA", ROOT / "var" / "demo"))
        return living.live(data.resolve(), given.port, given.https_port)
    except DomainError as refusal:
        sys.stderr.write(f"demo: {refusal.text()}\n")
        return 4


if __name__ == "__main__":
    sys.exit(main())
