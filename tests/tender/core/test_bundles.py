"""Pages link the browser's files by hash, and follow a new build without a restart."""

import json
import os
from pathlib import Path

import pytest

from tender.core.bundles import Bundle, bundle


def write(built: Path, sha256: str, changed: int) -> None:
    entry = {"file": f"sealing-{sha256}.js", "sri": f"sha384-{sha256}", "sha256": sha256, "size": 1}
    path = built / "manifest.json"
    path.write_text(json.dumps({"sealing.js": entry}))
    os.utime(path, ns=(changed, changed))


def test_a_page_finds_the_newest_build(tmp_path: Path):
    built = tmp_path / "build"
    built.mkdir()
    with pytest.raises(FileNotFoundError):
        bundle("sealing.js", built)
    write(built, "aa", 1_000_000_000)
    assert bundle("sealing.js", built) == Bundle("build/sealing-aa.js", "sha384-aa", "aa")
    write(built, "bb", 2_000_000_000)
    assert bundle("sealing.js", built).path == "build/sealing-bb.js"
    with pytest.raises(KeyError):
        bundle("other.js", built)
