"""The county's public interface for custodians over real HTTP, and agents that run against it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from keys import encoding, notes
from keys.custodian import stock
from keys.custodian.agent import Agent
from keys.custodian.home import Config, Home, make_home
from keys.custodian.store import Store
from keys.custodian.wire import Platform
from keys.deposits import check_deposit
from keys.openings import sign_record
from keys.records import Acceptance, Release, check_acceptance, check_release
from keys.x25519 import public_of
from tests.keys.plain_county import ORIGIN, PLATFORM, County, Custodian, Opening

PASSPHRASE = "correct horse battery"


class HttpCounty(County):
    """A county that answers over HTTP; `broken` makes every request fail with that status."""

    def __init__(self) -> None:
        super().__init__()
        self.lines_of: dict[str, list[notes.NoteSignature]] = {}
        self.notes: list[notes.Note] = []
        self.deposits: dict[str, list[tuple[str, str]]] = {}
        self.broken: int | None = None
        self.broken_paths: dict[str, int] = {}
        self.largest_page = 1000
        self.requests = 0
        self.served_instead: dict[str, Any] = {}
        self.lock = threading.RLock()

    def sign(self) -> notes.Note:
        """Sign the newest checkpoint, as the platform does each second."""
        note = self.checkpoint(0)
        if not self.notes or self.notes[-1].text != note.text:
            self.notes.append(note)
        return note

    def with_gathered(self, note: notes.Note) -> str:
        return str(notes.with_lines(note, self.lines_of.get(note.text, [])))

    def cosigned(self, opening: str) -> str | None:
        closed = self.openings[opening].closed
        for note in reversed(self.notes):
            size = notes.parse_checkpoint(note.text).size
            if closed is not None and size > closed.seq:
                enough = len(self.lines_of.get(note.text, []))
                if 2 * enough > len(self.openings[opening].record.custodians):
                    return self.with_gathered(note)
        return self.with_gathered(self.notes[-1]) if closed is not None else None

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        with self.lock:
            self.requests += 1
            status = self.broken or self.broken_paths.get(path)
            if status:
                return status, {"error": {"code": "broken", "message": "planted"}}
            if path in self.served_instead:
                return 200, self.served_instead[path]
            act = getattr(self, f"{method}_{path.rsplit('/', 1)[1]}")
            found: tuple[int, Any] = act(query, body)
            return found

    def get_checkpoint(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        return 200, self.with_gathered(self.notes[-1])

    def get_entries(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        start, limit = int(query["start"]), min(int(query["limit"]), self.largest_page)
        size = notes.parse_checkpoint(self.notes[-1].text).size
        found = self.lines[start : min(start + limit, size)]
        return 200, b"".join(self.served(entry) + b"\n" for entry in found).decode()

    def get_cosigned(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        note = self.cosigned(query["opening"])
        if note is None:
            return 404, {"error": {"code": "not_closed", "message": "not closed"}}
        return 200, note

    def get_records(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        waiting = [
            {"record": each.record.to_object(), "signature": sign_record(each.record, self.key)}
            for each in self.openings.values()
            if query["identity"] in {c.identity for c in each.record.custodians}
            and query["identity"]
            not in {each.record.custodian(given.key_id).identity for given in each.accepts}
        ]
        return 200, {"records": waiting}

    def post_cosignatures(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        given = json.loads(body)
        line = notes.parse_signature(given["cosignature"])
        identity = encoding.unb64u(line.name.removeprefix("custodian/"), 32)
        notes.check_cosignature_line(given["checkpoint"], line, notes.witness_key(identity))
        gathered = self.lines_of.setdefault(given["checkpoint"], [])
        gathered[:] = [each for each in gathered if each.name != line.name] + [line]
        return 201, {"ok": True}

    def post_deposits(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        found = check_deposit(encoding.parse(body))
        self.deposits.setdefault(found.identity, []).extend(found.keys)
        return 201, {"ok": True}

    def post_accepts(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        given = Acceptance.from_bytes(body)
        opening = self.openings[given.opening]
        custodian = check_acceptance(opening.record, given)
        if given not in opening.accepts:
            opening.accepts.append(given)
            self.add("opening.accepted", opening=opening.id, custodian=custodian.identity)
            self.sign()
        return 201, {"ok": True}

    def post_releases(self, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        given = Release.from_bytes(body)
        opening = self.openings[given.opening]
        check_release(opening.record, given)
        if given.key_id not in {each.key_id for each in opening.releases}:
            opening.releases.append(given)
        return 201, {"ok": True}

    def open_for(self, custodians: list["Desk"], **wanted: Any) -> Opening:
        """Record an opening with deposited keys of these custodians, and sign."""
        keys = [self.deposits[desk.identity].pop(0) for desk in custodians]
        who = [desk.custodian for desk in custodians]
        opening = self.record(who=who, keys=[_Public(*pair) for pair in keys], **wanted)  # type: ignore[misc]  # only the public halves are read
        self.sign()
        return opening


class _Public:
    """The public half of a one-time key, as the platform has it."""

    private = b""

    def __init__(self, key_id: str, key: str) -> None:
        self.key_id, self.public = encoding.unb64u(key_id), encoding.unb64u(key)


@contextmanager
def serving(county: HttpCounty, port: int = 0) -> Iterator[str]:
    """Serve the county on a free port; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 65_536
        timeout = 5

        def _do(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, answer = county.answer(method, parts.path, query, body)
            text = answer if isinstance(answer, str) else json.dumps(answer)
            data = answer if isinstance(answer, bytes) else text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._do("get")

        def do_POST(self) -> None:
            self._do("post")

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Desk:
    """One custodian's desk: its agent with a clock that the test sets."""

    def __init__(self, county: HttpCounty, address: str, root: Path, name: str) -> None:
        key = Ed25519PrivateKey.generate()
        self.county, self.name = county, name
        self.custodian = Custodian(name, key, b"")
        self.identity = encoding.b64u(self.custodian.public)
        config = Config(
            name=name,
            identity=self.identity,
            platform=address,
            platform_id=PLATFORM,
            platform_key=str(notes.platform_key(ORIGIN, county.public)),
            sandbox=True,
            poll_seconds="0.02",
            ca=None,
        )
        self.root = root / name
        make_home(self.root, config, key, PASSPHRASE)
        self.agent = self.start()

    def start(self) -> Agent:
        """Start the agent (again) from what is in its directory."""
        home = Home(self.root)
        store = Store(self.root / "agent.sqlite")
        self.agent = Agent(
            home,
            store,
            Platform(home.config.platform, timeout=5),
            PASSPHRASE,
            lambda: self.county.now,
        )
        return self.agent

    def stop(self) -> None:
        """End the agent, as a crash would, but without leaking its handles into the test."""
        self.store.close()
        self.agent.platform.close()

    @property
    def store(self) -> Store:
        return self.agent.store

    def deposit(self, count: int = 5) -> None:
        stock.make_batch(self.agent.home, self.store, PASSPHRASE, count, self.county.now)

    def round(self) -> None:
        self.agent._pause.clear()
        self.agent.round()

    def acts(self, act: str) -> list[dict[str, Any]]:
        return self.store.journal(act)

    def private(self, opening: Opening) -> bytes:
        """The private half that this desk's seed holds for an opening."""
        key_id = next(c.key_id for c in opening.record.custodians if c.identity == self.identity)
        key = stock.find_key(self.store, key_id)
        assert key is not None
        pair = stock.private_half(self.agent.home, PASSPHRASE, key)
        assert public_of(pair.private) == pair.public
        return pair.private


def rounds(desks, times=1):
    for _ in range(times):
        for desk in desks:
            desk.round()


def accepted(county, desks, **wanted):
    """An opening that every desk has accepted."""
    opening = county.open_for(desks, **wanted)
    rounds(desks)
    assert len(opening.accepts) == 3
    rounds(desks)
    return opening


def closed(county, desks, bids=2, **wanted):
    """An opening with bids that is closed and co-signed by everybody, but not yet released."""
    opening = accepted(county, desks, **wanted)
    for number in range(bids):
        county.bid(opening, f"bidder-{number}")
    county.sign()
    rounds(desks)
    county.close(opening)
    county.sign()
    return opening


def refusals(desk):
    return {line["code"] for line in desk.acts("refused")}
