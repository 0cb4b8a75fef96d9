"""The press's own process: reads orders as JSON lines, writes sealed PDFs.

    python -m tender.publication.papers.produce --fonts DIR --templates DIR
        [--memory BYTES] [--centre DIR --passphrase FILE]

One order a line on standard input, one answer a line on standard output:

    {"kind", "language", "context", "out": PATH, "now": "2026-11-23T03:00:00Z"}
    {"ok": true, "sha256", "size", "pages", "render_ms", "seal_ms"}
    {"ok": false, "code", "message"}

Without a centre, or without `now`, the document is written unsealed (a preview for the
screen, never issued). The process is apart because it loads a layout engine and handles what
strangers typed: the caller (`press`) gives it limits on time and memory and may kill it. It has
no database, no network and no clock.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import resource
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TextIO

from keys.centre import open_centre
from keys.encoding import parse_timestamp
from keys.errors import KeysError
from keys.pdf import verify_issued
from tender.publication.papers.documents import DocumentKind
from tender.publication.papers.rendering import Typesetter
from tender.publication.papers.sealing import SealKeys, open_keys, seal_pdf

SEAL_PURPOSE = "电子印章"


@dataclass(frozen=True)
class Workshop:
    """The loaded fonts and templates, and the seal's keys if there is a centre."""

    typesetter: Typesetter
    keys: SealKeys | None

    def produce(self, order: dict[str, Any]) -> dict[str, Any]:
        """Render, seal, check what was sealed, write it; the answer as JSON-able values."""
        began = perf_counter()
        rendered = self.typesetter.render(
            DocumentKind(order["kind"]), order["language"], order["context"]
        )
        set_at = perf_counter()
        pdf = rendered.pdf
        if self.keys is not None and order.get("now"):
            artwork = self.typesetter.seal(self.keys.name, SEAL_PURPOSE)
            now = parse_timestamp(order["now"])
            pdf = seal_pdf(pdf, self.keys, artwork=artwork, now=now)
            # What does not pass our own strict check must never leave the house.
            verify_issued(pdf, [self.keys.root])
        Path(order["out"]).write_bytes(pdf)
        return {
            "ok": True,
            "sha256": hashlib.sha256(pdf).hexdigest(),
            "size": len(pdf),
            "pages": rendered.pages,
            "render_ms": round((set_at - began) * 1000),
            "seal_ms": round((perf_counter() - set_at) * 1000),
        }


def answer(workshop: Workshop, line: str) -> dict[str, Any]:
    """The answer to one order; a bad order is an answer too, never the end of the process."""
    try:
        return workshop.produce(json.loads(line))
    except KeysError as error:
        return {"ok": False, "code": error.code, "message": error.message}
    except Exception as error:  # noqa: BLE001 - the layout engine may raise anything; it is logged
        # Places and types only: what it disliked may be a person's words.
        kind, places = type(error).__name__, "".join(traceback.format_tb(error.__traceback__))
        logging.getLogger(__name__).error("a document could not be made: %s\n%s", kind, places)
        return {"ok": False, "code": "document_failed", "message": kind}


def serve(workshop: Workshop, orders: TextIO, answers: TextIO) -> None:
    """Answer order after order until the input ends."""
    answers.write('{"ready": true}\n')
    answers.flush()
    for line in orders:
        answers.write(json.dumps(answer(workshop, line)) + "\n")
        answers.flush()


def main(arguments: list[str]) -> int:
    """Load fonts and keys, then serve; exit 2 with one line if something is missing."""
    parser = argparse.ArgumentParser(prog="python -m tender.publication.papers.produce")
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--templates", type=Path, required=True)
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--centre", type=Path)
    parser.add_argument("--passphrase", type=Path)
    options = parser.parse_args(arguments)
    _limit(options.memory)
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    try:
        keys = None
        if options.centre:
            passphrase = options.passphrase.read_text().strip()
            keys = open_keys(open_centre(options.centre, passphrase))
        workshop = Workshop(Typesetter(options.fonts, options.templates), keys)
    except (KeysError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    serve(workshop, sys.stdin, sys.stdout)
    return 0


def _limit(memory: int) -> None:
    """Cap the process's memory and forbid core dumps, which would hold the keys."""
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
