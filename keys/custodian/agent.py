"""The agent at work: follow, witness, accept, release, again and again, through any outage.

The order within a round matters: first the ledger is followed, so that a suspension that is
public is seen before anything is released. Before each signature the journal is on disk; each
signed statement is kept and sent until the platform has taken it, so a crash loses nothing and
repeats nothing but the sending.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding, notes, records
from keys.custodian import policy, stock
from keys.custodian.clock import Clock
from keys.custodian.follow import follow, note_passing, recount
from keys.custodian.home import Home
from keys.custodian.store import Store, Watched
from keys.custodian.wire import Declined, Platform, Unreachable
from keys.errors import KeysError, Refused

PATHS = {
    "deposit": "/api/custody/deposits",
    "accept": "/api/custody/accepts",
    "release": "/api/custody/releases",
}
SLOWEST = 8.0
PATIENCE = 5.0
LIVELY = 60.0


@dataclass
class Agent:
    """One custodian's agent; `passphrase` opens its identity and seeds while it runs."""

    home: Home
    store: Store
    platform: Platform
    passphrase: str
    clock: Clock
    say: Callable[[str], None] = lambda line: None
    identity: Ed25519PrivateKey = field(init=False)
    _pause: dict[tuple[str, str], float] = field(default_factory=dict)
    _lively_until: float = 0.0
    _asked: list[object] | None = None

    def __post_init__(self) -> None:
        self.identity = self.home.identity(self.passphrase)

    def run(self, stop: Callable[[float], bool]) -> None:
        """Work until `stop(seconds)`, which waits that long, says True."""
        poll = float(self.home.config.poll_seconds)
        wait = poll
        while not stop(wait):
            try:
                self.round()
            except Unreachable as error:
                self._note("outage", error)
                wait = min(max(wait, poll) * 2, SLOWEST)
            except KeysError as error:
                self._alarm(error)
                wait = min(max(wait, poll) * 2, SLOWEST)
            else:
                wait = poll if time.monotonic() < self._lively_until else poll * 4

    def round(self) -> None:
        """Do everything that can be done now, once."""
        now = self.clock()
        self._asked = None
        self._send()
        before = self.store.frontier().size
        note = follow(self.home, self.store, self.platform, now)
        self._restored(note, now)
        self.witness(note)
        pending = self.store.pending()
        if self.store.frontier().size != before or any(each.opening.closed for each in pending):
            self._lively_until = time.monotonic() + LIVELY
        for watched in pending:
            note_passing(self.store, watched, now)
            self._attend(watched)
        self._send()

    def witness(self, note: notes.Note) -> None:
        """Co-sign the checkpoint just followed, once, and send the line."""
        stated = notes.parse_checkpoint(note.text)
        if stated.size == 0 or self.store.meta("witnessed") == note.text:
            return
        now = self.clock()
        if self.store.meta("cosigning") != note.text:
            self.store.write_cosigning(now, note.text, stated.brief)
        line = notes.cosign(note.text, self.identity, now)
        try:
            self.platform.cosignature(note.text, line)
        except Unreachable as error:
            self._note("outage", error)
            return
        except Declined as error:
            self._note("cosignature_declined", error)
        self.store.set_meta("witnessed", note.text)

    def _restored(self, note: notes.Note, now: datetime) -> None:
        """Find our own cosignature on what we do not remember having co-signed: a backup.

        `cosigning` is on disk before a cosignature exists, and only the newest note is served;
        so a line of ours on another one proves that this memory is older than our promises.
        """
        key = notes.witness_key(self.home.identity_bytes)
        ours = any(line.name == key.name for line in note.signatures)
        if not ours or self.store.meta("cosigning") == note.text:
            return
        notes.check_cosignature(note, key)
        if self.store.write_once(now, "restored", checkpoint=note.text):
            stock.retire_batches(self.store, now, "a cosignature of ours is not remembered")

    def _attend(self, watched: Watched) -> None:
        name = watched.opening.opening_id
        if self._pause.get(("opening", name), 0.0) > time.monotonic():
            return
        try:
            if self.store.statement("accept", name) is None:
                self.accept(watched)
            else:
                self.release(watched)
        except policy.NotYet:
            return
        except Refused as error:
            self._refuse(watched, error)
        except Unreachable as error:
            self._note("outage", error)
        except KeysError as error:
            self._alarm(error)
            self._pause["opening", name] = time.monotonic() + PATIENCE

    def _refuse(self, watched: Watched, error: KeysError) -> None:
        now, name = self.clock(), watched.opening.opening_id
        if self.store.write_once(now, "refused", opening=name, code=error.code, why=error.message):
            self.say(f"refused {name}: {error.message}")
        if error.code in ("cancelled", "too_few", "opening_over"):
            self._void(watched, now)
        self._pause["opening", name] = time.monotonic() + PATIENCE

    def _void(self, watched: Watched, now: datetime) -> None:
        """An opening that will never be released: its key is void and nothing is left to do."""
        with self.store.commit():
            for (key_id,) in self.store.query(
                "SELECT key_id FROM one_time_key WHERE opening = ?",
                (watched.opening.opening_id,),
            ):
                stock.mark(self.store, key_id, "void_at", now)
            self.store.save(watched, done=True)

    def accept(self, watched: Watched) -> None:
        """Accept a record that the platform still asks for, if the rules allow it."""
        now, opening = self.clock(), watched.opening
        key = policy.may_accept(self.home, self.store, watched, now)
        if self._asked is None:
            waiting = self.platform.records(self.home.config.identity)
            self._asked = [each.get("record") for each in waiting]
        if opening.record.to_object() not in self._asked:
            return
        if key.opening is None:
            stock.use_key(self.store, key.key_id, opening.opening_id, now)
        given = records.accept(opening.record, key.key_id, self.identity)
        self.store.keep("accept", opening.opening_id, encoding.canonical(given.to_object()))
        self.say(f"accepted {opening.opening_id}")

    def release(self, watched: Watched) -> bytes:
        """Sign the release of an accepted opening if all rules allow it; gives the private key."""
        name = watched.opening.opening_id
        key = policy.may_release(self.store, watched, self.clock())
        if not watched.recounted:
            recount(self.home, self.store, self.platform, watched)
            watched.recounted = True
            self.store.save(watched)
        text = self.platform.cosigned(name)
        stated = policy.relied_on(self.home, self.store, watched, text)
        now = self.clock()
        pair = stock.private_half(self.home, self.passphrase, key)
        if self.store.statement("release", name) is None:
            self.store.write(now, "release", opening=name, checkpoint=stated.brief)
            signed = records.release(
                watched.opening.record,
                pair.private,
                self.identity,
                released_at=now,
                checkpoint=stated.brief,
            )
            with self.store.commit():
                self.store.keep("release", name, encoding.canonical(signed.to_object()))
                stock.mark(self.store, key.key_id, "released_at", now)
                self.store.save(watched, done=True)
            self.say(f"released {name}")
        return pair.private

    def _send(self) -> None:
        """Send what the platform has not taken yet; what it declines is tried again later."""
        for kind, name, body in self.store.unsent():
            if kind not in PATHS or self._pause.get((kind, name), 0.0) > time.monotonic():
                continue
            try:
                self.platform.post(PATHS[kind], body)
            except (Declined, Unreachable) as error:
                act = "declined" if isinstance(error, Declined) else "outage"
                self._note(act, error, kind=kind, name=name)
                self._pause[kind, name] = time.monotonic() + PATIENCE
            else:
                self.store.sent(kind, name, self.clock())

    def _note(self, act: str, error: KeysError, **detail: str) -> None:
        now = self.clock()
        if self.store.write_once(now, act, code=error.code, message=error.message, **detail):
            self.say(f"{act}: {error.message}")

    def _alarm(self, error: KeysError) -> None:
        now = self.clock()
        if self.store.write_once(now, "alarm", code=error.code, message=error.message):
            self.say(f"ALARM {error.code}: {error.message.splitlines()[0]}")
