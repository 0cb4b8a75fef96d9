"""What the house counts and forbids in its own source, shared by the tests and by `check`."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CODE = ("keys", "tender", "evaluation", "demo", "bench", "migrations", "tests", "wsgi.py")
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 40


@dataclass(frozen=True)
class Finding:
    """One breach of the house's rules, at a place."""

    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


def allowed(table: str) -> dict[str, str]:
    """The exceptions of one kind in pyproject.toml, each with its reason."""
    house = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["house"]
    found: dict[str, str] = house.get(table, {})
    return found


def tree() -> list[Path]:
    """Every file of the project as git sees it, tracked or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return sorted({ROOT / name for name in names if (ROOT / name).is_file()})


def python_files() -> list[Path]:
    """The project's own Python."""
    found = []
    for name in CODE:
        path = ROOT / name
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return found


def written(paths: list[Path]) -> list[Path]:
    """Files that are read and changed; a migration is written once and never again."""
    return [path for path in paths if "versions" not in path.parts]


def named(path: Path) -> str:
    """A path as people write it, from the root."""
    return path.relative_to(ROOT).as_posix()


def long_files(paths: list[Path]) -> Iterator[Finding]:
    """Files that nobody reads to the end."""
    excused = allowed("long-files")
    for path in written(paths):
        lines = path.read_text().count("\n")
        if lines > LONGEST_FILE and named(path) not in excused:
            yield Finding(named(path), f"{lines} lines, more than {LONGEST_FILE}")


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, source: list[str]) -> int:
    """Lines of code of a function: no docstring, blank line, comment or signature."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if not body:
        return 0
    lines = source[body[0].lineno - 1 : function.end_lineno]
    return sum(1 for line in lines if line.strip() and not line.strip().startswith("#"))


def long_functions(paths: list[Path]) -> Iterator[Finding]:
    """Functions that do more than one thing."""
    excused = allowed("long-functions")
    for path in written(paths):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            lines = body_lines(node, text.splitlines())
            place = f"{named(path)}:{node.name}"
            if lines > LONGEST_FUNCTION and place not in excused:
                yield Finding(place, f"{lines} lines of code, more than {LONGEST_FUNCTION}")


def empty_names(paths: list[Path]) -> Iterator[Finding]:
    """Names that say nothing about what lies inside."""
    for path in paths:
        for part in path.relative_to(ROOT).with_suffix("").parts:
            if part in FORBIDDEN_NAMES:
                yield Finding(named(path), f"the name {part!r} says nothing")


def busy_inits(paths: list[Path]) -> Iterator[Finding]:
    """A package's front door that does something: importing a name would run it."""
    for path in paths:
        if path.name != "__init__.py":
            continue
        body = ast.parse(path.read_text()).body
        if len(body) != 1 or ast.get_docstring(ast.parse(path.read_text())) is None:
            yield Finding(named(path), "__init__.py holds a docstring and nothing else")


def wholesale_excepts(paths: list[Path]) -> Iterator[Finding]:
    """`except Exception` and wider, that swallow what nobody foresaw, without a reason."""
    for path in paths:
        lines = path.read_text().splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = ast.unparse(node.type) if node.type is not None else ""
            goes_on = not isinstance(node.body[-1], ast.Raise)
            if caught not in {"", "Exception", "BaseException"} or not goes_on:
                continue
            line = lines[node.lineno - 1]
            if not re.search(r"# noqa: BLE001  ?#? ?\S{4,}|# .{15,}", line):
                yield Finding(f"{named(path)}:{node.lineno}", f"except {caught} without a reason")


@dataclass(frozen=True)
class Exemption:
    """One place where a checker is told to look away."""

    place: str
    kind: str
    reason: str


def exemptions(paths: list[Path]) -> Iterator[Exemption]:
    """Every `noqa` and `type: ignore`, with the words that follow on its line."""
    pattern = re.compile(
        r"#\s*(?P<kind>noqa|type:\s*ignore)(?P<codes>:\s*[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*|\[[^]]*\])?"
        r"(?P<rest>.*)$"
    )
    for path in paths:
        with io.StringIO(path.read_text()) as text:
            for token in tokenize.generate_tokens(text.readline):
                if token.type != tokenize.COMMENT:
                    continue
                match = pattern.search(token.string)
                if match:
                    before = token.string[: match.start()]
                    reason = (before + match["rest"]).strip(" #-:;,")
                    place = f"{named(path)}:{token.start[0]}"
                    yield Exemption(place, match["kind"].split(":")[0], reason)


def unreasoned(paths: list[Path]) -> Iterator[Finding]:
    """Exemptions that do not say why."""
    for exemption in exemptions(paths):
        if len(exemption.reason) < 8:
            yield Finding(exemption.place, f"{exemption.kind} without a reason on its line")
