"""`python -m keys`: the bidder's kit, the public verifier and the custodian's agent.

No web framework and no database. Exit 0: done; 1: a check failed; 2: unusable input, with one
line on standard error. Each command is a module with `main(arguments) -> int`, imported only when
it is called for, so that a stranger who verifies needs nothing of what a custodian needs.
"""

import sys
from importlib import import_module

from keys.command import Exit, complain
from keys.errors import KeysError, Malformed

COMMANDS = {
    "seal": "keys.cli_seal",
    "inspect": "keys.cli_inspect",
    "unseal": "keys.cli_unseal",
    "verify": "keys.verify",
    "check": "keys.cli_check",
    "custodian": "keys.custodian.cli",
}


def main(arguments: list[str]) -> int:
    """Run one command; errors that it does not handle become one line and an exit code."""
    name = arguments[0] if arguments else ""
    if name in ("-h", "--help"):
        print(f"usage: python -m keys {{{','.join(COMMANDS)}}} ...")
        return Exit.DONE
    if name not in COMMANDS:
        complain(f"python -m keys: choose a command: {', '.join(COMMANDS)}")
        return Exit.UNUSABLE
    try:
        return int(import_module(COMMANDS[name]).main(arguments[1:]))
    except Malformed as error:
        complain(f"python -m keys {name}: {error.message}")
        return Exit.UNUSABLE
    except KeysError as error:
        complain(f"python -m keys {name}: {error.message}")
        return Exit.CHECK_FAILED
    except OSError as error:
        complain(f"python -m keys {name}: {error}")
        return Exit.UNUSABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
