"""The vectors that Python, the browser and the kit share."""

import hashlib
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from keys.encoding import PieceDigest, canonical, padme, sha256_hex, unb64u
from keys.envelope import check_header_for, context
from keys.header import build_header, parse_header
from keys.records import OpeningRecord, Release, check_release
from keys.unsealing import FilesVerdict
from keys.verdict import Verdict, judge
from tests.keys.sealing import manifest_of

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "sealed-bid-v1.json").read_bytes())


@pytest.fixture(params=VECTORS["vectors"], ids=lambda vector: vector["record"]["part"])
def vector(request):
    return request.param


def test_padme_sizes_agree():
    for length, padded in VECTORS["padme"].items():
        assert padme(int(length)) == padded


def test_the_record_determines_its_id(vector):
    record = OpeningRecord.from_bytes(canonical(vector["record"]))
    assert record.opening_id == vector["opening_id"]
    assert record.to_object() == vector["record"]


def test_releases_are_signed_by_the_record_s_custodians(vector):
    record = OpeningRecord.from_object(vector["record"])
    for i, each in enumerate(vector["releases"]):
        release = Release.from_bytes(canonical(each))
        assert check_release(record, release) is record.custodians[i]
        assert release.to_object() == each


def test_record_bidder_sequence_and_dek_determine_the_header(vector):
    record = OpeningRecord.from_object(vector["record"])
    bound = context(vector["bidder"], record.opening_id, vector["sequence"])
    assert bound.hex() == vector["context"]
    header = build_header(record, unb64u(vector["dek"]), bound)
    assert header.to_bytes() == vector["header"].encode()
    envelope = unb64u(vector["envelope"])
    assert parse_header(envelope) == header
    assert check_header_for(record, envelope, vector["bidder"], vector["sequence"]) == header


def test_every_threshold_of_releases_opens_envelope_and_files(vector, tmp_path):
    record = OpeningRecord.from_object(vector["record"])
    envelope = unb64u(vector["envelope"])
    leaf: dict[str, Any] = {"files_size": 0}
    if vector["files"] is not None:
        stored = unb64u(vector["files"])
        (tmp_path / "files").write_bytes(stored)
        assert PieceDigest().update(stored).hexdigest() == vector["files_digest"]
        leaf = {"files": tmp_path / "files", "files_size": len(stored)}
    for count in range(len(vector["releases"]) + 1):
        for i, releases in enumerate(combinations(vector["releases"], count)):
            out = tmp_path / f"{count}-{i}"
            judgement = judge(
                record,
                releases,
                envelope,
                bidder=vector["bidder"],
                sequence=vector["sequence"],
                sha256=sha256_hex(envelope),
                size=len(envelope),
                files_digest=vector["files_digest"],
                out_dir=out,
                **leaf,
            )
            if count < record.threshold:
                assert judgement.verdict is Verdict.NOT_RELEASED
                continue
            assert judgement.verdict is Verdict.OPENED
            assert manifest_of(judgement).to_object() == vector["manifest"]
            assert judgement.files is (
                FilesVerdict.OPENED if vector["contents"] else FilesVerdict.NONE
            )
            for number, content in enumerate(vector["contents"], start=1):
                written = (out / f"{number:04d}").read_bytes()
                assert written == unb64u(content)
                listed = vector["manifest"]["files"][number - 1]["sha256"]
                assert hashlib.sha256(written).hexdigest() == listed
