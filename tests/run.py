"""The test command: pytest on both cores; a test that skips under CI=true has failed."""

import os
import sys

import pytest


def arguments(given: list[str]) -> list[str]:
    """pytest's arguments: what was asked for, spread over the cores unless that was said too."""
    cores = os.cpu_count() or 1
    spread = any(word.startswith("-n") or word in {"--pdb", "-s"} for word in given)
    if cores == 1 or spread:
        return given
    return ["-n", str(min(cores, 4)), "--dist", "loadfile", *given]


if __name__ == "__main__":
    sys.exit(pytest.main(arguments(sys.argv[1:])))
