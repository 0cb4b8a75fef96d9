"""The acts behind the custodian's commands; each takes the parsed arguments, gives the exit code.

Standard output carries what was asked for (JSON, or a sheet to print); what happens is told on
standard error.
"""

import argparse
import getpass
import json
import signal
import sys
import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding, notes
from keys.custodian import seeds, stock
from keys.custodian.agent import Agent
from keys.custodian.follow import follow
from keys.custodian.home import Config, Home, make_home, write_file
from keys.custodian.store import Store
from keys.custodian.wire import Platform, Unreachable
from keys.errors import Malformed, Refused


def tell(line: str) -> None:
    """Tell what happens, on standard error."""
    print(line, file=sys.stderr, flush=True)


def show(value: object) -> None:
    """Print a JSON answer."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def passphrase_of(given: argparse.Namespace, *, new: bool = False) -> str:
    """Read the passphrase from the file named, or ask for it (twice if it is new)."""
    if given.passphrase_file:
        text = Path(given.passphrase_file).read_text("utf-8").splitlines()
        phrase = text[0] if text else ""
    else:
        phrase = getpass.getpass("Passphrase: ")
        if new and getpass.getpass("Again: ") != phrase:
            raise Refused("passphrase", "The two entries differ.")
    return seeds.check_passphrase(phrase) if new else phrase


def store_of(home: Home) -> Store:
    """Open the agent's memory."""
    return Store(home.root / "agent.sqlite")


def platform_of(home: Home) -> Platform:
    """Reach the platform as `init` was told."""
    return Platform(home.config.platform, ca=home.config.ca)


def agent_of(given: argparse.Namespace) -> Agent:
    """Put an agent together from its directory."""
    home = Home(given.dir)
    return Agent(
        home, store_of(home), platform_of(home), passphrase_of(given), home.clock(), say=tell
    )


def init(given: argparse.Namespace) -> int:
    """Make a new custodian: identity, directory, pinned platform."""
    identity = Ed25519PrivateKey.generate()
    key = notes.parse_key(given.platform_key)
    if key.kind != notes.ED25519:
        raise Malformed("platform_key", "The platform's key must be one that signs checkpoints.")
    if float(given.poll) <= 0:
        raise Malformed("poll", "The poll interval must be above zero.")
    Platform(given.platform, ca=given.ca).close()
    public = notes.public_bytes(identity)
    config = Config(
        name=given.name,
        identity=encoding.b64u(public),
        platform=given.platform,
        platform_id=given.platform_id,
        platform_key=str(key),
        sandbox=given.sandbox,
        poll_seconds=given.poll,
        ca=given.ca,
    )
    home = make_home(given.dir, config, identity, passphrase_of(given, new=True))
    store_of(home).close()
    if given.pins:
        home.set_pins(given.pins.read_bytes())
    show(identity_of(home))
    return 0


def identity_of(home: Home) -> dict[str, object]:
    """Say who this custodian is: what the county prints in its notice."""
    return {
        "name": home.config.name,
        "identity": home.config.identity,
        "witness": str(notes.witness_key(home.identity_bytes)),
        "sandbox": home.config.sandbox,
    }


def pin(given: argparse.Namespace) -> int:
    """Pin the custodians of the county's printed notice."""
    pins = Home(given.dir).set_pins(given.pins.read_bytes())
    show({"platform": pins.platform, "custodians": len(pins.custodians)})
    return 0


def deposit(given: argparse.Namespace) -> int:
    """Make a batch of one-time keys, give the sheet for the safe, send the public halves."""
    home = Home(given.dir)
    store = store_of(home)
    sheet = stock.make_batch(home, store, passphrase_of(given), given.keys, home.clock()())
    if given.paper:
        write_file(given.paper.resolve(), sheet.encode())
    else:
        print(sheet, flush=True)
    taken = True
    platform = platform_of(home)
    for kind, name, body in store.unsent():
        if kind == "deposit":
            try:
                platform.post("/api/custody/deposits", body)
            except Unreachable as error:
                taken = False
                tell(f"The deposit is kept and will be sent by run: {error.message}")
            else:
                store.sent(kind, name, home.clock()())
    if given.paper:
        show({"deposited": taken, "keys": given.keys})
    return 0


