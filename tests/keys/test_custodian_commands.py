"""The custodian's commands as people type them: separate processes, a directory of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from keys import encoding, notes
from keys.records import CustodianKey
from tests.keys.http_county import HttpCounty, _Public, serving
from tests.keys.plain_county import ORIGIN, PLATFORM

ROOT = Path(__file__).parents[2]


class Office:
    """A custodian who only types commands."""

    def __init__(self, root: Path, address: str, county: HttpCounty, name: str) -> None:
        self.dir, self.name = root / name, name
        self.secret = root / f"{name}.passphrase"
        self.secret.write_text("a long passphrase\n")
        self.paper = root / f"{name}.paper"
        key = str(notes.platform_key(ORIGIN, county.public))
        made = self.type(
            *("init", "--name", name, "--platform", address, "--platform-id", PLATFORM),
            *("--platform-key", key, "--sandbox", "--poll", "0.05"),
            secret=True,
        )
        self.identity = json.loads(made.stdout)["identity"]

    def type(self, command, *rest, secret=False, status=0, given=None):
        done = subprocess.run(
            self.line(command, *rest, secret=secret),
            cwd=ROOT,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done

    def line(self, command, *rest, secret=False):
        extra = ["--passphrase-file", str(self.secret)] if secret else []
        where = [] if command == "recover" else ["--dir", str(self.dir)]
        return [sys.executable, "-m", "keys", "custodian", command, *where, *rest, *extra]

    def run(self):
        return subprocess.Popen(self.line("run", secret=True), cwd=ROOT, stderr=subprocess.PIPE)

    def clock(self, offset):
        seconds = int(offset.total_seconds())
        (self.dir / "clock.json").write_text(json.dumps({"offset_seconds": seconds}))


def until(what, seconds=30.0):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def county():
    made = HttpCounty()
    made.now = datetime.now(UTC)
    made.add("platform.started")
    made.sign()
    return made


def test_a_whole_opening_with_agents_as_processes_two_of_them_killed(county, tmp_path):
    with serving(county) as address:
        offices = [Office(tmp_path, address, county, f"office-{number}") for number in range(3)]
        for office in offices:
            sent = office.type("deposit", "--keys", "3", "--paper", str(office.paper), secret=True)
            assert json.loads(sent.stdout) == {"deposited": True, "keys": 3}
        pins = {
            "platform": PLATFORM,
            "custodians": [{"name": o.name, "identity": o.identity} for o in offices],
        }
        (tmp_path / "pins.json").write_text(json.dumps(pins))
        for office in offices:
            office.type("pin", "--pins", str(tmp_path / "pins.json"))
        running = [office.run() for office in offices]
        try:
            whole_opening(county, offices, running)
        finally:
            for process in running:
                process.kill()
                process.wait()
                if process.stderr:
                    process.stderr.close()
        by_hand(county, offices[2])


def whole_opening(county, offices, running):
    with county.lock:
        keys = [_Public(*county.deposits[o.identity].pop(0)) for o in offices]
        opening = record_for(county, offices, keys)
        county.sign()
    until(lambda: len(opening.accepts) == 3)
    with county.lock:
        county.bid(opening, "bidder-1", price=700)
        county.sign()
        at = county.tree.size
    until(lambda: all(size_of(each) >= at for each in offices))
    running[2].send_signal(signal.SIGKILL)
    with county.lock:
        county.close(opening)
        county.sign()
    time.sleep(0.3)
    assert not opening.releases, "the agents' own clocks have not passed the deadline"
    for office in offices:
        office.clock(timedelta(hours=3))
    until(lambda: len(opening.releases) == 2)
    assert [row["verdict"] for row in county.rows(opening, None)] == ["opened"]
    running[0].send_signal(signal.SIGTERM)
    assert running[0].wait(timeout=20) == 0
    told = json.loads(offices[0].type("status").stdout)
    assert told["keys"] == {"free": 2, "accepted": 0, "released": 1, "void": 0}
    assert told["alarms"] == []
    assert told["pinned"] is True


def record_for(county, offices, keys):
    from keys.records import OpeningRecord, Part
    from tests.keys.plain_county import Opening

    record = OpeningRecord(
        platform=PLATFORM,
        tender="tender-1",
        lot="1",
        part=Part.WHOLE,
        not_before=county.now + timedelta(hours=2),
        minimum=1,
        threshold=2,
        custodians=tuple(
            CustodianKey(o.name, o.identity, encoding.b64u(k.key_id), encoding.b64u(k.public))
            for o, k in zip(offices, keys, strict=True)
        ),
    )
    from keys.openings import sign_record

    opening = Opening(record, [], [], deadline=record.not_before)
    county.openings[opening.id] = opening
    signature = sign_record(record, county.key)
    county.add(
        "opening.recorded", opening=opening.id, record=record.to_object(), signature=signature
    )
    return opening


def size_of(office):
    return json.loads(office.type("status").stdout)["ledger"]["size"]


def by_hand(county, office):
    """The custodian whose agent died releases on paper, recovers from paper, and destroys."""
    (opening,) = county.openings.values()
    sheet = office.type("release", "--opening", opening.id, "--paper", secret=True).stdout
    private = sheet.splitlines()[3]
    assert len(opening.releases) == 2
    key_id = opening.record.custodians[2].key_id
    again = office.type(
        "recover", "--key-id", key_id, "--keys", "3", given=seed_line(office)
    ).stdout
    assert private in again.splitlines()
    sent = office.type("release", "--opening", opening.id, secret=True)
    assert json.loads(sent.stdout)["private_key"] == private
    assert len(opening.releases) == 3
    journal = [json.loads(line) for line in office.type("journal").stdout.splitlines()]
    assert [line["act"] for line in journal].count("release") == 1
    (batch,) = [each["batch"] for each in json.loads(office.type("status").stdout)["batches"]]
    office.type("destroy", "--batch", batch, secret=True, status=1)
    office.type("destroy", "--batch", batch, "--paper-destroyed", secret=True, status=1)
    gone = office.type(
        "destroy", "--batch", batch, "--paper-destroyed", "--void-unused", secret=True
    )
    assert json.loads(gone.stdout)["v"] == "destroy/v1"
    assert not list((office.dir / "batches").iterdir())


def seed_line(office):
    (line,) = [
        each for each in office.paper.read_text("utf-8").splitlines() if each.startswith("种子")
    ]
    return line.split(": ", 1)[1]


def test_commands_refuse_what_makes_no_sense(county, tmp_path):
    with serving(county) as address:
        office = Office(tmp_path, address, county, "office")
        assert office.dir.stat().st_mode & 0o777 == 0o700
        office.type("release", "--opening", "00" * 32, secret=True, status=1)
        office.type("release", "--opening", "zz", secret=True, status=2)
        office.type("deposit", "--keys", "0", secret=True, status=1)
        office.secret.write_text("a wrong passphrase\n")
        assert "passphrase" in office.type("run", "--once", secret=True, status=1).stderr
        office.type("recover", "--key-id", "x", given="not a seed", status=2)
        office.type("recover", "--key-id", "x", given="", status=2)
        (office.dir / "config.json").write_text("{")
        office.type("status", status=2)
        weak = tmp_path / "weak"
        weak.write_text("short\n")
        lines = office.line(
            *("init", "--name", "x", "--platform", address, "--platform-id", PLATFORM),
            *("--platform-key", str(notes.platform_key(ORIGIN, county.public))),
            *("--passphrase-file", str(weak)),
        )
        lines[lines.index("--dir") + 1] = str(tmp_path / "other")
        done = subprocess.run(lines, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert not (tmp_path / "other" / "config.json").exists()


def test_only_a_sandbox_reads_clock_json(county, tmp_path):
    from keys.custodian.home import Home

    with serving(county) as address:
        office = Office(tmp_path, address, county, "office")
    office.clock(timedelta(days=400))
    assert Home(office.dir).clock()() - datetime.now(UTC) > timedelta(days=399)
    config = json.loads((office.dir / "config.json").read_text("utf-8"))
    config["sandbox"] = False
    (office.dir / "config.json").write_text(json.dumps(config))
    assert abs(Home(office.dir).clock()() - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize("text", ["{", "[]", '{"offset_seconds": "1"}', '{"offset_seconds": 1.5}'])
def test_a_sandbox_clock_that_is_none_is_refused(tmp_path, text):
    from keys.custodian.clock import sandbox_clock
    from keys.errors import Malformed

    (tmp_path / "clock.json").write_text(text)
    with pytest.raises(Malformed):
        sandbox_clock(tmp_path / "clock.json")()


def test_paper_finds_a_slip_of_the_pen():
    from keys.custodian import seeds
    from keys.errors import KeysError

    seed = os.urandom(32)
    text = seeds.paper_text(seed)
    assert seeds.read_paper(text.replace(" ", "\n")) == seed
    for place, sign in enumerate(text):
        if sign != " ":
            wrong = text[:place] + ("A" if sign != "A" else "B") + text[place + 1 :]
            with pytest.raises(KeysError):
                seeds.read_paper(wrong)


def test_boxes_cannot_be_swapped_or_changed():
    from keys.custodian import seeds
    from keys.errors import KeysError

    box = seeds.lock_secret(b"secret", "passphrase", kind="batch", name="a", cost=10)
    assert b"secret" not in box
    assert seeds.unlock_secret(box, "passphrase", kind="batch", name="a") == b"secret"
    for kind, name, phrase in (
        ("identity", "a", "passphrase"),
        ("batch", "b", "passphrase"),
        ("batch", "a", "Passphrase"),
    ):
        with pytest.raises(KeysError):
            seeds.unlock_secret(box, phrase, kind=kind, name=name)
    with pytest.raises(KeysError):
        seeds.unlock_secret(
            box.replace(b'"cost":10', b'"cost":60'), "passphrase", kind="batch", name="a"
        )
