"""A sandbox county as running programs: web server, worker, queue, and five custodian agents.

The custodians' agents are separate programs with directories, passphrases and clocks of their
own; they know the platform by its address and pinned key only. When the county's clock moves on,
this program moves each agent's clock file, as five organisations' own clocks would go.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from demo.people import CUSTODIANS, PLATFORM
from tender.accounts.authority import ensure_centre
from tender.core.migrating import migrate
from tender.core.platform import Platform, connect
from tender.core.processes import Program, Supervisor, free_port
from tender.core.servers import start_queue, web_program
from tender.core.settings import load, mark_sandbox, run_directory
from tender.ledger.signing import note_key

ROOT = Path(__file__).parents[1]


@dataclass
class Agent:
    """One custodian's agent: its organisation, its directory and its identity."""

    number: int
    name: str
    home: Path
    identity: str = ""

    @property
    def program_name(self) -> str:
        """Its name among the county's programs."""
        return f"custodian-{self.number}"


@dataclass
class County:
    """The running county; make one with `running_county`."""

    data: Path
    port: int
    supervisor: Supervisor
    platform: Platform
    environment: dict[str, str] = field(default_factory=dict)
    agents: list[Agent] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where its web server answers."""
        return f"http://127.0.0.1:{self.port}"

    def now(self) -> datetime:
        """The county's time."""
        return self.platform.clock.now()

    def set_clock(self, moment: datetime) -> None:
        """Move the platform's and every custodian's clock to a moment, each in its own file."""
        offset = int((moment - datetime.now(UTC)).total_seconds())
        text = json.dumps({"offset_seconds": offset})
        for path in [*(agent.home / "clock.json" for agent in self.agents), self._clock]:
            temporary = path.with_suffix(".new")
            temporary.write_text(text)
            temporary.replace(path)

    @property
    def _clock(self) -> Path:
        return self.platform.settings.clock_file

    def advance(self, **delta: float) -> datetime:
        """Move the county's time on."""
        moment = self.now() + timedelta(**delta)
        self.set_clock(moment)
        return moment

    def start_agents(self) -> None:
        """Make five custodians, each in its own directory; they deposit keys once registered."""
        key = str(note_key(self.platform.settings))
        for number, name in enumerate(CUSTODIANS, start=1):
            home = self.data / "custodians" / str(number)
            home.parent.mkdir(parents=True, exist_ok=True)
            agent = Agent(number, name, home)
            passphrase = home.parent / f"{number}.passphrase"
            passphrase.write_text(secrets.token_urlsafe(24))
            passphrase.chmod(0o600)
            custodian(
                "init", "--dir", home, "--passphrase-file", passphrase, "--name", name,
                "--platform", self.url, "--platform-id", PLATFORM, "--platform-key", key,
                "--sandbox", "--poll", "0.3",
            )  # fmt: skip
            agent.identity = json.loads(custodian("status", "--dir", home))["identity"]
            self.agents.append(agent)

    def deposit(self, keys: int) -> None:
        """Let every custodian make and deposit a batch of one-time keys."""
        for agent in self.agents:
            custodian(
                "deposit", "--dir", agent.home, "--passphrase-file", _passphrase(agent),
                "--keys", str(keys), "--paper", agent.home.parent / f"{agent.number}.paper",
            )  # fmt: skip

    def run_agents(self) -> None:
        """Start the agents' programs; they know nothing of the platform's files or environment."""
        for agent in self.agents:
            self.run_agent(agent.number)

    def run_agent(self, number: int) -> None:
        """Start one agent's program."""
        agent = self.agents[number - 1]
        command = [
            *("env", "-i", f"PATH={os.environ.get('PATH', '/usr/bin:/bin')}"),
            *(f"PYTHONPATH={ROOT}", "LANG=C.UTF-8", sys.executable, "-m", "keys", "custodian"),
            *("run", "--dir", str(agent.home), "--passphrase-file", str(_passphrase(agent))),
        ]
        self.supervisor.start(Program(name=agent.program_name, command=command, restarts=3))

    def kill_agent(self, number: int) -> int:
        """Kill one agent outright by its process id, as a power cut would; gives the id."""
        name = self.agents[number - 1].program_name
        pid = self.supervisor.children[name].pid
        self.supervisor.kill(name)
        return pid

    def wait(self, what: str, true: object, within: float = 30.0) -> None:
        """Wait until a question is answered with yes; TimeoutError names what did not come."""
        until = time.monotonic() + within
        while not true():  # type: ignore[operator]  # any question without arguments
            if time.monotonic() > until:
                raise TimeoutError(f"waited {within:.0f} s in vain: {what}")
            time.sleep(0.1)


def _passphrase(agent: Agent) -> Path:
    return agent.home.parent / f"{agent.number}.passphrase"


def custodian(*arguments: object) -> str:
    """Run a command of the custodian's program; gives what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "keys", "custodian", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"custodian {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def running_county(
    data: Path, *, port: int | None = None, host: str = "127.0.0.1", worker: bool = True
) -> Iterator[County]:
    """A county on a data directory of its own: migrated, its authority made, its programs up."""
    port = port or free_port()
    environment = {
        "TENDER_DATA": str(data),
        "TENDER_MODE": "demo",
        "TENDER_PLATFORM": PLATFORM,
        "TENDER_URL": f"http://127.0.0.1:{port}",
        "TENDER_NAME": "清源县公共资源交易中心",
    }
    kept = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if name in os.environ}
    settings = load({**kept, **environment})
    mark_sandbox(settings)
    platform = connect(settings)
    migrate(platform.database)
    ensure_centre(settings, settings.site_name, now=platform.clock.now() - timedelta(days=400))
    logs = data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    child = {**environment, "PYTHONPATH": str(ROOT)}
    with Supervisor(logs) as supervisor:
        lock = start_queue(supervisor, run_directory(data)) if "REDIS_URL" not in kept else None
        web = web_program("wsgi:application", host=host, port=port, environment=child)
        supervisor.start(replace(web, restarts=3))
        if worker:
            command = [sys.executable, str(ROOT / "wsgi.py"), "worker"]
            supervisor.start(Program(name="worker", command=command, environment=child, restarts=3))
        try:
            yield County(data, port, supervisor, platform, child)
        finally:
            platform.database.close()
            if lock is not None:
                lock.close()
