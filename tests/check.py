"""`./manage check`: everything that can be known without running the product."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tender.core.migrating import migrate
from tests import floors, house, schema

TYPED = ["keys", "tender", "evaluation", "demo", "bench", "tests", "wsgi.py"]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as lint; lint()"


def ran(*command: str) -> list[str]:
    """The output of a tool that found something, or nothing."""
    done = subprocess.run(
        [sys.executable, *command], cwd=house.ROOT, capture_output=True, text=True
    )
    return (done.stdout + done.stderr).splitlines() if done.returncode else []


def types() -> list[str]:
    """mypy over everything that is ours."""
    present = [name for name in TYPED if (house.ROOT / name).exists()]
    return ran("-m", "mypy", "--strict", *present)


def rules() -> list[str]:
    """The rules of the house that no linter knows."""
    paths = house.python_files()
    checks = (
        house.long_files,
        house.long_functions,
        house.empty_names,
        house.busy_inits,
        house.wholesale_excepts,
        house.unreasoned,
    )
    graph = floors.imports()
    named = (floors.web_elsewhere, floors.imported_views, floors.impure)
    found = [str(finding) for check in checks for finding in check(paths)]
    return found + [str(finding) for rule in named for finding in rule(graph)]


def migrations() -> list[str]:
    """What the migrations make, against what the models say."""
    with tempfile.TemporaryDirectory() as directory:
        database = schema.sqlite(Path(directory))
        migrate(database)
        found = [str(difference) for difference in schema.differences(database)]
        database.engine.dispose()
    return found


CHECKS: tuple[tuple[str, Callable[[], list[str]]], ...] = (
    ("ruff", lambda: ran("-m", "ruff", "check", "--output-format", "concise", "--quiet", ".")),
    ("format", lambda: ran("-m", "ruff", "format", "--check", ".")),
    ("mypy --strict", types),
    ("import-linter", lambda: ran("-c", LINT_IMPORTS)),
    ("rules of the house", rules),
    ("migrations match models", migrations),
)


def report_exceptions() -> None:
    """Count every place where a checker looks away, and say why it may."""
    found = list(house.exemptions(house.python_files()))
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text())
    contracts = project["tool"]["importlinter"]["contracts"]
    ignored = [line for contract in contracts for line in contract.get("ignore_imports", [])]
    counts = Counter(exemption.kind for exemption in found)
    print(
        f"exceptions: {counts['noqa']} noqa, {counts['type']} type: ignore, "
        f"{len(ignored)} contract exceptions, "
        f"{len(house.allowed('long-files')) + len(house.allowed('long-functions'))} sizes"
    )
    for exemption in found:
        print(f"  {exemption.place}: {exemption.kind}: {exemption.reason}")
    reasons = house.allowed("contract-exceptions")
    for line in ignored:
        print(f"  {line}: {reasons.get(line, 'no reason given')}")
    for table in ("long-files", "long-functions"):
        for place, reason in house.allowed(table).items():
            print(f"  {place}: {table}: {reason}")


def check(names: list[str]) -> int:
    """Run all checks, or those whose names are given; 0 when nothing was found."""
    failed = False
    for name, function in CHECKS:
        if names and not any(word in name for word in names):
            continue
        began = time.monotonic()
        found = function()
        failed = failed or bool(found)
        print(f"{'FAILED' if found else 'ok    '} {name} ({time.monotonic() - began:.1f} s)")
        for line in found:
            print(f"    {line}")
    report_exceptions()
    return int(failed)


if __name__ == "__main__":
    sys.exit(check(sys.argv[1:]))
