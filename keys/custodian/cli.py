"""`python -m keys custodian ...`: what the custodian's people type.

Exit 0 done, 1 refused or not possible now, 2 unusable input. Standard output carries what was
asked for (JSON, or a sheet to print); what happens is told on standard error.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from keys.custodian import commands
from keys.entries import is_hex
from keys.errors import KeysError, Malformed

Command = Callable[[argparse.Namespace], int]


def _opening(text: str) -> str:
    if not is_hex(text, 64):
        raise argparse.ArgumentTypeError("an opening is named by 64 hex digits")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m keys custodian", description="The custodian's agent (密钥保管人程序)."
    )
    added = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, act: Command, *, secret: bool = True) -> argparse.ArgumentParser:
        doc = (act.__doc__ or "").split("\n")[0]
        one = added.add_parser(name, help=doc, description=act.__doc__)
        if act is not commands.recover:
            one.add_argument("--dir", type=Path, required=True, help="the agent's own directory")
        if secret:
            one.add_argument("--passphrase-file", help="read the passphrase from this file")
        one.set_defaults(act=act)
        return one

    _describe_init(command("init", commands.init))
    command("pin", commands.pin, secret=False).add_argument("--pins", type=Path, required=True)
    stocked = command("deposit", commands.deposit)
    stocked.add_argument("--keys", type=int, required=True, help="how many one-time keys")
    stocked.add_argument("--paper", type=Path, help="write the sheet for the safe to this file")
    running = command("run", commands.run)
    running.add_argument("--once", action="store_true", help="one round, then end")
    given = command("release", commands.release)
    given.add_argument("--opening", type=_opening, required=True, metavar="HEX")
    given.add_argument("--paper", action="store_true", help="print a sheet instead of sending")
    command("status", commands.status, secret=False)
    told = command("journal", commands.journal, secret=False)
    told.add_argument("--last", type=int, default=100)
    command("restored", commands.restored, secret=False)
    ended = command("destroy", commands.destroy)
    ended.add_argument("--batch", required=True)
    ended.add_argument("--void-unused", action="store_true", help="unused keys become void")
    ended.add_argument("--paper-destroyed", action="store_true")
    lost = command("recover", commands.recover, secret=False)
    lost.add_argument("--key-id", required=True)
    lost.add_argument("--keys", type=int, default=1000, help="how many keys the batch has")
    return parser


def _describe_init(made: argparse.ArgumentParser) -> None:
    made.add_argument("--name", required=True)
    made.add_argument("--platform", required=True, help="the platform's address (URL)")
    made.add_argument("--platform-id", required=True, help="the platform's name in records")
    made.add_argument("--platform-key", required=True, help="its note key: name+hex+base64")
    made.add_argument("--pins", type=Path, help="pins.json of the county's printed notice")
    made.add_argument("--poll", default="0.5", help="seconds between looks (default 0.5)")
    made.add_argument("--ca", help="PEM file of the authority that certifies the platform's TLS")
    made.add_argument("--sandbox", action="store_true", help="read clock.json; never in earnest")


def main(arguments: list[str]) -> int:
    """Run one command of the custodian's agent; gives the exit code."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.act(given))
    except Malformed as error:
        commands.tell(f"custodian: {error.message}")
        return 2
    except KeysError as error:
        commands.tell(f"custodian: {error.message}")
        return 1
    except (OSError, UnicodeDecodeError, ValueError) as error:
        commands.tell(f"custodian: {error}")
        return 2