def run(given: argparse.Namespace) -> int:
    """Follow, witness, accept and release until stopped."""
    agent = agent_of(given)
    lock = agent.home.lock()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if given.once:
        agent.round()
        return 0
    agent.store.write(agent.clock(), "started", sandbox=agent.home.config.sandbox)
    tell(f"{agent.home.config.name} follows {agent.home.config.platform}")
    agent.run(ended.wait)
    agent.store.write(agent.clock(), "stopped")
    agent.store.close()
    del lock
    return 0


def release(given: argparse.Namespace) -> int:
    """Release one opening's key by hand, under the same rules as the agent."""
    agent = agent_of(given)
    follow(agent.home, agent.store, agent.platform, agent.clock())
    watched = agent.store.watched(given.opening)
    if watched is None:
        raise Refused("unknown_opening", "The ledger names us in no such opening.")
    private = agent.release(watched)
    if given.paper:
        key_id = next(
            each.key_id
            for each in watched.opening.record.custodians
            if each.identity == agent.home.config.identity
        )
        print(seeds.private_sheet(given.opening, key_id, private), flush=True)
        return 0
    body = agent.store.statement("release", given.opening) or b""
    agent.platform.post("/api/custody/releases", body)
    agent.store.sent("release", given.opening, agent.clock())
    print(body.decode(), flush=True)
    return 0


def status(given: argparse.Namespace) -> int:
    """Say in JSON how things stand."""
    home = Home(given.dir)
    store = store_of(home)
    frontier = store.frontier()
    alarms = store.journal("alarm") + store.journal("restored")
    show(
        {
            **identity_of(home),
            "platform": home.config.platform,
            "time": encoding.timestamp(home.clock()()),
            "ledger": {"size": frontier.size, "root": encoding.b64u(frontier.root())},
            "ledger_time": store.meta("ledger_time"),
            "keys": stock.counts(store),
            "batches": [
                {"batch": batch, "keys": keys, "state": state}
                for batch, keys, state in store.query("SELECT batch, keys, state FROM batch")
            ],
            "openings": [
                {
                    "opening": each.opening.opening_id,
                    "accepted": store.statement("accept", each.opening.opening_id) is not None,
                    "deadline": encoding.timestamp(each.opening.deadline),
                    "suspended": each.opening.suspended,
                    "cancelled": each.opening.cancelled is not None,
                    "closed": each.opening.closed is not None,
                    "fault": each.fault,
                }
                for each in store.pending()
            ],
            "released": len(store.query("SELECT 1 FROM statement WHERE kind = 'release'")),
            "unsent": [f"{kind} {name}" for kind, name, _ in store.unsent() if kind != "destroyed"],
            "pinned": home.pins() is not None,
            "alarms": alarms[-20:],
        }
    )
    return 0


def journal(given: argparse.Namespace) -> int:
    """Print the last lines of the journal."""
    for line in store_of(Home(given.dir)).journal(last=given.last):
        show(line)
    return 0


def restored(given: argparse.Namespace) -> int:
    """After a restore from backup: accept with keys of a fresh batch only."""
    home = Home(given.dir)
    stock.retire_batches(store_of(home), home.clock()(), "restored from backup, said by a person")
    tell("No key of the present batches will be accepted again. Make a new deposit.")
    return 0


def destroy(given: argparse.Namespace) -> int:
    """Destroy a used-up batch: its file now, its paper before; print the signed statement."""
    home = Home(given.dir)
    if not given.paper_destroyed:
        raise Refused("paper", "Destroy the paper copy first, then say --paper-destroyed.")
    statement = stock.destroy_batch(
        home,
        store_of(home),
        passphrase_of(given),
        given.batch,
        home.clock()(),
        void_unused=given.void_unused,
    )
    print(statement.decode(), flush=True)
    return 0


def recover(given: argparse.Namespace) -> int:
    """Give one private key from the paper copy of a batch, when the machine is lost.

    There is no ledger to check here: the people who do this have seen with their own eyes that
    the opening is closed and due.
    """
    seed = seeds.read_paper(sys.stdin.read())
    for number in range(given.keys):
        pair = seeds.one_time_key(seed, number)
        if encoding.b64u(pair.key_id) == given.key_id:
            print(seeds.private_sheet("-", given.key_id, pair.private), flush=True)
            return 0
    raise Refused("key_id", f"None of the batch's {given.keys} keys has this key id.")
