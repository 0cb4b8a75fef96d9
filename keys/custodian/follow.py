"""Following the ledger as a witness (见证): every line read, one history, nothing else co-signed.

A checkpoint is taken only after all of its lines were downloaded and lead, from the agent's own
stored frontier, to the signed root. So the agent needs no proof from the platform and cannot be
shown a fork: a second history would have to contain everything that it has co-signed before.
Memory stays flat: lines are read in pages, subtrees go to the store.
"""

from datetime import datetime, timedelta

from keys import encoding, entries, merkle, notes
from keys.custodian.home import Home
from keys.custodian.stock import retire_batches
from keys.custodian.store import Store, Watched
from keys.custodian.wire import Platform, Unreachable
from keys.entries import Entry
from keys.errors import Forged, KeysError, Malformed
from keys.openings import Bids, open_record

BATCH = 500
AFTERWARDS = timedelta(minutes=5)  # a checkpoint covers each line within a second


def follow(home: Home, store: Store, platform: Platform, now: datetime) -> notes.Note:
    """Take the platform's newest checkpoint into the store and give its note.

    Raises `Forged` for a fork, a shrunken ledger or a line that is none; the caller journals the
    alarm. All or nothing: on any error the store is as before.
    """
    note = notes.parse_note(platform.checkpoint())
    stated = notes.check_checkpoint(note, home.platform_key)
    known = store.frontier()
    if stated.size < known.size:
        raise Forged("shrink", _evidence("The ledger has become shorter", known, note))
    if stated.size == known.size:
        if stated.root != known.root():
            raise Forged("fork", _evidence("The ledger has a second history", known, note))
        return note
    with store.commit():
        frontier = store.frontier()
        if frontier.size != known.size:
            raise Unreachable("again", "Another command has followed the ledger meanwhile.")
        _Reading(home, store, now, frontier).take(platform, stated.size)
        if frontier.root() != stated.root:
            raise Forged("fork", _evidence("The ledger has a second history", known, note))
        store.set_frontier(frontier)
    return note


def _evidence(what: str, known: merkle.Frontier, note: notes.Note) -> str:
    brief = notes.Checkpoint("-", known.size, known.root()).brief
    return f"{what}: seen {brief}; signed now: {note}"


class _Reading:
    """One download: lines become subtrees, and what they say of our openings is kept."""

    def __init__(self, home: Home, store: Store, now: datetime, frontier: merkle.Frontier) -> None:
        self._home, self._store, self._now = home, store, now
        self._frontier = frontier
        self._touched: dict[str, Watched] = {}
        last = store.meta("ledger_time")
        self._time = encoding.parse_timestamp(last) if last else None

    def take(self, platform: Platform, end: int) -> None:
        """Read up to line `end`; the caller's block keeps or drops all of it."""
        nodes: list[tuple[int, int, bytes]] = []
        for line in platform.entries(self._frontier.size, end):
            nodes += self._line(line)
            if len(nodes) >= BATCH:
                self._store.add_nodes(nodes)
                nodes.clear()
        self._store.add_nodes(nodes)
        for watched in self._touched.values():
            self._store.save(watched)
        if self._time is not None:
            self._store.set_meta("ledger_time", encoding.timestamp(self._time))

    def _line(self, line: bytes) -> list[tuple[int, int, bytes]]:
        seq = self._frontier.size
        found = entries.parse_line(line)
        if isinstance(found, bytes):
            return merkle.new_nodes(self._frontier, found)
        if found.seq != seq or (self._time is not None and found.time < self._time):
            raise Forged("entries", f"Line {seq} is not in its place, or goes back in time.")
        self._time = found.time
        if found.event.startswith("opening."):
            self._tell(found)
        return merkle.new_nodes(self._frontier, found.leaf)

    def _tell(self, entry: Entry) -> None:
        name = entry.fields["opening"]
        watched = self._touched.get(name) or self._store.watched(name)
        if entry.event == "opening.recorded":
            watched = self._record(entry, watched)
        elif watched is not None and watched.fault is None:
            self._apply(watched, entry)
        if watched is not None:
            self._touched[name] = watched

    def _record(self, entry: Entry, before: Watched | None) -> Watched | None:
        listed = entry.fields["record"].get("custodians")
        ours = isinstance(listed, list) and any(
            isinstance(each, dict) and each.get("identity") == self._home.config.identity
            for each in listed
        )
        if not ours or before is not None:
            return before
        try:
            config, key = self._home.config, self._home.platform_key
            opening = open_record(entry, config.platform_id, key.public)
        except KeysError as error:
            self._store.write(self._now, "alarm", code=error.code, message=error.message)
            return None
        return Watched(opening, entry.fields["signature"])

    def _apply(self, watched: Watched, entry: Entry) -> None:
        try:
            watched.opening.apply(entry)
        except KeysError as error:
            watched.fault = error.message
            self._store.write(self._now, "alarm", code=error.code, message=error.message)
            return
        if entry.event == "opening.closed":
            watched.closing = dict(entry.fields)
        if entry.event == "opening.accepted":
            self._own_acceptance(watched, entry)

    def _own_acceptance(self, watched: Watched, entry: Entry) -> None:
        """See in the ledger an acceptance of ours that we do not remember: we are a backup."""
        name = watched.opening.opening_id
        if entry.fields["custodian"] != self._home.config.identity:
            return
        if self._store.statement("accept", name) is None:
            retire_batches(self._store, self._now, f"acceptance of {name} is not remembered")


def note_passing(store: Store, watched: Watched, now: datetime) -> None:
    """Remember how long the ledger was when the deadline had surely passed by our own clock."""
    opening = watched.opening
    name = f"passed {opening.opening_id}"
    late = opening.deadline + AFTERWARDS
    if opening.closed is None and now > late and store.meta(name) is None:
        size = store.frontier().size
        store.set_meta(name, f"{encoding.timestamp(opening.deadline)} {size}")


def _passed(store: Store, watched: Watched) -> int | None:
    deadline, _, size = (store.meta(f"passed {watched.opening.opening_id}") or "").partition(" ")
    same = deadline == encoding.timestamp(watched.opening.deadline)
    return int(size) if same else None


def recount(home: Home, store: Store, platform: Platform, watched: Watched) -> None:
    """Read the revealed bids of a closed opening again and check them and their number.

    Each line must have the leaf that was seen while it was hidden, and `opening.closed` must
    count the bids that stand. Otherwise a platform could close over another set of bids.

    A line that was not there minutes after the deadline was entered too late, whatever time it
    bears. People are told by an alarm: the key of an opening must not hang on one machine's clock.
    """
    opening = watched.opening
    if opening.closed is None or watched.closing is None:
        raise Malformed("closing", "The opening is not closed.")
    bids, seq, passed = Bids(), opening.recorded, _passed(store, watched)
    for line in platform.entries(opening.recorded, opening.closed):
        found = entries.parse_line(line)
        leaf = found if isinstance(found, bytes) else found.leaf
        if leaf != store.node(0, seq):
            raise Forged("revealed", f"Line {seq} is not the one that was seen while hidden.")
        bid = isinstance(found, Entry) and found.event in ("bid.submitted", "bid.withdrawn")
        if isinstance(found, Entry) and bid and found.fields["opening"] == opening.opening_id:
            bids.apply(found)
            if passed is not None and seq >= passed:
                said = f"Line {seq} ({opening.opening_id}) came when the deadline had passed here."
                store.write_once(found.time, "alarm", code="late_line", message=said)
        seq += 1
    bids.check_closing(opening, watched.closing)
