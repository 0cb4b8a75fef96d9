"""Writers in processes of their own stand in one queue: no gap, no fork, no time going back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from keys.entries import parse_entry
from tender.core.platform import Platform
from tender.ledger.audit import audit
from tender.ledger.signing import signing_key
from tender.ledger.ticking import sign_if_grown
from tests.house import ROOT
from tests.tender.ledger.lines import served

COUNT = 40


def start(platform: Platform, name: str, count: int = COUNT) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.tender.ledger.writer", str(platform.settings.data)]
    return subprocess.Popen(
        [*command, platform.settings.database_url, name, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def go(*writers: subprocess.Popen[str]) -> None:
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()


def told(writer: subprocess.Popen[str]) -> list[int]:
    out, err = writer.communicate(timeout=60)
    assert writer.returncode == 0, err
    return [int(line) for line in out.split()]


def test_two_processes_write_one_chain_without_a_gap(platform: Platform) -> None:
    signing_key(platform.settings)
    writers = [start(platform, name) for name in ("one", "two")]
    go(*writers)
    while any(writer.poll() is None for writer in writers):
        sign_if_grown(platform)  # a third writer: the tick of this process
    first, second = (told(writer) for writer in writers)
    assert sorted(first + second) == list(range(2 * COUNT))
    entries = [parse_entry(line.encode()) for line in served(platform)]
    assert [entry.seq for entry in entries] == list(range(2 * COUNT))
    assert Counter(entry.subject for entry in entries) == {"one": COUNT, "two": COUNT}
    assert all(entries[seq].subject == "one" for seq in first)
    # They took turns; otherwise nothing was shown about writing at the same time.
    assert max(first[0], second[0]) < min(first[-1], second[-1])
    sign_if_grown(platform)
    with platform.database.read() as session:
        found = audit(session, platform.settings)
    assert found.size == 2 * COUNT
    assert found.checkpoints >= 2


@pytest.mark.parametrize("wait", [1, 25])
def test_a_writer_killed_outright_loses_no_line_that_it_told_of(
    platform: Platform, wait: int
) -> None:
    signing_key(platform.settings)
    writer = start(platform, "one", 100_000)
    go(writer)
    assert writer.stdout is not None
    seen = [int(writer.stdout.readline()) for _ in range(wait)]
    writer.kill()
    out, _ = writer.communicate(timeout=20)
    seen += [int(line) for line in out.split("\n")[:-1] if line]
    sign_if_grown(platform)
    with platform.database.read() as session:
        size = audit(session, platform.settings).size
    assert seen == list(range(len(seen)))
    # The one line that was committed and not yet told of may stand after them.
    assert len(seen) <= size <= len(seen) + 1
