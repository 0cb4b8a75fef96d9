"""Children answer, or are killed and replaced; they see no secret of the platform."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from evaluation.compare.extracted import Unreadable
from evaluation.compare.extraction import Extractor
from evaluation.findings.inputs.limited import Child
from tender.core.children import AnsweringChild, ChildGone, ChildLate, ChildNotReady

ECHO = """
import json, os, sys, time
for line in sys.stdin:
    asked = json.loads(line)
    if asked == {"do": "die"}:
        os._exit(3)
    if asked == {"do": "babble"}:
        print("no answer", flush=True)
        continue
    time.sleep(asked.get("sleep", 0))
    print(json.dumps({"asked": asked, "pid": os.getpid()}), flush=True)
"""
OPENERS = {"evaluation.compare.reader", "evaluation.findings.inputs.child"}


def child(greeting: float | None = None) -> AnsweringChild:
    return AnsweringChild([sys.executable, "-c", ECHO], greeting=greeting)


def test_one_child_answers_request_after_request_of_any_length() -> None:
    with child() as running:
        first = running.ask({"text": "塘" * 400_000}, 20)
        assert first["asked"]["text"] == "塘" * 400_000
        assert running.ask({}, 20)["pid"] == first["pid"]
    assert not psutil.pid_exists(first["pid"])


@pytest.mark.parametrize(
    ("request_", "fault"),
    [({"sleep": 30}, ChildLate), ({"do": "die"}, ChildGone), ({"do": "babble"}, ChildGone)],
)
def test_a_child_that_fails_is_replaced(
    request_: dict[str, object], fault: type[Exception]
) -> None:
    with child() as running:
        before = running.ask({}, 20)["pid"]
        with pytest.raises(fault):
            running.ask(request_, 0.5)
        assert not psutil.pid_exists(before)
        assert running.ask({}, 20)["pid"] != before


def test_a_child_that_does_not_greet_is_not_asked() -> None:
    with child(greeting=0.5) as silent, pytest.raises(ChildNotReady):
        silent.ask({}, 20)


def test_no_child_that_opens_bids_sees_the_databases_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://tender:geheim@localhost/tender")
    file = tmp_path / "bid.docx"
    file.write_bytes(b"%PDF-1.4 broken")
    with Extractor() as extractor, Child() as screens:
        with pytest.raises(Unreadable, match="damaged"):
            extractor.read(file)
        assert screens.ask({"do": "bills", "path": str(file), "name": file.name}) is None
        running = [(each.cmdline()[-1], each.environ()) for each in psutil.Process().children()]
    seen = {module: environment for module, environment in running if module in OPENERS}
    assert set(seen) == OPENERS
    assert all("geheim" not in str(environment) for environment in seen.values())
