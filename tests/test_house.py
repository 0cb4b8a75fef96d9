"""The house rules that no linter knows, each tried on a planted fault first."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import house

PYTHON = house.python_files()
# Kept in pieces, so that this file does not find itself.
TRACES = re.compile(
    "|".join(
        [
            "/" + "work/(main|shared|\\.library)",
            "/" + "root/",
            "/" + "opt/wheels",
            "https?://[^ ]*" + "pypi",
            "registry" + r"\.npmjs",
            "index" + "-url",
            "extra-" + "index",
            "artifact" + "registry",
            "CLA" + "UDE",
        ]
    )
)
SECRETS = re.compile(
    "-----BEGIN [A-Z ]*PRIVATE " + "KEY-----|"
    "AGE-SECRET-" + "KEY-1[0-9A-Z]{20}|AKIA" + "[0-9A-Z]{16}|gh[pousr]" + "_[A-Za-z0-9]{36}"
)
# Words whose import name is the standard library's or the project's own.
OWN = {"keys", "tender", "evaluation", "demo", "bench", "tests", "migrations", "wsgi"}


def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> list[Path]:
    """A tree of one file with a fault in it."""
    monkeypatch.setattr(house, "ROOT", tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.house]\n")
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return [path]


RULES = [
    (house.long_files, "a.py", "x = 1\n" * 401),
    (house.long_functions, "a.py", "def f():\n" + "    x = 1\n" * 41),
    (house.empty_names, "tender/utils/a.py", "x = 1\n"),
    (house.empty_names, "tender/helpers.py", "x = 1\n"),
    (house.busy_inits, "a/__init__.py", "'''Words.'''\nimport os\n"),
    (house.busy_inits, "a/__init__.py", ""),
    (house.wholesale_excepts, "a.py", "try:\n    x = 1\nexcept Exception:\n    pass\n"),
    (house.wholesale_excepts, "a.py", "try:\n    x = 1\nexcept:\n    pass\n"),
    (house.unreasoned, "a.py", "x = 1  # no" + "qa: E501\n"),
    (house.unreasoned, "a.py", "x = 1  # type" + ": ignore[misc]\n"),
]


@pytest.mark.parametrize(("rule", "name", "text"), RULES)
def test_a_planted_fault_is_found(rule, name, text, tmp_path, monkeypatch):
    assert list(rule(planted(tmp_path, monkeypatch, name, text)))


@pytest.mark.parametrize("rule", list(dict.fromkeys(rule for rule, _, _ in RULES)))
def test_the_house_keeps_its_rules(rule):
    assert [str(finding) for finding in rule(PYTHON)] == []


def test_every_excused_place_exists_and_has_a_reason():
    for table in ("long-files", "long-functions", "contract-exceptions"):
        for place, reason in house.allowed(table).items():
            assert (house.ROOT / place.split(":")[0].split(" ")[0]).exists(), place
            assert len(reason) >= 15, place


def traces(text: str) -> list[str]:
    return [found.group() for found in TRACES.finditer(text)]


def readable(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""


def test_the_tree_names_no_machine_path_and_no_registry():
    assert traces("pip install --" + "index" + "-url x")
    found = {house.named(path): traces(readable(path)) for path in house.tree()}
    assert {name: what for name, what in found.items() if what} == {}


def test_no_secret_lies_in_the_tree():
    assert SECRETS.search("-----BEGIN EC PRIVATE " + "KEY-----")
    found = [house.named(path) for path in house.tree() if SECRETS.search(readable(path))]
    assert found == []


def test_no_built_or_downloaded_file_is_committed():
    built = re.compile(
        r"(^|/)(node_modules|static/build|var|\.venv)/|\.(woff2?|ttf|otf|mo|sqlite)$"
    )
    assert built.search("static/build/app.js")
    assert [house.named(path) for path in house.tree() if built.search(house.named(path))] == []


DOCUMENTS = (
    "README.md",
    "README.zh-CN.md",
    "LICENSE",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    ".pre-commit-config.yaml",
    ".ci/run",
)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_usual_documents_exist(name):
    assert (house.ROOT / name).stat().st_size > 40


PAGES = sorted([*house.ROOT.glob("*.md"), *house.ROOT.glob("docs/*.md")])


def targets(page: Path) -> set[Path]:
    found = re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text())
    return {(page.parent / target).resolve() for target in found}


@pytest.mark.parametrize("page", PAGES, ids=house.named)
def test_links_between_documents_lead_somewhere(page):
    assert [target for target in targets(page) if not target.exists()] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_a_reader_of_the_readme_finds_every_page_in_some_language(name):
    told = targets(house.ROOT / name) | {house.ROOT / name}
    either = {page.with_name(page.name.replace(".zh-CN", "")) for page in told}
    pages = {page.with_name(page.name.replace(".zh-CN", "")) for page in PAGES}
    assert pages - either == set()


def test_code_that_documents_name_is_where_they_say():
    named = re.compile(r"`((?:tender|keys|evaluation|demo|bench|tests|static|templates)/[\w./-]+)`")
    assert named.findall("see `tender/core/web.py`") == ["tender/core/web.py"]
    gone = {
        f"{house.named(page)}: {place}"
        for page in PAGES
        for place in named.findall(page.read_text())
        if not (house.ROOT / place).exists() and not place.startswith("static/build")
    }
    assert gone == set()


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found - OWN - set(sys.stdlib_module_names)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~; ]", name)[0]).lower()


def test_every_library_in_use_is_declared_and_locked():
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text())
    runtime = {canonical(name) for name in project["project"]["dependencies"]}
    develop = runtime | {canonical(name) for name in project["dependency-groups"]["dev"]}
    province = {canonical(name) for name in project["dependency-groups"]["province"]}
    homes = packages_distributions()
    missing = set()
    for path in PYTHON:
        for_tests = house.named(path).split("/")[0] in {"tests", "bench"}
        declared = develop if for_tests else runtime
        for name in imported(path):
            if for_tests and name == "pyspark" and "ibis-framework" in province:
                continue  # The extra of ibis that a province installs and a county does not.
            if not {canonical(home) for home in homes.get(name, [])} & declared:
                missing.add(f"{house.named(path)} imports {name}")
    assert sorted(missing) == []
    for lock, wanted in (("requirements.lock", runtime), ("requirements-dev.lock", develop)):
        text = (house.ROOT / lock).read_text()
        locked = {canonical(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
        assert wanted - locked == set()
        assert text.count("==") <= text.count("--hash=sha256:")
