"""`python -m keys seal | inspect | unseal`: output, exit codes, and what they leave behind."""

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    NoEncryption,
    pkcs12,
)

from keys.__main__ import main
from keys.bid_statement import BidStatement, Member, Partner
from keys.computer import identifiers
from keys.encoding import PieceDigest, b64u, canonical, sha256_hex
from keys.statements import p256_point
from tests.keys import sealing
from tests.keys.sealing import BIDDER, SEQUENCE

ROOT = Path(__file__).parents[2]
# The peak that rusage tells would be that of the process that started this one, if larger.
MEMORY = """
import re, sys
from keys.__main__ import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    print(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1], file=sys.stderr)
sys.exit(code)
"""


def _process(*arguments, start=("-m", "keys")):
    return subprocess.run(
        [sys.executable, *start, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def _run(*arguments):
    """Run a command in this process, as starting sixty would take longer than all that they do."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    words = [str(each) for each in arguments]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    out.flush()
    err.flush()
    return subprocess.CompletedProcess(words, code, out.buffer.getvalue(), err.buffer.getvalue())


def _lines(values):
    return b"".join(canonical(each.to_object()) + b"\n" for each in values)


@pytest.fixture
def desk(tmp_path):
    """A bidder's desk: record, acceptances, pins, releases, and two files to be sealed."""
    case = sealing.make_case(5, 3)
    (tmp_path / "record.json").write_bytes(case.record.to_bytes())
    (tmp_path / "accepts.jsonl").write_bytes(_lines(case.accepts))
    (tmp_path / "releases.jsonl").write_bytes(_lines(case.releases))
    pins = [{"name": n, "identity": i} for i, n in case.pins.custodians.items()]
    (tmp_path / "pins.json").write_text(json.dumps({"platform": "ets.example", "custodians": pins}))
    (tmp_path / "技术标.pdf").write_bytes(b"technical" * 1000)
    (tmp_path / "empty").write_bytes(b"")
    return case, tmp_path


def _seal(folder, *more, run=_run, out="sealed", **options):
    given = {
        "record": folder / "record.json",
        "accepts": folder / "accepts.jsonl",
        "pins": folder / "pins.json",
        "bidder": BIDDER,
        "sequence": SEQUENCE,
        "price": "1=123456",
        "out": folder / out,
        **options,
    }
    flags = [part for name, value in given.items() for part in (f"--{name}", value)]
    return run("seal", *flags, *more)


def _unseal(folder, *more, run=_run, envelope="sealed/bid.sealed", out="opened", **options):
    given = {
        "record": folder / "record.json",
        "releases": folder / "releases.jsonl",
        "out": folder / out,
        **options,
    }
    flags = [part for name, value in given.items() for part in (f"--{name}", value)]
    return run("unseal", *flags, *more, folder / envelope)


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def _one_line(result, code):
    assert result.returncode == code, result
    text = result.stderr.decode()
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert "Traceback" not in text
    return text


def _verdict(result):
    assert result.returncode == 0, result
    assert result.stdout.count(b"\n") == 1
    found = json.loads(result.stdout)
    assert set(found) == {"verdict", "reason", "manifest", "files"}
    return found


def test_a_bid_is_sealed_and_opened_by_two_processes(desk):
    _, folder = desk
    result = _seal(
        folder, folder / "技术标.pdf", folder / "empty", run=_process, terms='{"days": 30}'
    )
    assert result.returncode == 0, result
    told = json.loads(result.stdout)
    sealed = folder / "sealed"
    assert _names(sealed) == ["bid.files", "bid.sealed"]
    files = (sealed / "bid.files").read_bytes()
    assert told["files_size"] == len(files)
    assert told["files_digest"] == PieceDigest().update(files).hexdigest()
    assert told["envelope_sha256"] == sha256_hex((sealed / "bid.sealed").read_bytes())

    found = _verdict(
        _unseal(
            folder,
            *("--sha256", told["envelope_sha256"], "--files", sealed / "bid.files"),
            *("--files-digest", told["files_digest"]),
            run=_process,
        )
    )
    assert (found["verdict"], found["reason"], found["files"]) == ("opened", None, "opened")
    assert found["manifest"]["prices_fen"] == {"1": 123456}
    assert found["manifest"]["terms"] == {"days": 30}
    assert [each["name"] for each in found["manifest"]["files"]] == ["技术标.pdf", "empty"]
    assert _names(folder / "opened") == ["0001", "0002"]
    assert (folder / "opened" / "0001").read_bytes() == b"technical" * 1000


def test_what_the_bid_states_is_a_file_of_it_and_not_in_the_manifest(desk):
    _, folder = desk
    lists = {name: folder / f"{name}.csv" for name in ("team", "consortium", "subcontracts")}
    lists["team"].write_bytes("姓名,身份证号\n张三,11010519491231002X\n".encode("gb18030"))
    lists["consortium"].write_text("name,code\n白水建筑,91330800MA28F00001\n")
    lists["subcontracts"].write_text("name,work\n南山防水,屋面\n")
    result = _seal(folder, folder / "empty", "--computer", **lists)
    assert "11010519491231002X" in _one_line(result, 0)
    digest = json.loads(result.stdout)["files_digest"]
    files = ("--files", folder / "sealed/bid.files", "--files-digest", digest)
    manifest = _verdict(_unseal(folder, *files))["manifest"]
    assert "11010519491231002X" not in json.dumps(manifest)
    assert [each["name"] for each in manifest["files"]] == ["empty", "bid-statement.json"]
    stated = BidStatement.from_bytes((folder / "opened" / "0002").read_bytes())
    assert stated.team == (Member("张三", "11010519491231002X"),)
    assert stated.consortium == (Partner("白水建筑", "91330800MA28F00001"),)
    assert (stated.subcontracts[0].work, stated.computer) == ("屋面", identifiers())


def test_a_faulty_list_or_a_file_of_the_statement_s_name_seals_nothing(desk):
    _, folder = desk
    assert "rename" in _one_line(_seal(folder, folder / "bid-statement.json"), 2)
    (folder / "team.csv").write_text("张三\n")
    assert "header" in _one_line(_seal(folder, team=folder / "team.csv"), 2)
    assert not (folder / "sealed").exists()


def test_without_files_only_the_envelope_is_written_and_an_old_files_goes_away(desk):
    _, folder = desk
    assert _seal(folder, folder / "empty").returncode == 0
    result = _seal(folder)
    assert json.loads(result.stdout)["files_digest"] is None
    assert _names(folder / "sealed") == ["bid.sealed"]
    found = _verdict(_unseal(folder))
    assert (found["verdict"], found["files"], found["manifest"]["files"]) == ("opened", "none", [])
    assert _names(folder / "opened") == []


def test_unseal_without_the_files_at_hand_says_none(desk):
    _, folder = desk
    _seal(folder, folder / "empty")
    found = _verdict(_unseal(folder))
    assert (found["verdict"], found["files"]) == ("opened", "none")


@pytest.mark.parametrize(
    ("damage", "files", "reason"),
    [
        (lambda data: data[:-1], "custody_fault", "files_differ"),
        (lambda data: None, "custody_fault", "files_missing"),
    ],
)
def test_damaged_files_are_not_written(desk, damage, files, reason):
    _, folder = desk
    told = json.loads(_seal(folder, folder / "empty").stdout)
    path = folder / "sealed" / "bid.files"
    data = damage(path.read_bytes())
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    found = _verdict(_unseal(folder, "--files", path, "--files-digest", told["files_digest"]))
    assert (found["verdict"], found["files"], found["reason"]) == ("opened", files, reason)
    assert _names(folder / "opened") == []


def test_files_for_a_bid_that_lists_none_are_the_bidder_s_fault(desk):
    _, folder = desk
    _seal(folder)
    found = _verdict(_unseal(folder, "--files", folder / "empty"))
    assert (found["verdict"], found["files"]) == ("opened", "bidder_fault")


def test_every_verdict_exits_zero(desk):
    _, folder = desk
    _seal(folder, folder / "empty")
    (folder / "rubbish").write_bytes(b"rubbish")
    (folder / "long").write_bytes(bytes(2_000_000))
    (folder / "few").write_bytes((folder / "releases.jsonl").read_bytes().split(b"\n")[0])
    (folder / "none").write_bytes(b"")
    for verdict, result in (
        ("bidder_fault", _unseal(folder, envelope="rubbish")),
        ("bidder_fault", _unseal(folder, envelope="long")),
        ("custody_fault", _unseal(folder, envelope="nowhere")),
        ("custody_fault", _unseal(folder, sha256="0" * 64)),
        ("custody_fault", _unseal(folder, envelope="long", sha256="0" * 64)),
        ("not_released", _unseal(folder, releases=folder / "few")),
        ("not_released", _unseal(folder, releases=folder / "none", envelope="rubbish")),
    ):
        found = _verdict(result)
        assert (found["verdict"], found["manifest"], found["files"]) == (verdict, None, "none")
        assert _names(folder / "opened") == []
    digest = sha256_hex(bytes(2_000_000))
    assert _verdict(_unseal(folder, envelope="long", sha256=digest))["verdict"] == "bidder_fault"


def test_release_lines_that_release_nothing_are_skipped_and_named(desk):
    case, folder = desk
    _seal(folder)
    good = [canonical({"private_key": b64u(private)}) for private in case.privates]
    lines = [b"rubbish", good[4], b"", b'{"private_key":5}', b"\xff", good[2], good[0]]
    (folder / "releases.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    result = _unseal(folder)
    assert _verdict(result)["verdict"] == "opened"
    named = [line.split(" line ")[1].split(":")[0] for line in result.stderr.decode().splitlines()]
    assert named == ["1", "3", "4", "5"]


def test_unseal_cannot_work_without_record_or_releases(desk):
    _, folder = desk
    _seal(folder)
    spaced = json.dumps(json.loads((folder / "record.json").read_bytes()), indent=1)
    (folder / "spaced.json").write_text(spaced)
    for options in (
        {"record": folder / "nowhere"},
        {"record": folder / "spaced.json"},
        {"record": folder / "pins.json"},
        {"record": folder},
        {"releases": folder / "nowhere"},
        {"sha256": "xyz"},
    ):
        result = _unseal(folder, **options)
        _one_line(result, 2)
        assert result.stdout == b""


def test_seal_refuses_a_record_that_its_custodians_have_not_accepted(desk):
    _, folder = desk
    accepts = (folder / "accepts.jsonl").read_bytes().splitlines(keepends=True)
    for lines in (accepts[:-1], accepts[:-1] + accepts[:1], accepts[:0]):
        (folder / "some.jsonl").write_bytes(b"".join(lines))
        _one_line(_seal(folder, accepts=folder / "some.jsonl"), 1)
    stranger = sealing.make_case(5, 3)
    (folder / "strange.jsonl").write_bytes(_lines(stranger.accepts))
    _one_line(_seal(folder, accepts=folder / "strange.jsonl"), 1)
    (folder / "own.json").write_bytes(stranger.record.to_bytes())
    result = _seal(folder, record=folder / "own.json", accepts=folder / "strange.jsonl")
    assert "not a pinned custodian" in _one_line(result, 1)
    assert not (folder / "sealed").exists()


@pytest.mark.parametrize(
    "options",
    [
        {"price": "1"},
        {"price": "1=1.5"},
        {"price": "1=-5"},
        {"price": "2=5"},
        {"price": "1=99999999999999999"},
        {"sequence": "1_0"},
        {"bidder": "no spaces"},
        {"terms": "[]"},
        {"terms": "{"},
        {"terms": '{"a":1.5}'},
        {"record": "nowhere"},
        {"accepts": "nowhere"},
        {"accepts": "pyproject.toml"},
        {"pins": "pyproject.toml"},
        {"p12": "pyproject.toml"},
    ],
)
def test_unusable_input_is_one_line_and_exit_two(desk, options):
    _, folder = desk
    _one_line(_seal(folder, **options), 2)
    assert not (folder / "sealed").exists() or _names(folder / "sealed") == []


def test_a_missing_file_leaves_nothing_behind(desk):
    _, folder = desk
    _one_line(_seal(folder, folder / "empty", folder / "nowhere"), 2)
    assert _names(folder / "sealed") == []


def _p12(key, password):
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"bidder", key, None, None, encryption)


def test_a_bid_is_signed_with_a_pkcs12_key(desk):
    _, folder = desk
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "key.p12").write_bytes(_p12(key, b"secret"))
    (folder / "password").write_bytes(b"secret\r\n")
    options = {"p12": folder / "key.p12", "p12-password-file": folder / "password"}
    assert _seal(folder, **options).returncode == 0
    manifest = _verdict(_unseal(folder))["manifest"]
    assert manifest["public_key"] == b64u(p256_point(key.public_key()))
    (folder / "password").write_bytes(b"wrong")
    _one_line(_seal(folder, **options), 2)
    (folder / "key.p12").write_bytes(_p12(ec.generate_private_key(ec.SECP384R1()), b"wrong"))
    assert "P-256" in _one_line(_seal(folder, **options), 2)


def test_inspect_shows_what_anybody_can_see(desk):
    case, folder = desk
    _seal(folder)
    path = folder / "sealed" / "bid.sealed"
    result = _run("inspect", path)
    assert result.returncode == 0
    found = json.loads(result.stdout)
    assert found["opening"] == case.record.opening_id
    assert (found["shares"], found["form_size"]) == (5, 4096)
    assert found["sha256"] == sha256_hex(path.read_bytes())
    for other in (folder / "record.json", folder / "nowhere", folder):
        _one_line(_run("inspect", other), 2)


@pytest.mark.parametrize("arguments", [(), ("frobnicate",), ("seal",), ("unseal",), ("inspect",)])
def test_a_wrong_command_line_is_one_line_and_exit_two(arguments):
    _one_line(_run(*arguments), 2)


def test_a_name_that_would_steer_a_terminal_is_escaped(desk):
    _, folder = desk
    (folder / "a\u202efdp.exe\u009b2J").write_bytes(b"")
    _seal(folder, folder / "a\u202efdp.exe\u009b2J")
    result = _unseal(folder)
    assert "\u202e" not in result.stdout.decode()
    assert "\u009b" not in result.stdout.decode()
    assert _verdict(result)["manifest"]["files"][0]["name"] == "a\u202efdp.exe\u009b2J"


def test_memory_stays_flat_however_large_the_files(desk):
    _, folder = desk
    with (folder / "large").open("wb") as stream:
        stream.truncate(150 * 1024 * 1024)
    flags = ["--record", folder / "record.json", "--out", folder / "out"]
    sealed = _process(
        "seal",
        *flags,
        *("--accepts", folder / "accepts.jsonl", "--pins", folder / "pins.json"),
        *("--bidder", BIDDER, "--sequence", 1, "--price", "1=1", folder / "large"),
        start=("-c", MEMORY),
    )
    opened = _process(
        "unseal",
        *flags,
        *("--releases", folder / "releases.jsonl", "--files", folder / "out" / "bid.files"),
        folder / "out" / "bid.sealed",
        start=("-c", MEMORY),
    )
    assert json.loads(opened.stdout)["files"] == "opened"
    for result in (sealed, opened):
        assert int(result.stderr) < 100_000  # Kilobytes; the files are half as large again.
