"""The floors of the house: import-linter's contracts and the rules that follow names."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import floors, house

PLANTED = [
    (floors.web_elsewhere, {"tender.bids.submission": ["flask"]}),
    (floors.web_elsewhere, {"tender.bids.viewing": ["werkzeug"]}),
    (floors.imported_views, {"tender.opening.hall": ["tender.bids.views"]}),
    (floors.imported_views, {"demo.play": ["evaluation.views_panel"]}),
    (floors.impure, {"evaluation.scoring.points": ["tender.core.db"]}),
    (floors.impure, {"evaluation.screens.prices": ["tender.x"], "tender.x": ["sqlalchemy"]}),
    (floors.impure, {"keys.__main__": ["keys.verify"], "keys.verify": ["flask"]}),
]
ALLOWED = {
    "tender.bids.views": ["flask"],
    "tender.bids.api_uploads": ["flask"],
    "tender.core.web": ["flask"],
    "tender.core.web_pages": ["tender.core.web"],
    "evaluation.scoring.points": ["tender.core.money"],
    "tender.bids.views_receipts": ["tender.bids.views"],
}
RULES = (floors.web_elsewhere, floors.imported_views, floors.impure)


@pytest.mark.parametrize(("rule", "graph"), PLANTED)
def test_a_planted_import_is_found(rule, graph):
    assert list(rule(graph))


@pytest.mark.parametrize("rule", RULES)
def test_what_is_allowed_is_not_found(rule):
    assert list(rule(ALLOWED)) == []


def test_imports_follow_the_names_of_modules():
    graph = floors.imports()
    assert len(graph) > 50
    assert [str(finding) for rule in RULES for finding in rule(graph)] == []


def contracts(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as l; l()"]
    return subprocess.run([*command, "--no-cache"], cwd=root, capture_output=True, text=True)


def test_the_contracts_are_kept():
    done = contracts(house.ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


FAULTS = [
    ("keys/planted.py", "import sqlalchemy\n"),
    ("keys/planted.py", "import tender.core.errors\n"),
    ("tender/core/planted.py", "import tender.ledger\n"),
    ("tender/publication/planted.py", "import tender.procedure\n"),
    ("tender/publication/planted.py", "import tender.supervision\n"),
    ("tender/bids/planted.py", "import keys.verdict\n"),
    ("tender/room/__init__.py", '"""A room without a floor."""\n'),
    ("tender/publication/papers/planted.py", "import tender.publication.portal\n"),
    ("tender/publication/room/__init__.py", '"""A room without a floor."""\n'),
    ("tender/procedure/law/planted.py", "import tender.procedure.models\n"),
    ("tender/procedure/drafting/planted.py", "import tender.procedure.publishing\n"),
    ("tender/procedure/room/__init__.py", '"""A room without a floor."""\n'),
    ("evaluation/panel/planted.py", "import evaluation.award\n"),
    ("evaluation/screens/planted.py", "import evaluation.findings\n"),
    ("evaluation/room/__init__.py", '"""A room without a floor."""\n'),
    ("demo/planted.py", "import wsgi\n"),
    ("demo/planted.py", "import tests\n"),
    ("tender/opening/planted.py", "import demo\n"),
]


def skeleton(root: Path) -> None:
    """The packages with their empty rooms and the project's own contracts."""
    for package in floors.PACKAGES:
        for init in (house.ROOT / package).rglob("__init__.py"):
            target = root / init.relative_to(house.ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(init, target)
    stubs = [f"keys/{name}.py" for name in ("shamir", "cobblestone", "verdict")]
    for room in ("evaluation", "tender/procedure", "tender/publication"):
        stubs += [f"{room}/{path.name}" for path in (house.ROOT / room).glob("[!_]*.py")]
    for name in (*stubs, "evaluation/__main__.py"):
        (root / name).write_text(f'"""{name}."""\n')
    shutil.copy(house.ROOT / "pyproject.toml", root)


def test_an_empty_house_keeps_the_contracts(tmp_path):
    skeleton(tmp_path)
    assert contracts(tmp_path).returncode == 0


@pytest.mark.parametrize(("name", "text"), FAULTS)
def test_a_planted_fault_breaks_a_contract(name, text, tmp_path):
    skeleton(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    done = contracts(tmp_path)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout


def test_every_exception_to_a_contract_has_a_reason():
    project = tomllib.loads((house.ROOT / "pyproject.toml").read_text())
    reasons = house.allowed("contract-exceptions")
    for contract in project["tool"]["importlinter"]["contracts"]:
        for exception in contract.get("ignore_imports", []):
            assert len(reasons.get(exception, "")) >= 15, exception
