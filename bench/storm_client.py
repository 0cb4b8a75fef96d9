"""A lean HTTP client for storms: one thread, kept connections, requests made beforehand.

The server under test shares the machine's cores with its client, so the client must cost little:
a library's request costs as much as the server's answer. Only what a storm needs is understood:
HTTP/1.1 with Content-Length.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

SILENCE = 70.0  # seconds without any answer after which a storm is given up


@dataclass(frozen=True)
class Answer:
    """What became of one request; `number` is its place among those sent."""

    number: int
    status: int
    text: bytes
    seconds: float
    at: datetime

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def post_bytes(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A whole POST request as it goes over the line."""
    lines = [f"POST {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Line:
    """One kept connection with what is on its way."""

    socket: socket.socket
    number: int = -1
    unsent: memoryview = field(default_factory=lambda: memoryview(b""))
    got: bytearray = field(default_factory=bytearray)
    wanted: int | None = None
    start: float = 0.0

    def begin(self, number: int, request: bytes) -> None:
        """Start to send a request."""
        self.number, self.unsent, self.wanted = number, memoryview(request), None
        self.got.clear()
        self.start = time.perf_counter()
        self.send()

    def send(self) -> None:
        """Send what the line takes."""
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            return

    def receive(self) -> Answer | None:
        """Take what has come; the answer once it is whole."""
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("the server hung up")
        self.got += part
        if self.wanted is None:
            self.wanted = whole_size(self.got)
        if self.wanted is None or len(self.got) < self.wanted:
            return None
        head, _, text = bytes(self.got).partition(b"\r\n\r\n")
        seconds = time.perf_counter() - self.start
        return Answer(self.number, int(head[9:12]), text, seconds, datetime.now(UTC))


def whole_size(got: bytearray) -> int | None:
    """The size of head and body together; None while the head is not whole."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return None
    for line in bytes(got[:end]).lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return end + 4 + int(line[15:])
    raise ValueError(f"an answer without Content-Length: {bytes(got[:end])!r}")


def storm(
    host: str,
    port: int,
    requests: Sequence[bytes],
    connections: int,
    told: Callable[[int], None] = lambda _done: None,
) -> tuple[list[Answer], float]:
    """Send all, each connection its next when it has its answer; answers and seconds it took.

    `told` hears after each answer how many there are.
    """
    waiting, answers = iter(enumerate(requests)), list[Answer]()
    with selectors.DefaultSelector() as ready:
        lines = [Line(socket.create_connection((host, port))) for _ in range(connections)]
        start = time.perf_counter()
        busy = 0
        for line in lines:
            line.socket.setblocking(False)
            line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            busy += _next(ready, line, waiting, register=True)
        while busy:
            events = ready.select(SILENCE)
            if not events:
                raise TimeoutError(f"{busy} requests without an answer for {SILENCE} s")
            for key, mask in events:
                line = key.data
                if mask & selectors.EVENT_WRITE:
                    line.send()
                    _watch(ready, line)
                answer = line.receive() if mask & selectors.EVENT_READ else None
                if answer is not None:
                    answers.append(answer)
                    told(len(answers))
                    busy += _next(ready, line, waiting) - 1
        seconds = time.perf_counter() - start
        for line in lines:
            line.socket.close()
    return answers, seconds


def _next(
    ready: selectors.BaseSelector, line: Line, waiting: Any, *, register: bool = False
) -> int:
    """Begin the line's next request; 1 if there was one."""
    if register:
        ready.register(line.socket, selectors.EVENT_READ, line)
    number, request = next(waiting, (-1, b""))
    if number < 0:
        return 0
    line.begin(number, request)
    _watch(ready, line)
    return 1


def _watch(ready: selectors.BaseSelector, line: Line) -> None:
    writing = selectors.EVENT_WRITE if line.unsent else 0
    ready.modify(line.socket, selectors.EVENT_READ | writing, line)
