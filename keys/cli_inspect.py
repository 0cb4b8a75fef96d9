"""`python -m keys inspect FILE`: what anybody can see in an envelope without a key."""

from pathlib import Path

from keys.cobblestone import opened_size
from keys.command import Exit, Parser, answer, read_input
from keys.encoding import b64u, sha256_hex
from keys.header import MAGIC, SUITE, parse_header


def main(arguments: list[str]) -> int:
    """Print the header's facts as one JSON line; exit 2 if the file is no envelope."""
    parser = Parser(prog="python -m keys inspect", description="Show an envelope's header.")
    parser.add_argument("envelope", type=Path, metavar="FILE")
    path = parser.parse_args(arguments).envelope
    envelope = read_input(path, "envelope")
    header = parse_header(envelope)
    size = len(header.to_bytes())
    answer(
        {
            "v": MAGIC,
            "suite": SUITE,
            "opening": header.opening.hex(),
            "context": header.context.hex(),
            "ephemeral": b64u(header.ephemeral),
            "shares": len(header.boxes),
            "header_size": size,
            "form_size": opened_size(len(envelope) - size),
            "size": len(envelope),
            "sha256": sha256_hex(envelope),
        }
    )
    return Exit.DONE
