"""The application on a free port of localhost, with its tick, for a browser to walk."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page
from werkzeug.serving import make_server

import wsgi
from tender.core.platform import Platform
from tests.house import ROOT

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
FAULTS = "axe.run().then((r) => r.violations.map((v) => [v.id, v.nodes[0].html.slice(0, 160)]))"


@contextmanager
def served(platform: Platform) -> Iterator[str]:
    """Serve and tick until the block ends; gives the origin."""
    server = make_server("127.0.0.1", 0, wsgi.create_app(platform), threaded=True)
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.2):
            wsgi.tick(platform, seconds=0)

    threads = [threading.Thread(target=server.serve_forever), threading.Thread(target=tick)]
    for thread in threads:
        thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        stop.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()


def sound(page: Page) -> None:
    """Nothing scrolls sideways, and axe finds no fault."""
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, page.url
    page.evaluate(AXE)
    assert page.evaluate(FAULTS) == [], page.url
