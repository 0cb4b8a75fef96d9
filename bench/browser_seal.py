"""How fast a real Chromium seals a large bid, how its memory grows, and what the limit is.

    python -m bench.browser_seal [--megabytes 300] [--rounds 3]

Prints one JSON object. `seal` is the whole way of the sealing page without the network: read the
file, hash it, encrypt it in chunks of 16 KiB, hash the pieces, make Blobs of them. `with_upload`
also sends them to a server on this machine that checks every slice's hash. The limits come from
the same page, in alternation: WebCrypto's AES-256-GCM and SHA-256 over memory in buffers of 8 MiB,
AES-256-GCM in chunks of 16 KiB as the format wants it, and reading the file alone. The growth is
the resident memory of all renderer processes against their state just before, sampled 20 times a
second, and has a limit of 150 MB.
"""

import argparse
import hashlib
import json
import statistics
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Page, sync_playwright

from tests.services import chromium_flags, chromium_path
from tests.vectors.pages import ROOT, Pages, run_build, serving

GROWTH_LIMIT_MB = 150
MEGA = 1_000_000
HTML = b"""<!doctype html><title>bench</title><input type="file" id="file">
<script src="/harness.js"></script>"""

LIMITS = """async ({ kind, size }) => {
  const buffer = new Uint8Array(8 << 20);
  crypto.getRandomValues(buffer.subarray(0, 65536));
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt"]);
  const encrypt = (part) => crypto.subtle.encrypt(
    { name: "AES-GCM", iv: new Uint8Array(12) }, key, part);
  const acts = {
    aes_gcm: () => encrypt(buffer),
    sha256: () => crypto.subtle.digest("SHA-256", buffer),
    aes_gcm_16k: () => Promise.all(Array.from({ length: 512 }, (_, i) => (
      encrypt(buffer.subarray(i << 14, (i + 1) << 14))))),
    read: (at, file) => file.slice(at, at + buffer.length).arrayBuffer(),
  };
  const file = document.getElementById("file").files[0];
  const start = performance.now();
  for (let at = 0; at < size; at += buffer.length) await acts[kind](at, file);
  return size / 1000 / (performance.now() - start);
}"""

SEAL = """async ({ upload }) => {
  const s = window.sealing;
  const file = document.getElementById("file").files[0];
  const random = (n) => crypto.getRandomValues(new Uint8Array(n));
  const size = s.envelope.filesSize([file.size]);
  const start = performance.now();
  const location = upload
    ? await s.upload.Upload.create(new URL("/upload", document.baseURI).href,
        s.cobblestone.sealedSize(size), "token")
    : null;
  const done = await new s.crew.Crew().seal({
    files: [file], size, key: random(32), context: random(52), salt: random(24), known: [],
    location, csrf: "token",
  }, () => {});
  return { rate: file.size / 1000 / (performance.now() - start), sha256: done.files[0] };
}"""


class Server(Pages):
    """Gives the page and takes slices, checking the hash of each; keeps nothing."""

    files: dict[str, tuple[str, bytes | None]]
    offset = 0

    def on_post(self) -> None:
        """Begin an upload."""
        type(self).offset = 0
        self.answer(201, Location="/upload/1")

    def on_head(self) -> None:
        """Tell how much has come."""
        self.answer(200, Upload_Offset=str(self.offset))

    def on_patch(self) -> None:
        """Take a slice."""
        body = self.body()
        wanted = "sha256 " + b64encode(hashlib.sha256(body).digest()).decode()
        if self.headers["Upload-Checksum"] != wanted:
            self.answer(460)
            return
        type(self).offset += len(body)
        self.answer(204, Upload_Offset=str(self.offset))


def renderers() -> int:
    """Resident bytes of all renderer processes below this one."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


@contextmanager
def growth() -> Iterator[list[float]]:
    """Sample the renderers' memory; the list holds the growth in MB afterwards."""
    found: list[float] = []
    before = highest = renderers()
    stop = threading.Event()

    def sample() -> None:
        nonlocal highest
        while not stop.wait(0.05):
            highest = max(highest, renderers())

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()
        found.append(round((highest - before) / MEGA, 1))


def make_file(path: Path, size: int) -> str:
    """Write a file that does not compress; return its SHA-256."""
    block = hashlib.shake_256(b"bench").digest(MEGA)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number in range(size // MEGA):
            part = number.to_bytes(8, "big") + block[8:]
            file.write(part)
            digest.update(part)
    return digest.hexdigest()


def seal_once(page: Page, *, upload: bool, expected: str) -> tuple[float, float]:
    """Seal the chosen file; return MB/s and the growth in MB."""
    page.wait_for_timeout(1500)
    with growth() as grown:
        found = page.evaluate(SEAL, {"upload": upload})
    if found["sha256"] != expected:
        raise RuntimeError("the browser hashed the file wrongly")
    return float(found["rate"]), grown[0]


def measure(page: Page, size: int, rounds: int, expected: str) -> dict[str, Any]:
    """Alternate limits and sealings; return medians of rates and maxima of growth."""
    kinds = ("aes_gcm", "sha256", "aes_gcm_16k", "read")
    rates: dict[str, list[float]] = {name: [] for name in (*kinds, "seal", "with_upload")}
    grown: dict[str, list[float]] = {"seal": [], "with_upload": []}
    for _ in range(rounds):
        for name, upload in (("seal", False), ("with_upload", True)):
            rate, growth_mb = seal_once(page, upload=upload, expected=expected)
            rates[name].append(rate)
            grown[name].append(growth_mb)
        for kind in kinds:
            rates[kind].append(page.evaluate(LIMITS, {"kind": kind, "size": size}))
    figures = {f"{name}_mb_s": round(statistics.median(found)) for name, found in rates.items()}
    raw = 1 / (1 / figures["aes_gcm_16k_mb_s"] + 1 / figures["read_mb_s"])
    return {
        **figures,
        "limit_read_then_aes_gcm_16k_mb_s": round(raw),
        "seal_of_limit": round(figures["seal_mb_s"] / raw, 2),
        "renderer_growth_mb": max(grown["seal"]),
        "renderer_growth_with_upload_mb": max(grown["with_upload"]),
        "renderer_growth_limit_mb": GROWTH_LIMIT_MB,
    }


def main() -> int:
    """Run the bench; exit 1 if the memory limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    size = given.megabytes * MEGA
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        file, script = Path(directory) / "bid.bin", Path(directory) / "harness.js"
        expected = make_file(file, size)
        run_build(str(ROOT / "tests" / "vectors" / "harness.js"), str(script))
        Server.files = {
            "/": ("text/html", HTML),
            "/harness.js": ("text/javascript", script.read_bytes()),
        }
        with serving(Server) as origin:
            browser = playwright.chromium.launch(
                executable_path=chromium_path(), args=chromium_flags(), chromium_sandbox=False
            )
            page = browser.new_page()
            page.goto(origin)
            page.set_input_files("#file", file)
            found = measure(page, size, given.rounds, expected)
            browser.close()
    print(json.dumps({"bench": "browser-seal", "megabytes": given.megabytes, **found}))
    return int(
        max(found["renderer_growth_mb"], found["renderer_growth_with_upload_mb"]) >= GROWTH_LIMIT_MB
    )


if __name__ == "__main__":
    sys.exit(main())
