"""The files of a bid: whose fault it is when they do not open, and what lands on the disk."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keys.encoding import PieceDigest
from keys.manifest import padded_files
from keys.unsealing import FilesVerdict
from keys.verdict import Verdict
from tests.keys import sealing
from tests.keys.sealing import craft, judge_crafted

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def case():
    return sealing.make_case(3, 2)


def _with_files(case, entries, plaintext):
    size = padded_files(each["size"] for each in entries)
    manifest = sealing.plain_manifest(case, files=entries, files_size=size)
    return craft(case, manifest, files=plaintext)


def _padded(*contents):
    data = b"".join(contents)
    return data + bytes(padded_files(map(len, contents)) - len(data))


def _expect(case, crafted, tmp_path, verdict, reason, **leaf):
    out = tmp_path / "out"
    judgement = sealing.every_judgement(case, crafted, tmp_path, out_dir=out, **leaf)
    assert (judgement.verdict, judgement.files, judgement.reason) == (
        Verdict.OPENED,
        verdict,
        reason,
    )
    assert judgement.manifest is not None
    if verdict is not FilesVerdict.OPENED:
        assert not out.exists() or list(out.iterdir()) == []


def _landed(folder: Path):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "contents",
    [
        [b""],
        [b"", b"", b""],
        [b"a"],
        [b"\0" * 10],
        [b"a" * 65536],
        [b"", b"ab", b"", b"c" * 70_000, b""],
        [b"x" * MEBIBYTE, b"y" * (MEBIBYTE + 1), b"z" * (9 * MEBIBYTE)],
    ],
)
def test_files_come_back_whole_and_in_order(case, contents, tmp_path):
    crafted, sealed = sealing.honest(case, contents)
    assert sealed.files_size == len(crafted.files)
    assert sealed.files_digest == PieceDigest().update(crafted.files).hexdigest()
    judgement = judge_crafted(case, crafted, tmp_path, out_dir=tmp_path / "out")
    assert (judgement.files, judgement.reason) == (FilesVerdict.OPENED, None)
    expected = {f"{i:04d}": content for i, content in enumerate(contents, start=1)}
    assert _landed(tmp_path / "out") == expected
    assert [each.sha256 for each in sealing.manifest_of(judgement).files] == [
        hashlib.sha256(content).hexdigest() for content in contents
    ]


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=5))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_list_of_sizes_comes_back(case, tmp_path, lengths):
    contents = [bytes([i + 1]) * length for i, length in enumerate(lengths)]
    crafted, _ = sealing.honest(case, contents)
    target = tmp_path / "-".join(map(str, lengths))
    judgement = judge_crafted(case, crafted, tmp_path, out_dir=target)
    assert judgement.files is FilesVerdict.OPENED
    assert [data for _, data in sorted(_landed(target).items())] == contents


def test_files_are_judged_without_being_written_when_nobody_wants_them(case, tmp_path):
    crafted, _ = sealing.honest(case, [b"a"])
    assert judge_crafted(case, crafted, tmp_path).files is FilesVerdict.OPENED
    assert [path.name for path in tmp_path.iterdir()] == ["files.sealed"]


def test_names_in_the_manifest_never_reach_the_disk(case, tmp_path):
    entries = [sealing.entry(b"x", name="../../evil"), sealing.entry(b"y", name="/etc/passwd")]
    crafted = _with_files(case, entries, _padded(b"x", b"y"))
    judgement = judge_crafted(case, crafted, tmp_path, out_dir=tmp_path / "out")
    assert judgement.files is FilesVerdict.OPENED
    assert _landed(tmp_path / "out") == {"0001": b"x", "0002": b"y"}


def test_a_link_in_the_way_is_replaced_and_not_followed(case, tmp_path):
    crafted, _ = sealing.honest(case, [b"new"])
    target = tmp_path / "out"
    target.mkdir()
    (tmp_path / "precious").write_bytes(b"old")
    (target / "0001").symlink_to(tmp_path / "precious")
    judge_crafted(case, crafted, tmp_path, out_dir=target)
    assert (tmp_path / "precious").read_bytes() == b"old"
    assert _landed(target) == {"0001": b"new"}


def test_files_of_a_bid_that_is_not_opened_are_none(case, tmp_path):
    crafted, _ = sealing.honest(case, [b"a"])
    for releases, leaf in (([], {}), (None, {"sha256": "0" * 64}), (None, {"sequence": 9})):
        judgement = judge_crafted(
            case, crafted, tmp_path, releases, out_dir=tmp_path / "out", **leaf
        )
        assert judgement.verdict is not Verdict.OPENED
        assert judgement.files is FilesVerdict.NONE
        assert not (tmp_path / "out").exists()


def test_no_files_and_none_named_is_none(case, tmp_path):
    _expect(case, craft(case), tmp_path, FilesVerdict.NONE, None)


def test_an_export_may_leave_the_files_out(case, tmp_path):
    crafted, _ = sealing.honest(case, [b"a"])
    left_out = {"files": None, "files_left_out": True}
    _expect(case, crafted, tmp_path, FilesVerdict.NONE, None, **left_out)


# Bidder's fault.


def test_files_listed_without_a_leaf_are_bidder_fault(case, tmp_path):
    crafted, _ = sealing.honest(case, [b"a"])
    leaf = {"files": None, "files_digest": None, "files_size": 0}
    for left_out in (False, True):
        _expect(
            case,
            crafted,
            tmp_path,
            FilesVerdict.BIDDER_FAULT,
            "files_not_sealed",
            files_left_out=left_out,
            **leaf,
        )


def test_a_leaf_without_listed_files_is_bidder_fault(case, tmp_path):
    crafted = craft(case, files=bytes(65536))
    _expect(case, crafted, tmp_path, FilesVerdict.BIDDER_FAULT, "files_unlisted")


@pytest.mark.parametrize("place", [0, 40, 60, 20_000, -1])
def test_files_that_match_the_leaf_but_do_not_decrypt_are_bidder_fault(case, place, tmp_path):
    crafted, _ = sealing.honest(case, [b"a" * 50_000])
    data = bytearray(crafted.files)
    data[place] ^= 1
    crafted = sealing.Crafted(crafted.envelope, bytes(data))
    _expect(case, crafted, tmp_path, FilesVerdict.BIDDER_FAULT, "files_decryption")


@pytest.mark.parametrize("length", [0, 10, 56, 72, 16_472, 60_000])
def test_files_sealed_short_are_bidder_fault(case, length, tmp_path):
    crafted, _ = sealing.honest(case, [b"a" * 50_000])
    crafted = sealing.Crafted(crafted.envelope, crafted.files[:length])
    _expect(case, crafted, tmp_path, FilesVerdict.BIDDER_FAULT, "files_decryption")


@pytest.mark.parametrize(
    ("entries", "plaintext", "reason"),
    [
        ([sealing.entry(b"a")], _padded(b"b"), "files_sha256"),
        ([sealing.entry(b"", sha256="0" * 64)], bytes(65536), "files_sha256"),
        (
            [sealing.entry(b"a"), sealing.entry(b"", sha256="0" * 64)],
            _padded(b"a"),
            "files_sha256",
        ),
        ([sealing.entry(b"a")], b"a" + bytes(65534) + b"\1", "files_padding"),
        ([sealing.entry(b"a")], b"a\1" + bytes(65534), "files_padding"),
        ([sealing.entry(b"a")], b"a" + bytes(65536), "files_length"),
        ([sealing.entry(b"a")], b"a" + bytes(65534), "files_length"),
        ([sealing.entry(b"a")], b"a", "files_length"),
        ([sealing.entry(b"a")], b"", "files_length"),
        ([sealing.entry(b"a" * 70_000)], b"a" * 65_536, "files_length"),
        ([sealing.entry(b"a", size=2**52)], b"a", "files_length"),
    ],
)
def test_plaintext_that_is_not_what_the_manifest_lists_is_bidder_fault(
    case, entries, plaintext, reason, tmp_path
):
    crafted = _with_files(case, entries, plaintext)
    _expect(case, crafted, tmp_path, FilesVerdict.BIDDER_FAULT, reason)


def test_the_first_fault_in_the_order_of_the_bytes_is_named(case, tmp_path):
    """A wrong first file and a broken last chunk: the same reason however the threads run."""
    entries = [sealing.entry(b"a" * 3 * MEBIBYTE, sha256="0" * 64), sealing.entry(b"b" * MEBIBYTE)]
    crafted = _with_files(case, entries, _padded(b"a" * 3 * MEBIBYTE, b"b" * MEBIBYTE))
    crafted = sealing.Crafted(crafted.envelope, crafted.files[:-1] + b"x")
    for _ in range(10):
        _expect(case, crafted, tmp_path, FilesVerdict.BIDDER_FAULT, "files_sha256")


# The platform's fault.


@pytest.mark.parametrize("lost", [None, "nowhere", ""])
def test_files_that_the_platform_lost_are_custody_fault(case, lost, tmp_path):
    crafted, _ = sealing.honest(case, [b"a"])
    path = None if lost is None else tmp_path / lost
    reason = "files_unreadable" if lost == "" else "files_missing"
    _expect(case, crafted, tmp_path, FilesVerdict.CUSTODY_FAULT, reason, files=path)


def test_files_that_differ_from_the_leaf_are_custody_fault_even_if_they_do_not_decrypt(
    case, tmp_path
):
    crafted, _ = sealing.honest(case, [b"a" * 50_000])
    digest = PieceDigest().update(crafted.files).hexdigest()
    size = len(crafted.files)
    for stored in (
        b"",
        crafted.files[:-1],
        crafted.files + b"x",
        bytes(size),
        crafted.files[:-1] + bytes([crafted.files[-1] ^ 1]),
    ):
        changed = sealing.Crafted(crafted.envelope, stored)
        _expect(
            case,
            changed,
            tmp_path,
            FilesVerdict.CUSTODY_FAULT,
            "files_differ",
            files_digest=digest,
            files_size=size,
        )
    _expect(
        case, crafted, tmp_path, FilesVerdict.CUSTODY_FAULT, "files_differ", files_size=size + 1
    )


def test_a_disk_that_cannot_be_written_is_nobody_s_verdict(case, tmp_path):
    crafted, _ = sealing.honest(case, [b"a"])
    (tmp_path / "out").write_bytes(b"a file where the directory should be")
    with pytest.raises(OSError, match="out"):
        judge_crafted(case, crafted, tmp_path, out_dir=tmp_path / "out")
