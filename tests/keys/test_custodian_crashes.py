"""An agent that is killed at any moment keeps its promises: one opening a key, one history."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from keys import encoding, notes
from keys.openings import check_record
from keys.records import Acceptance, Release, check_acceptance, check_release
from tests.keys.http_county import PASSPHRASE, rounds

ROOT = Path(__file__).parents[2]
KILLS = 12


def killed_run(county, desk, secret, seconds):
    """Start the agent as a process, and kill it a while after its first request."""
    line = ["-m", "keys", "custodian", "run", "--dir", str(desk.root), "--passphrase-file", secret]
    before, end = county.requests, time.monotonic() + 30
    process = subprocess.Popen(
        [sys.executable, *line], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while county.requests == before:
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.001)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_kill_nine_at_random_moments(county, desks, tmp_path):
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE)
    victim = desks[0]
    openings = []
    source = random.Random(11)
    victim.stop()
    for turn in range(KILLS):
        with county.lock:
            if turn % 3 == 0:
                openings.append(county.open_for(desks, lot=str(turn), hours=5))
            if turn == 6:
                # Closing must wait for its time; until then only acceptances are at stake.
                county.broken_paths["/api/custody/accepts"] = 500
            if turn == 8:
                county.broken_paths.clear()
            county.add("tender.published")
            county.sign()
        killed_run(county, victim, str(secret), source.uniform(0, 0.15))
    victim.start()
    rounds(desks, 2)
    for opening in openings:
        check_record(
            opening.record,
            next(
                e.fields["signature"]
                for e in county.lines
                if e.event == "opening.recorded" and e.fields["opening"] == opening.id
            ),
            county.public,
        )
        assert len(opening.accepts) == 3
    promised = [
        Acceptance.from_bytes(victim.store.statement("accept", each.id)) for each in openings
    ]
    assert max(Counter(each.key_id for each in promised).values()) == 1
    for opening, given in zip(openings, promised, strict=True):
        check_acceptance(opening.record, given)
        county.bid(opening, "bidder-1")
    county.sign()
    rounds(desks)
    for opening in openings:
        county.close(opening)
    county.sign()
    rounds(desks, 2)
    for opening in openings:
        released = Release.from_bytes(victim.store.statement("release", opening.id))
        check_release(opening.record, released)
        assert len(opening.releases) == 3
    # The killed processes ran on the machine's clock, for which these deadlines are long past.
    assert {line["code"] for line in victim.acts("alarm")} <= {"late_line"}
    one_history(county, victim)


def one_history(county, desk):
    """Every cosignature of the agent is on a checkpoint of the one ledger."""
    key = notes.witness_key(encoding.unb64u(desk.identity))
    seen = 0
    for text, lines in county.lines_of.items():
        stated = notes.parse_checkpoint(text)
        if any(line.name == key.name for line in lines):
            seen += 1
            assert stated.root == county.tree.root(stated.size)
    assert seen
