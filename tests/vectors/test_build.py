"""The browser's build: repeatable, named by its hash, from packages that may be used."""

import hashlib
import json
from base64 import b64encode
from pathlib import Path

from tests.vectors.pages import ROOT, run_build

FREE = {"MIT", "0BSD", "BSD-0-Clause", "Apache-2.0", "(MIT OR Apache-2.0)", "MIT AND OFL-1.1"}


def build(directory: Path) -> dict[str, dict[str, str]]:
    printed = run_build("--to", str(directory))
    manifest: dict[str, dict[str, str]] = json.loads((directory / "manifest.json").read_bytes())
    assert printed.startswith(manifest["sealing.js"]["sha256"] + "  ")
    return manifest


def test_the_same_sources_give_the_same_bytes_under_their_hashes(tmp_path: Path):
    first, second = build(tmp_path / "a"), build(tmp_path / "b")
    assert first == second
    assert {"sealing.js", "htmx.js", "style.css"} <= set(first)
    for entry in first.values():
        data = (tmp_path / "a" / entry["file"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(data).hexdigest()
        assert entry["sha256"][:16] in entry["file"]
        assert entry["sri"] == "sha384-" + b64encode(hashlib.sha384(data).digest()).decode()


def test_a_new_build_leaves_nothing_of_the_old_one(tmp_path: Path):
    (tmp_path / "sealing-0000000000000000.js").write_text("old")
    manifest = build(tmp_path)
    names = {entry["file"] for entry in manifest.values()} | {"manifest.json"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_the_sealing_bundle_needs_nothing_that_the_strict_policy_forbids(tmp_path: Path):
    entry = build(tmp_path)["sealing.js"]
    source = (tmp_path / entry["file"]).read_text(encoding="ascii")
    for forbidden in ("eval(", "new Function", "WebAssembly", "importScripts", "https://"):
        assert forbidden not in source


def test_the_lock_names_hashes_and_no_registry_and_only_free_licences():
    lock = json.loads((ROOT / "package-lock.json").read_bytes())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert packages
    for name, each in packages.items():
        assert each["integrity"].startswith("sha512-"), name
        assert "resolved" not in each, name
        # axe-core is a tool of the tests only and never shipped.
        assert each["license"] in FREE or (each.get("dev") and each["license"] == "MPL-2.0"), name
